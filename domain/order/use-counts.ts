/** The least frequently used (LFU) of many keys; of several, the one that was not used for the longest time. */
import { AgedMap } from "./aged-map.ts"

export class UseCounts {
  /** Keys by how often they were used, those of a count in the order of their last use. */
  readonly #byCount = new Map<number, AgedMap<undefined>>()
  /** Nothing was used fewer times. */
  #fewest = Number.POSITIVE_INFINITY

  /** Adds a key that is not in it, as the one used last. */
  add(key: string, count: number): void {
    const known = this.#byCount.get(count)
    const keys = known ?? new AgedMap()
    if (known === undefined) this.#byCount.set(count, keys)
    keys.set(key, undefined)
    this.#fewest = Math.min(this.#fewest, count)
  }

  /** Takes a key out that is in it with this count. */
  remove(key: string, count: number): void {
    const keys = this.#byCount.get(count)
    keys?.delete(key)
    if (keys?.size === 0) this.#byCount.delete(count)
    if (this.#byCount.size === 0) this.#fewest = Number.POSITIVE_INFINITY
  }

  /** undefined when there is no key. */
  get leastUsed(): string | undefined {
    if (this.#byCount.size === 0) return undefined
    // Each step was paid by a use: what is added anew begins at the bottom.
    while (!this.#byCount.has(this.#fewest)) this.#fewest += 1
    return this.#byCount.get(this.#fewest)?.oldest
  }
}
