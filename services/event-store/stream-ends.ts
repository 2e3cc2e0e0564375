/** Where the streams of the log in one SQLite database end, and what appends may expect of that. */
import type { DatabaseSync, StatementSync } from "node:sqlite"
import type { ExpectedRevision } from "./event-store.ts"

/** Of an event. */
export interface Place {
  readonly revision: number
  readonly position: number
}

/** Where a stream ends; one that was deleted reads as if it had never been, and goes on where it was. */
export interface RecordedEnd extends Place {
  /** Its number. */
  readonly stream: number
  /** Revision of its first event, had nothing been appended since older ones were dropped. */
  readonly begin: number
  readonly isEmpty: boolean
}

/** Whether a stream that ends there is what an append expects. */
export const holds = (
  expected: ExpectedRevision,
  { revision, isEmpty }: Pick<RecordedEnd, "revision" | "isEmpty">
): boolean => {
  if (expected === "any") return true
  if (expected === "stream_exists") return !isEmpty
  if (expected === "no_stream" || expected === -1) return isEmpty
  return revision === expected
}

/** Whether the events were appended, in this order, by an append that expected this. */
export const repeats = (known: ReadonlyArray<Place>, expected: ExpectedRevision, begin: number): boolean => {
  const first = known[0]!.revision
  if (!known.every((place, index) => place.revision === first + index)) return false
  if (expected === "any" || expected === "stream_exists") return true
  return first === (expected === "no_stream" ? begin : expected + 1)
}

/** So many ends of streams are remembered: most appends go where another one went shortly before. */
const rememberedEnds = 10_000

export class StreamEnds {
  readonly #streamOf: StatementSync
  readonly #lastOf: StatementSync
  readonly #known = new Map<string, RecordedEnd>()

  constructor(db: DatabaseSync) {
    this.#streamOf = db.prepare("select stream, first from streams where name = ?")
    this.#lastOf = db.prepare("select revision, position from events where stream = ? order by revision desc limit 1")
  }

  /** Undefined for a stream that never was. */
  of(stream: string): RecordedEnd | undefined {
    const remembered = this.#known.get(stream)
    if (remembered !== undefined) return remembered
    const known = this.#streamOf.get(stream) as { readonly stream: number; readonly first: number } | undefined
    if (known === undefined) return undefined
    const last = this.#lastOf.get(known.stream) as Place | undefined
    const place = last ?? { revision: known.first - 1, position: -1 }
    const end = { stream: known.stream, begin: known.first, isEmpty: last === undefined, ...place }
    this.remember(stream, end)
    return end
  }

  remember(stream: string, end: RecordedEnd): void {
    if (this.#known.size >= rememberedEnds) this.#known.clear()
    this.#known.set(stream, end)
  }

  forget(stream: string): void {
    this.#known.delete(stream)
  }

  forgetAll(): void {
    this.#known.clear()
  }
}
