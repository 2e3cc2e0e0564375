import type { Bucket } from "./bucket.ts"

/**
 * What a scenario's `groupby` gave for an event, such as an address: each group has a bucket of its own.
 *
 * It knows its last buckets, eight at most; they may be over by now. Eight fields, because a list would be one more thing
 * to wait for.
 */
export class Group {
  readonly text: string
  #first: Bucket | undefined
  #second: Bucket | undefined
  #third: Bucket | undefined
  #fourth: Bucket | undefined
  #fifth: Bucket | undefined
  #sixth: Bucket | undefined
  #seventh: Bucket | undefined
  #eighth: Bucket | undefined

  constructor(text: string) {
    this.text = text
  }

  /** `turn`: of the scenario's {@link Turns}. It may be another scenario's. */
  bucketOf(turn: number): Bucket | undefined {
    switch (turn) {
      case 0:
        return this.#first
      case 1:
        return this.#second
      case 2:
        return this.#third
      case 3:
        return this.#fourth
      case 4:
        return this.#fifth
      case 5:
        return this.#sixth
      case 6:
        return this.#seventh
      default:
        return this.#eighth
    }
  }

  keep(turn: number, bucket: Bucket): void {
    switch (turn) {
      case 0:
        this.#first = bucket
        break
      case 1:
        this.#second = bucket
        break
      case 2:
        this.#third = bucket
        break
      case 3:
        this.#fourth = bucket
        break
      case 4:
        this.#fifth = bucket
        break
      case 5:
        this.#sixth = bucket
        break
      case 6:
        this.#seventh = bucket
        break
      default:
        this.#eighth = bucket
    }
  }
}

/** Scenarios as they are met: those that events are poured into are few, wherever they stand among the rules. */
export class Turns {
  #next = 0

  /** From 0 to 7. */
  take(): number {
    this.#next += 1
    return (this.#next - 1) & 7
  }
}
