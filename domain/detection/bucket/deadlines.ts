/**
 * Open buckets that run over when their time is over, however full they are: counters, and others with a `duration`.
 * Their order follows from what they are, not from how they came here: an engine from a snapshot has the same.
 */
import type { Bucket } from "./bucket.ts"

export class Deadlines {
  /** The soonest first. Buckets mostly come in the order of their deadlines, so they are put in from the end. */
  readonly #waiting: Array<Bucket> = []
  /**
   * Those before it are taken out. They make room together, when they are as many as the others: very many may be due at
   * once, and each would else move all that wait behind it.
   */
  #first = 0
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
    if (place === this.#first) this.#first += 1
    else this.#waiting.splice(place, 1)
    this.#look()
  }

  /** Takes out the bucket whose time is over first. */
  shift(): Bucket | undefined {
    const bucket = this.#waiting[this.#first]
    if (bucket !== undefined) this.#first += 1
    this.#look()
    return bucket
  }

  #look(): void {
    if (2 * this.#first >= this.#waiting.length) {
      this.#waiting.splice(0, this.#first)
      this.#first = 0
    }
    this.next = this.#waiting[this.#first]?.deadline ?? Number.POSITIVE_INFINITY
  }

  /** Where it is, or belongs. */
  #placeOf(bucket: Bucket): number {
    let low = this.#first
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
