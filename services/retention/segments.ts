/** Old log batches in pieces that are dropped as a whole: a fold over `LogBatchAppended`, oldest first. */
import type { RecordedEvent } from "../../domain/events/event.ts"
import type { LogBatch } from "../../domain/events/log-batch.ts"

/** A segment ends when it holds so many bytes, or so many milliseconds of recording. */
const segmentBytes = 16_000_000
const segmentMilliseconds = 3_600_000

export interface Segment {
  readonly batches: number
  readonly bytes: number
  /** When its first and last batch were recorded, in milliseconds since 1970. */
  readonly from: number
  readonly until: number
  /** For each stream, the revision behind the last batch of this segment. */
  readonly ends: ReadonlyMap<string, number>
}

interface OpenSegment {
  batches: number
  bytes: number
  from: number
  until: number
  ends: Map<string, number>
}

export class Segments {
  readonly #segments: Array<OpenSegment> = []
  #bytes = 0

  /** All batches that were added and not dropped. */
  get bytes(): number {
    return this.#bytes
  }

  add({ stream, revision, recordedAt, data }: RecordedEvent<"LogBatchAppended", LogBatch>): void {
    let segment = this.#segments.at(-1)
    const isFull = (held: OpenSegment) => held.bytes >= segmentBytes || recordedAt - held.from >= segmentMilliseconds
    if (segment === undefined || isFull(segment)) {
      segment = { batches: 0, bytes: 0, from: recordedAt, until: recordedAt, ends: new Map() }
      this.#segments.push(segment)
    }
    const bytes = data.body.length
    segment.batches++
    segment.bytes += bytes
    segment.until = Math.max(segment.until, recordedAt)
    segment.ends.set(stream, revision + 1)
    this.#bytes += bytes
  }

  /** The oldest segment, if it is too old or all together are too large; the newest is never given. */
  due(rules: { readonly before: number | undefined; readonly most: number | undefined }): Segment | undefined {
    const [oldest] = this.#segments
    if (oldest === undefined || this.#segments.length === 1) return undefined
    const tooOld = rules.before !== undefined && oldest.until < rules.before
    const tooMuch = rules.most !== undefined && this.#bytes > rules.most
    return tooOld || tooMuch ? oldest : undefined
  }

  /** Forgets the oldest segment: it was dropped. */
  dropOldest(): void {
    const oldest = this.#segments.shift()
    if (oldest !== undefined) this.#bytes -= oldest.bytes
  }
}
