/**
 * Open buckets by group. Scenarios of one name and filter share them, as in CrowdSec, where both make the bucket's key:
 * the bucket is then of the scenario whose event opened it, and gets the events of all of them.
 */
import { Bucket } from "./bucket.ts"
import type { PipelineEvent } from "./pipeline-event.ts"
import { type Fate, pour } from "./pour.ts"
import type { Scenario } from "./scenario.ts"

export interface Poured {
  readonly bucket: Bucket
  readonly fate: Fate
  /** Another bucket had to go to make room. */
  readonly evicted: boolean
}

export class Buckets {
  /** The one that was poured into last is at the end. */
  readonly #open = new Map<string, Bucket>()
  /** How many may be open; then the one that was left alone for the longest time goes. */
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  /** The bucket of the group takes the event. It is gone when it ran over or was cancelled. */
  pour(scenario: Scenario, group: string, event: PipelineEvent): Poured {
    let bucket = this.#open.get(group)
    if (bucket === undefined || bucket.isOver(event.at)) bucket = new Bucket(scenario, group)
    const fate = pour(bucket, event)
    this.#open.delete(group)
    if (fate !== "open") return { bucket, fate, evicted: false }
    this.#open.set(group, bucket)
    if (this.#open.size <= this.#most) return { bucket, fate, evicted: false }
    this.#open.delete(this.#open.keys().next().value!)
    return { bucket, fate, evicted: true }
  }

  /** Drops buckets that ended before this time: no event from there on can find them alive. */
  sweep(before: number): void {
    for (const [group, bucket] of this.#open) {
      if (!bucket.isOver(before)) break
      this.#open.delete(group)
    }
  }

  /** In the order in which they were poured into. */
  open(): Iterable<Bucket> {
    return this.#open.values()
  }

  /** Takes a bucket that was open elsewhere: under other rules or in a snapshot. */
  adopt(bucket: Bucket): void {
    this.#open.set(bucket.group, bucket)
  }
}
