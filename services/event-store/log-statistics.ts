/** What a log holds, in numbers: a fold over its events. */
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { category } from "./kinds.ts"

export interface KindStatistics {
  /** Beginning of the streams' names: `log-`, `offender-`. */
  readonly category: string
  readonly type: string
  readonly events: number
  /** Of JSON data; of the compressed lines for log batches. */
  readonly bytes: number
  /** Log lines, for batches. */
  readonly lines: number
  /** When the first and the last was recorded, in milliseconds since 1970. */
  readonly first: number
  readonly last: number
}

type Counting = { -readonly [Key in keyof KindStatistics]: KindStatistics[Key] }

const sizeOf = (event: TestudoEvent): number => {
  if (event.type !== "LogBatchAppended") return JSON.stringify(event.data).length
  const { body, ...rest } = event.data
  return body.length + JSON.stringify(rest).length
}

export class LogStatistics {
  readonly #kinds = new Map<string, Counting>()
  readonly #streams = new Set<string>()
  /** Events that were dropped, as the log tells. */
  dropped = 0

  add(event: TestudoEvent): void {
    const of = category(event.stream)
    const key = `${of}\n${event.type}`
    let kind = this.#kinds.get(key)
    if (kind === undefined) {
      const { type, recordedAt } = event
      kind = { category: of, type, events: 0, bytes: 0, lines: 0, first: recordedAt, last: recordedAt }
      this.#kinds.set(key, kind)
    }
    this.#streams.add(event.stream)
    if (event.type === "EventsDropped") this.dropped += event.data.events
    kind.events++
    kind.bytes += sizeOf(event)
    if (event.type === "LogBatchAppended") kind.lines += event.data.lines
    kind.first = Math.min(kind.first, event.recordedAt)
    kind.last = Math.max(kind.last, event.recordedAt)
  }

  get streams(): number {
    return this.#streams.size
  }

  /** The largest first. */
  kinds(): ReadonlyArray<KindStatistics> {
    return [...this.#kinds.values()].sort((left, right) => right.bytes - left.bytes)
  }
}
