/**
 * Open buckets that run over when their time is over, however full they are: counters, and others with a `duration`.
 * Their order follows from what they are, not from how they came here: an engine from a snapshot has the same.
 */
import type { Bucket } from "./bucket.ts"

export class Deadlines {
  /** The soonest first. Buckets mostly come in the order of their deadlines, so they are put in from the end. */
  readonly #waiting: Array<Bucket> = []
  /** The soonest deadline in microseconds since 1970; infinite when no bucket waits. */
  next = Number.POSITIVE_INFINITY

  /** Nothing happens when it waits already. */
  add(bucket: Bucket): void {
    const place = this.#placeOf(bucket)
    if (this.#waiting[place] === bucket) return
    this.#waiting.splice(place, 0, bucket)
    this.#look()
  }

  /** Nothing happens when it does not wait. */
  remove(bucket: Bucket): void {
    const place = this.#placeOf(bucket)
    if (this.#waiting[place] !== bucket) return
    this.#waiting.splice(place, 1)
    this.#look()
  }

  /** Takes out the bucket whose time is over first. */
  shift(): Bucket | undefined {
    const bucket = this.#waiting.shift()
    this.#look()
    return bucket
  }

  #look(): void {
    this.next = this.#waiting[0]?.deadline ?? Number.POSITIVE_INFINITY
  }

  /** Where it is, or belongs. */
  #placeOf(bucket: Bucket): number {
    let low = 0
    let high = this.#waiting.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBefore(this.#waiting[middle]!, bucket)) low = middle + 1
      else high = middle
    }
    return low
  }
}

const isBefore = (left: Bucket, right: Bucket): boolean => {
  if (left.deadline !== right.deadline) return left.deadline < right.deadline
  if (left.scenario.identity !== right.scenario.identity) return left.scenario.identity < right.scenario.identity
  return left.group < right.group
}
