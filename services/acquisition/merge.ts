/**
 * Several sources with a backlog, given in the order of their lines' own times.
 *
 * Time is divided into slots of one second. A line's slot is that of the latest time seen in its source so far, so it
 * never goes back; a line without a time belongs to the one before it, and comes first when that one was stored before
 * a stop: a source is cut within a slot only while its turn lasts. Lines are ordered by slot, then by source, then by
 * their place in the source. This order depends on the lines alone, not on where batches were cut, so a reader that was
 * stopped and started again gives the same order as one that was not. Within a slot sources are not interleaved: that
 * keeps the batches of dense logs large. Where sources alternate sparsely, batches get small, therefore they come in
 * groups, which a sink can store with one sync.
 *
 * A slot is no longer than what most time stamps tell apart: when a bucket gets lines of two sources whose times go
 * back and forth, it leaks for the same time twice, and an attacker who shows in both is missed.
 */
import type { LogBatch } from "../../domain/events/log-batch.ts"
import { maxBatchBytes, maxBatchLines } from "./body.ts"
import type { LineReader, TimeOf } from "./line-reader.ts"
import type { LineWindow } from "./line-window.ts"

const slotLength = 1_000
/** Bounds of one group: what is held in memory, and stored with one sync. */
const maxGroupBatches = 64
const maxGroupBytes = 8 * maxBatchBytes

class Lane {
  readonly reader: LineReader
  readonly #timeOf: TimeOf
  readonly #time: LogBatch["time"]
  done = false
  #latest = Number.NEGATIVE_INFINITY
  /** Slots of the lines that are ready, as far as they were asked for. */
  #slots: Array<number> = []
  #window: LineWindow | undefined

  constructor(reader: LineReader, timeOf: TimeOf, time: LogBatch["time"]) {
    this.reader = reader
    this.#time = time
    this.#timeOf = timeOf
  }

  slot(n: number, now: number): number {
    if (this.#window !== this.reader.window) {
      this.#window = this.reader.window
      this.#slots = []
    }
    while (this.#slots.length <= n) {
      const line = this.reader.window.peek(this.#slots.length)
      const time = line === undefined ? undefined : this.#timeOf(line, { ...this.#source, observedAt: now })
      // A live line from the future counts as observed now.
      const most = this.#time === "observed" ? now : Number.POSITIVE_INFINITY
      if (time !== undefined) this.#latest = Math.max(this.#latest, Math.min(time, most))
      this.#slots.push(Math.floor(this.#latest / slotLength))
    }
    return this.#slots[n]!
  }

  get #source() {
    const { labels, path, zone } = this.reader
    return { labels, path, zone }
  }

  take(now: number, most: number): LogBatch | undefined {
    const batch = this.reader.take(now, most)
    // What is ready now does not tell it: a part of a long line may have become so. Of a line that was cut the rest is
    // first.
    const whole = batch === undefined || batch.endsInsideLine ? 0 : batch.lines + (batch.startsInsideLine ? 1 : 0)
    this.#slots.splice(0, whole)
    return batch
  }
}

export class Merge {
  readonly #lanes: ReadonlyArray<Lane>

  /** `time`: what the batches say of it, see `LogBatch`. */
  constructor(readers: ReadonlyArray<LineReader>, timeOf: TimeOf, time: LogBatch["time"]) {
    this.#lanes = readers.map((reader) => new Lane(reader, timeOf, time))
  }

  /**
   * The next batches, to be stored in this order before the next call; none when every source is done. A source is done
   * when it has nothing more for now or `isDone` says so. `now`: milliseconds since 1970.
   */
  async next(now: number, isDone: (reader: LineReader) => boolean = () => false): Promise<ReadonlyArray<LogBatch>> {
    const group: Array<LogBatch> = []
    let bytes = 0
    while (group.length < maxGroupBatches && bytes < maxGroupBytes) {
      const batch = await this.#one(now, isDone)
      if (batch === undefined) break
      group.push(batch)
      bytes += batch.range.to - batch.range.from
    }
    return group
  }

  async #one(now: number, isDone: (reader: LineReader) => boolean): Promise<LogBatch | undefined> {
    for (const lane of this.#lanes) {
      if (lane.done || lane.reader.window.ready > 0) continue
      lane.done = isDone(lane.reader) || (await lane.reader.fill(now)) !== "lines"
    }
    const open = this.#lanes.filter(({ done }) => !done)
    const [only] = open
    if (open.length <= 1) return only?.take(now, maxBatchLines)
    let first = open[0]!
    for (const lane of open) if (lane.slot(0, now) < first.slot(0, now)) first = lane
    // Its lines go first as long as their slot is smaller than any other's, or the same and its place is before.
    let count = 1
    const most = Math.min(first.reader.window.ready, maxBatchLines)
    const goesOn = (slot: number): boolean =>
      open.every((lane) => {
        if (lane === first) return true
        const other = lane.slot(0, now)
        return slot < other || (slot === other && open.indexOf(first) < open.indexOf(lane))
      })
    while (count < most && goesOn(first.slot(count, now))) count += 1
    return first.take(now, count)
  }
}
