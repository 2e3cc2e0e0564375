import type { Bucket } from "./bucket.ts"

/**
 * What a scenario's `groupby` gave for an event, such as an address: each group has a bucket of its own.
 *
 * It knows its last buckets, of one scenario for each remainder of four of the scenarios' places; they may be over by
 * now. Four fields, because a list would be as large again as all the rest of it.
 */
export class Group {
  readonly text: string
  #first: Bucket | undefined
  #second: Bucket | undefined
  #third: Bucket | undefined
  #fourth: Bucket | undefined

  constructor(text: string) {
    this.text = text
  }

  /** What may be the bucket of the scenario at this place, or was. */
  bucketOf(place: number): Bucket | undefined {
    const remainder = place & 3
    if (remainder === 0) return this.#first
    if (remainder === 1) return this.#second
    return remainder === 2 ? this.#third : this.#fourth
  }

  keep(place: number, bucket: Bucket): void {
    const remainder = place & 3
    if (remainder === 0) this.#first = bucket
    else if (remainder === 1) this.#second = bucket
    else if (remainder === 2) this.#third = bucket
    else this.#fourth = bucket
  }
}

/** Of a scenario that has one bucket for all events. */
export const everything = new Group("")
