/** Old log batches in slices that are dropped as a whole: a fold over `LogBatchAppended`, oldest first. */
import type { RecordedEvent } from "../../domain/events/event.ts"
import type { LogBatch } from "../../domain/events/log-batch.ts"

/** A slice ends when it holds so many bytes, or so many milliseconds of recording. */
const sliceBytes = 16_000_000
const sliceMilliseconds = 3_600_000

/** What goes with a slice: all of it but the last batch of a source. */
export interface Slice {
  readonly batches: number
  readonly bytes: number
  /** Position of its last batch. */
  readonly position: number
  /** For each stream, the revision behind the last batch of this slice. */
  readonly ends: ReadonlyMap<string, number>
}

interface LastBatch {
  readonly revision: number
  readonly bytes: number
}

interface HeldSlice {
  batches: number
  bytes: number
  /** When its first and last batch were recorded, in milliseconds since 1970. */
  readonly from: number
  until: number
  /** Of its last batch. */
  position: number
  /** Its last batch of each stream. */
  readonly last: Map<string, LastBatch>
}

export class Slices {
  readonly #slices: Array<HeldSlice> = []
  /** The last batch of each stream: it says how far a file was read. */
  readonly #last = new Map<string, LastBatch>()
  #bytes = 0

  add({ stream, revision, position, recordedAt, data }: RecordedEvent<"LogBatchAppended", LogBatch>): void {
    let slice = this.#slices.at(-1)
    const isFull = (held: HeldSlice) => held.bytes >= sliceBytes || recordedAt - held.from >= sliceMilliseconds
    if (slice === undefined || isFull(slice)) {
      slice = { batches: 0, bytes: 0, from: recordedAt, until: recordedAt, position, last: new Map() }
      this.#slices.push(slice)
    }
    const last = { revision, bytes: data.body.length }
    slice.batches++
    slice.bytes += last.bytes
    slice.until = Math.max(slice.until, recordedAt)
    slice.position = position
    slice.last.set(stream, last)
    this.#last.set(stream, last)
    this.#bytes += last.bytes
  }

  /** The oldest slices, as long as they are too old or all together are too large; the newest is never among them. */
  due(rules: { readonly before: number | undefined; readonly most: number | undefined }): ReadonlyArray<Slice> {
    const due: Array<Slice> = []
    let left = this.#bytes
    for (const held of this.#slices.slice(0, -1)) {
      const tooOld = rules.before !== undefined && held.until < rules.before
      const tooMuch = rules.most !== undefined && left > rules.most
      if (!tooOld && !tooMuch) break
      const slice = this.#withoutStaying(held)
      left -= slice.bytes
      due.push(slice)
    }
    return due
  }

  /** Forgets the oldest slice: it was dropped. What stays of it belongs to the next one from now on. */
  dropOldest(): void {
    const oldest = this.#slices.shift()
    if (oldest === undefined) return
    this.#bytes -= this.#withoutStaying(oldest).bytes
    const [next] = this.#slices
    for (const [stream, last] of this.#staying(oldest)) {
      if (next === undefined) break
      next.batches++
      next.bytes += last.bytes
      next.last.set(stream, last)
    }
  }

  #staying(held: HeldSlice): ReadonlyArray<readonly [string, LastBatch]> {
    return [...held.last].filter(([stream, last]) => this.#last.get(stream) === last)
  }

  #withoutStaying(held: HeldSlice): Slice {
    const staying = this.#staying(held)
    return {
      batches: held.batches - staying.length,
      bytes: held.bytes - staying.reduce((sum, [, { bytes }]) => sum + bytes, 0),
      position: held.position,
      ends: new Map([...held.last].map(([stream, { revision }]) => [stream, revision + 1]))
    }
  }
}
