/**
 * Open buckets by group. Scenarios of one name and filter share them, as in CrowdSec, where both make the bucket's key:
 * the bucket is then of the scenario whose event opened it, and gets the events of all of them.
 */
import { Bucket } from "./bucket.ts"
import { Cells } from "./cells.ts"
import type { Group, Turns } from "./group.ts"
import type { PipelineEvent } from "../event/pipeline-event.ts"
import { type Fate, pour } from "./pour.ts"
import { Recency } from "../../order/recency.ts"
import type { Scenario } from "./scenario.ts"

const none: ReadonlyArray<Bucket> = []

export interface MostBuckets {
  /** How many may be open; beyond, those go that were left alone for the longest time. */
  readonly open: number
  /** Characters that all of them may hold. */
  readonly characters: number
}

export class Buckets {
  readonly #open = new Map<string, Bucket>()
  readonly #most: MostBuckets
  readonly #turns: Turns
  /** Where groups know their bucket; undefined before the first event. */
  #turn: number | undefined
  #characters = 0
  readonly #cells = new Cells(64)
  /** Of the open buckets, by their cells; in the order in which they were poured into. */
  readonly #recency = new Recency()
  readonly #byCell: Array<Bucket | undefined> = []
  /** What the last event made of its bucket. */
  fate: Fate = "open"
  /** The buckets that had to go to make room for the last event. */
  evicted: ReadonlyArray<Bucket> = none

  /** `turns` of all that share groups. */
  constructor(most: MostBuckets, turns: Turns) {
    this.#most = most
    this.#turns = turns
  }

  /**
   * The bucket of the group takes the event; {@link fate} tells what became of it. It is gone when it ran over or was
   * cancelled: what it says is then to be read before the next event is poured, and let go of.
   */
  pour(scenario: Scenario, group: Group, event: PipelineEvent): Bucket {
    this.evicted = none
    this.#turn ??= this.#turns.take()
    const known = this.#find(this.#turn, group)
    const bucket = known ?? new Bucket(scenario, group.text, this.#cells)
    if (known?.isOver(event.at)) known.renew(scenario)
    this.fate = pour(bucket, event)
    if (this.fate !== "open") {
      if (known === undefined) this.#cells.release(bucket.cell)
      else this.#remove(known)
      if (this.fate === "cancelled") bucket.letGo()
      return bucket
    }
    if (known === undefined) {
      this.#add(bucket)
      group.keep(this.#turn, bucket)
    } else this.#recency.touch(bucket.cell)
    this.#count(bucket)
    this.#makeRoom()
    return bucket
  }

  #find(turn: number, group: Group): Bucket | undefined {
    const last = group.bucketOf(turn)
    // It may be of another scenario.
    if (last?.isOpen && last.isOf(this.#cells)) return last
    const found = this.#open.get(group.text)
    if (found !== undefined) group.keep(turn, found)
    return found
  }

  /** Ends a bucket; false when it is not open any more. */
  close(bucket: Bucket): boolean {
    if (this.#open.get(bucket.group) !== bucket) return false
    this.#remove(bucket)
    return true
  }

  /** The bucket that has just been poured into stays, whatever it holds. */
  #makeRoom(): void {
    while (
      this.#open.size > this.#most.open ||
      (this.#characters > this.#most.characters && this.#recency.oldest !== this.#recency.newest)
    ) {
      const bucket = this.#oldest!
      this.#forget(bucket)
      this.evicted = [...this.evicted, bucket]
    }
  }

  #count(bucket: Bucket): void {
    const { held } = bucket
    this.#characters += held - bucket.counted
    bucket.counted = held
  }

  /** Drops buckets that ended before this time: no event from there on can find them alive. */
  sweep(before: number): void {
    for (let oldest = this.#oldest; oldest?.isOver(before); oldest = this.#oldest) this.#forget(oldest)
  }

  /** In the order in which they were poured into. */
  *open(): Iterable<Bucket> {
    for (const cell of this.#recency.numbers()) yield this.#byCell[cell]!
  }

  /** Takes a bucket that was open elsewhere: under other rules or in a snapshot. */
  adopt(bucket: Bucket): void {
    const known = this.#open.get(bucket.group)
    if (known !== undefined) this.#remove(known)
    bucket.move(this.#cells)
    bucket.counted = 0
    this.#add(bucket)
    this.#count(bucket)
  }

  get #oldest(): Bucket | undefined {
    const { oldest } = this.#recency
    return oldest === undefined ? undefined : this.#byCell[oldest]
  }

  #add(bucket: Bucket): void {
    bucket.isOpen = true
    this.#open.set(bucket.group, bucket)
    while (this.#byCell.length <= bucket.cell) this.#byCell.push(undefined)
    this.#byCell[bucket.cell] = bucket
    this.#recency.add(bucket.cell)
  }

  /** Whoever knows it as his bucket of once shall not hold its events. */
  #forget(bucket: Bucket): void {
    this.#remove(bucket)
    bucket.letGo()
  }

  #remove(bucket: Bucket): void {
    bucket.isOpen = false
    this.#open.delete(bucket.group)
    this.#characters -= bucket.counted
    this.#recency.remove(bucket.cell)
    this.#byCell[bucket.cell] = undefined
    this.#cells.release(bucket.cell)
  }
}
