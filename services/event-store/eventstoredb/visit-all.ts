/** The events of a read, with a timer: the client itself waits for ever. */
import { NoAnswer } from "./connection.ts"
import type { ServerEvent } from "./recorded.ts"

/** Gives one event after the other until `visit` has enough, as long as they come; a silence is over when `wait` says no. */
export const visitAll = async (
  events: AsyncIterable<{ readonly event?: ServerEvent }>,
  timeout: number,
  visit: (event: ServerEvent) => boolean,
  wait: () => Promise<boolean> = () => Promise.resolve(false)
): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  const silence = new Promise<never>((_, reject) => {
    const silent = async () => {
      try {
        if (!(await wait())) throw new NoAnswer(timeout)
        timer?.refresh()
      } catch (error) {
        reject(error)
      }
    }
    timer = setTimeout(() => void silent(), timeout)
  })
  const reading = async () => {
    for await (const { event } of events) {
      if (isOver) return
      timer?.refresh()
      // A link without its target has no event.
      if (event !== undefined && !visit(event)) return
    }
  }
  try {
    await Promise.race([reading(), silence])
  } finally {
    isOver = true
    clearTimeout(timer)
  }
}
