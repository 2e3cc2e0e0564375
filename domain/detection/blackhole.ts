/** Swallows what a scenario's buckets of one group bring forth too soon after another overflow. */
export class Blackhole {
  /** Microseconds for which it swallows; 0: never. */
  readonly #duration: number
  readonly #most: number
  /** Group and time at which it is let through again, in the order of their making. */
  readonly #ends = new Map<string, number>()

  /** `most`: so many groups are remembered. */
  constructor(duration: number, most: number) {
    this.#duration = duration
    this.#most = most
  }

  /** Whether the overflow disappears; if not, those that follow it will. */
  swallows(group: string, at: number): boolean {
    if (this.#duration <= 0) return false
    for (const [first, end] of this.#ends) {
      if (end > at && this.#ends.size < this.#most) break
      this.#ends.delete(first)
    }
    if ((this.#ends.get(group) ?? Number.NEGATIVE_INFINITY) > at) return true
    this.#ends.delete(group)
    this.#ends.set(group, at + this.#duration)
    return false
  }

  entries(): Iterable<readonly [group: string, end: number]> {
    return this.#ends.entries()
  }

  adopt(entries: Iterable<readonly [group: string, end: number]>): void {
    for (const [group, end] of entries) this.#ends.set(group, end)
  }
}
