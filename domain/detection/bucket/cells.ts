/**
 * What is reckoned of many buckets, side by side in one piece of memory. A pour reads and writes little else, and where
 * many buckets are open, its price is how often it has to wait for memory: as fields of objects, each of these numbers
 * would be an object of its own.
 */

/** By the number of its place in a bucket's cell; a cell is as long as a line of a processor's cache. */
export const cell = {
  first: 0,
  last: 1,
  overflowed: 2,
  total: 3,
  tokens: 4,
  drained: 5,
  counted: 6,
  distinct: 7,
  length: 8
} as const

const fewest = 1

export class Cells {
  /** Of all cells, one after the other. */
  numbers: Float64Array
  readonly #free: Array<number> = []
  #taken = 0

  constructor(expected = fewest) {
    this.numbers = new Float64Array(expected * cell.length)
  }

  /** A cell of zeros, by its number. */
  take(): number {
    const free = this.#free.pop()
    if (free !== undefined) {
      this.numbers.fill(0, free * cell.length, (free + 1) * cell.length)
      return free
    }
    if ((this.#taken + 1) * cell.length > this.numbers.length) {
      const more = new Float64Array(this.numbers.length * 2)
      more.set(this.numbers)
      this.numbers = more
    }
    this.#taken += 1
    return this.#taken - 1
  }

  /** What the cell holds can still be read until the next one is taken. */
  release(number: number): void {
    this.#free.push(number)
  }
}
