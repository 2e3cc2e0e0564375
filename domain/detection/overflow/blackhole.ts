import { AgedMap } from "../../order/aged-map.ts"

/** Swallows what a scenario's buckets of one group bring forth too soon after another overflow. */
export class Blackhole {
  /** Microseconds for which it swallows; 0: never. */
  readonly #duration: number
  readonly #most: number
  /** Group and time at which it is let through again, in the order of their making. */
  readonly #ends = new AgedMap<number>()

  /** `most`: so many groups are remembered. */
  constructor(duration: number, most: number) {
    this.#duration = duration
    this.#most = most
  }

  /** Whether the overflow disappears; if not, those that follow it will. */
  swallows(group: string, at: number): boolean {
    if (this.#duration <= 0) return false
    this.#forget(at)
    if ((this.#ends.get(group) ?? Number.NEGATIVE_INFINITY) > at) return true
    this.#ends.set(group, at + this.#duration)
    return false
  }

  /** Drops from the front what is over, and makes room for one more. */
  #forget(at: number): void {
    for (let first = this.#ends.oldest; first !== undefined; first = this.#ends.oldest) {
      if (this.#ends.get(first)! > at && this.#ends.size < this.#most) break
      this.#ends.delete(first)
    }
  }

  entries(): Iterable<readonly [group: string, end: number]> {
    return this.#ends
  }

  adopt(entries: Iterable<readonly [group: string, end: number]>): void {
    for (const [group, end] of entries) this.#ends.set(group, end)
  }
}
