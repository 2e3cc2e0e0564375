/** All buckets of one scenario, and the blackholes that swallow what overflows too often. */
import { Bucket } from "./bucket.ts"
import type { PipelineEvent } from "./pipeline-event.ts"
import { type Fate, pour } from "./pour.ts"
import type { Scenario } from "./scenario.ts"

export class Buckets {
  readonly scenario: Scenario
  /** By group, the one that was poured into last at the end. */
  readonly #open = new Map<string, Bucket>()
  /** Group and time at which its blackhole ends, in the order of their making. */
  readonly #blackholes = new Map<string, number>()
  /** How many buckets may be open; then the one that was left alone for the longest time goes. */
  readonly #most: number

  constructor(scenario: Scenario, most: number) {
    this.scenario = scenario
    this.#most = most
  }

  /** The bucket of the group takes the event. The bucket is given back when it ran over; it is gone then. */
  pour(group: string, event: PipelineEvent): { readonly overflowed: Bucket | undefined; readonly evicted: boolean } {
    let bucket = this.#open.get(group)
    if (bucket === undefined || bucket.isOver(event.at)) bucket = new Bucket(this.scenario, group)
    const fate: Fate = pour(bucket, event)
    this.#open.delete(group)
    if (fate !== "open") return { overflowed: fate === "overflowed" ? bucket : undefined, evicted: false }
    this.#open.set(group, bucket)
    if (this.#open.size <= this.#most) return { overflowed: undefined, evicted: false }
    this.#open.delete(this.#open.keys().next().value!)
    return { overflowed: undefined, evicted: true }
  }

  /** Whether the overflow disappears in a blackhole; if not, it opens one. */
  swallows(bucket: Bucket): boolean {
    const { blackhole } = this.scenario
    if (blackhole <= 0) return false
    for (const [group, end] of this.#blackholes) {
      if (end > bucket.overflowed && this.#blackholes.size < this.#most) break
      this.#blackholes.delete(group)
    }
    if ((this.#blackholes.get(bucket.group) ?? Number.NEGATIVE_INFINITY) > bucket.overflowed) return true
    this.#blackholes.delete(bucket.group)
    this.#blackholes.set(bucket.group, bucket.overflowed + blackhole)
    return false
  }

  /** Drops buckets that ended before this time: no event from there on can find them alive. */
  sweep(before: number): void {
    for (const [group, bucket] of this.#open) {
      if (!bucket.isOver(before)) break
      this.#open.delete(group)
    }
  }

  /** Takes over from the same scenario of other rules. */
  adopt(old: Buckets): void {
    for (const [group, bucket] of old.open) {
      bucket.scenario = this.scenario
      this.#open.set(group, bucket)
    }
    for (const [group, end] of old.blackholes) this.#blackholes.set(group, end)
  }

  get open(): ReadonlyMap<string, Bucket> {
    return this.#open
  }

  get blackholes(): ReadonlyMap<string, number> {
    return this.#blackholes
  }

  restore(open: ReadonlyArray<Bucket>, blackholes: ReadonlyArray<readonly [group: string, end: number]>): void {
    for (const bucket of open) this.#open.set(bucket.group, bucket)
    for (const [group, end] of blackholes) this.#blackholes.set(group, end)
  }
}
