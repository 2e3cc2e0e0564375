/**
 * Open buckets by group. Scenarios of one name and filter share them, as in CrowdSec, where both make the bucket's key:
 * the bucket is then of the scenario whose event opened it, and gets the events of all of them.
 */
import { Bucket } from "./bucket.ts"
import type { PipelineEvent } from "./pipeline-event.ts"
import { pour } from "./pour.ts"
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
  #characters = 0
  /** The open buckets are a chain in the order in which they were poured into: moving one costs less than in a Map. */
  #oldest: Bucket | undefined
  #newest: Bucket | undefined
  /** The buckets that had to go to make room for the last event. */
  evicted: ReadonlyArray<Bucket> = none

  constructor(most: MostBuckets) {
    this.#most = most
  }

  /** The bucket of the group takes the event, and says what became of it. It is gone when it ran over or was cancelled. */
  pour(scenario: Scenario, group: string, event: PipelineEvent): Bucket {
    this.evicted = none
    const known = this.#open.get(group)
    const bucket = known === undefined || known.isOver(event.at) ? new Bucket(scenario, group) : known
    bucket.fate = pour(bucket, event)
    if (bucket.fate !== "open") {
      if (known !== undefined) this.#remove(known)
      return bucket
    }
    if (bucket !== known) {
      if (known !== undefined) this.#remove(known)
      this.#open.set(group, bucket)
      this.#link(bucket)
    } else if (bucket !== this.#newest) {
      this.#unlink(bucket)
      this.#link(bucket)
    }
    this.#count(bucket)
    this.#makeRoom()
    return bucket
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
      (this.#characters > this.#most.characters && this.#oldest !== this.#newest)
    ) {
      const bucket = this.#oldest!
      this.#remove(bucket)
      this.evicted = [...this.evicted, bucket]
    }
  }

  #count(bucket: Bucket): void {
    this.#characters += bucket.characters - bucket.counted
    bucket.counted = bucket.characters
  }

  /** Drops buckets that ended before this time: no event from there on can find them alive. */
  sweep(before: number): void {
    while (this.#oldest?.isOver(before)) this.#remove(this.#oldest)
  }

  /** In the order in which they were poured into. */
  *open(): Iterable<Bucket> {
    for (let bucket = this.#oldest; bucket !== undefined; bucket = bucket.newer) yield bucket
  }

  /** Takes a bucket that was open elsewhere: under other rules or in a snapshot. */
  adopt(bucket: Bucket): void {
    const known = this.#open.get(bucket.group)
    if (known !== undefined) this.#remove(known)
    this.#open.set(bucket.group, bucket)
    this.#link(bucket)
    bucket.counted = 0
    this.#count(bucket)
  }

  #remove(bucket: Bucket): void {
    this.#open.delete(bucket.group)
    this.#unlink(bucket)
    this.#characters -= bucket.counted
  }

  #link(bucket: Bucket): void {
    bucket.older = this.#newest
    bucket.newer = undefined
    if (this.#newest === undefined) this.#oldest = bucket
    else this.#newest.newer = bucket
    this.#newest = bucket
  }

  #unlink(bucket: Bucket): void {
    const { older, newer } = bucket
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    bucket.older = undefined
    bucket.newer = undefined
  }
}
