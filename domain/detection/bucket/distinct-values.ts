/** The values of `distinct` that were poured into a bucket, two and more. */
import { ownCopy } from "../../text/remembered.ts"

/** So many are remembered; the oldest is forgotten first. */
const mostDistinct = 10_000

export class DistinctValues {
  readonly #seen: Set<string>
  /** The same, once they are as many as there may be, and which is the oldest: a Set is slow to tell it. */
  #turns: Array<string> | undefined
  #turn = 0
  /** Of all of them. */
  characters: number

  constructor(first: string, second: string) {
    this.#seen = new Set([first, second])
    this.characters = first.length + second.length
  }

  /** False when the value is among them already. */
  add(value: string): boolean {
    if (this.#seen.has(value)) return false
    const own = ownCopy(value)
    if (this.#seen.size >= mostDistinct) this.#makeRoom(own)
    this.#seen.add(own)
    this.characters += own.length
    return true
  }

  /** The oldest value goes, and the new one has its turn when all others have had theirs. */
  #makeRoom(value: string): void {
    this.#turns ??= [...this.#seen]
    const oldest = this.#turns[this.#turn]!
    this.#seen.delete(oldest)
    this.characters -= oldest.length
    this.#turns[this.#turn] = value
    this.#turn = (this.#turn + 1) % mostDistinct
  }

  /** The oldest first. */
  [Symbol.iterator](): Iterator<string> {
    return this.#seen.values()
  }
}
