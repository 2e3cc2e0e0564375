/**
 * The ids of the last events that a fold saw, at least 4,096 of them. A writer that lost its place repeats what it wrote
 * last, so a bounded memory is enough to recognise it.
 */
const atLeast = 4_096

export class KnownIds implements Iterable<string> {
  /** Two generations, as dropping a whole one is cheaper than one id after the other: `#older` is full, or empty at first. */
  #older = new Set<string>()
  #newer = new Set<string>()

  constructor(ids: Iterable<string> = []) {
    for (const id of ids) this.learn(id)
  }

  has(id: string): boolean {
    return this.#newer.has(id) || this.#older.has(id)
  }

  /** Whether the id is new; it is known from then on. */
  learn(id: string): boolean {
    if (this.has(id)) return false
    this.#newer.add(id)
    if (this.#newer.size === atLeast) {
      this.#older = this.#newer
      this.#newer = new Set()
    }
    return true
  }

  /** The oldest first. */
  *[Symbol.iterator](): Iterator<string> {
    yield* this.#older
    yield* this.#newer
  }
}
