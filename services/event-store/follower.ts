/**
 * Notices what another process appends.
 *
 * The log's end is looked up again and again: a millisecond after something happened, then at doubling intervals of up
 * to 50 ms. That the write-ahead log was written to is only a hint to look sooner, because the hint comes before the
 * commit can be seen and not every file system gives it.
 */
import { type FSWatcher, watch } from "node:fs"
import { dirname } from "node:path"
import type { EventLog } from "./event-log.ts"
import { storeFailureOf } from "./failure.ts"
import type { Horizon } from "./horizon.ts"

const longestMilliseconds = 50

const hints = (path: string, look: () => void): FSWatcher | undefined => {
  try {
    const watcher = watch(dirname(path), { persistent: false }, look)
    return watcher.on("error", () => watcher.close())
  } catch {
    return undefined // no inotify left, or none here
  }
}

/** Moves the horizon as the log grows. What it returns stops it. */
export const follow = (log: EventLog, path: string, horizon: Horizon): (() => void) => {
  let interval = 1
  let timer: NodeJS.Timeout
  const look = () => {
    try {
      log.checkInPlace()
      const head = log.head()
      interval = head > horizon.position ? 1 : Math.min(interval * 2, longestMilliseconds)
      horizon.advance(head)
    } catch (error) {
      stop()
      return horizon.end(storeFailureOf(error, path))
    }
    timer = setTimeout(look, interval)
  }
  const watcher = hints(path, () => {
    if (interval < 4) return // it is being looked at anyway
    interval = 1
    clearTimeout(timer)
    timer = setTimeout(look, interval)
  })
  const stop = () => {
    clearTimeout(timer)
    watcher?.close()
  }
  timer = setTimeout(look, interval)
  return stop
}
