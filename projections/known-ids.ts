/**
 * The ids of the last events that a fold saw. A writer that lost its place repeats what it wrote last, so a bounded
 * memory is enough to recognise it.
 */
const remembered = 4_096

export class KnownIds implements Iterable<string> {
  readonly #known = new Set<string>()
  /** The same ids in the order in which they came, going round: a Set is slow to tell its oldest. */
  readonly #order: Array<string> = []
  #oldest = 0

  constructor(ids: Iterable<string> = []) {
    for (const id of ids) this.learn(id)
  }

  /** Whether the id is new; it is known from then on. */
  learn(id: string): boolean {
    if (this.#known.has(id)) return false
    this.#known.add(id)
    if (this.#order.length < remembered) this.#order.push(id)
    else {
      this.#known.delete(this.#order[this.#oldest]!)
      this.#order[this.#oldest] = id
      this.#oldest = (this.#oldest + 1) % remembered
    }
    return true
  }

  /** The oldest first. */
  *[Symbol.iterator](): Iterator<string> {
    for (let n = 0; n < this.#order.length; n++) yield this.#order[(this.#oldest + n) % this.#order.length]!
  }
}
