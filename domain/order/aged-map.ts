/**
 * A map that knows its oldest entry: the one that was set before all others. A `Map` knows it too, but looks for it
 * behind the gaps that all entries before it have left: where a flood of lines drives out one entry after the other, that
 * is the longer the more it holds.
 */
import { Recency } from "./recency.ts"

export class AgedMap<A> {
  readonly #places = new Map<string, number>()
  readonly #keys: Array<string> = []
  readonly #values: Array<A | undefined> = []
  readonly #order = new Recency()
  readonly #free: Array<number> = []

  /** @param entries the oldest first */
  constructor(entries: Iterable<readonly [key: string, value: A]> = []) {
    for (const [key, value] of entries) this.set(key, value)
  }

  get size(): number {
    return this.#places.size
  }

  /** undefined when there is none. */
  get oldest(): string | undefined {
    const { oldest } = this.#order
    return oldest === undefined ? undefined : this.#keys[oldest]
  }

  get(key: string): A | undefined {
    const place = this.#places.get(key)
    return place === undefined ? undefined : this.#values[place]
  }

  has(key: string): boolean {
    return this.#places.has(key)
  }

  /** The entry is then the newest, also when its key was there. */
  set(key: string, value: A): void {
    const known = this.#places.get(key)
    const place = known ?? this.#free.pop() ?? this.#keys.length
    if (known === undefined) {
      this.#places.set(key, place)
      this.#keys[place] = key
      this.#order.add(place)
    } else this.#order.touch(place)
    this.#values[place] = value
  }

  delete(key: string): void {
    const place = this.#places.get(key)
    if (place === undefined) return
    this.#places.delete(key)
    this.#order.remove(place)
    this.#keys[place] = ""
    this.#values[place] = undefined
    this.#free.push(place)
  }

  /** The oldest first. */
  *[Symbol.iterator](): Generator<readonly [key: string, value: A]> {
    for (const place of this.#order.numbers()) yield [this.#keys[place]!, this.#values[place] as A]
  }
}
