/**
 * The least-recently-used order (LRU) of small numbers. Whenever a number is touched it is written down once more, and
 * where it stood before counts no more: that is one place of memory to look at, where a chain of neighbours has four.
 */

const none = -1
const fewest = 64

export class Recency {
  /** The numbers as they were touched, the oldest turn first. */
  #turns = new Int32Array(fewest)
  /** Of each number its last turn. */
  #last = new Int32Array(fewest).fill(none)
  /** The turns that may count. */
  #begin = 0
  #end = 0
  #size = 0

  /** undefined when there is none. */
  get oldest(): number | undefined {
    while (this.#begin < this.#end && !this.#counts(this.#begin)) this.#begin += 1
    return this.#begin < this.#end ? this.#turns[this.#begin] : undefined
  }

  get newest(): number | undefined {
    while (this.#begin < this.#end && !this.#counts(this.#end - 1)) this.#end -= 1
    return this.#begin < this.#end ? this.#turns[this.#end - 1] : undefined
  }

  /** Adds a number that is not in it. */
  add(number: number): void {
    if (number >= this.#last.length) {
      const more = new Int32Array(2 * number).fill(none)
      more.set(this.#last)
      this.#last = more
    }
    this.#size += 1
    this.#write(number)
  }

  /** Takes a number out that is in it. */
  remove(number: number): void {
    this.#last[number] = none
    this.#size -= 1
  }

  /** Makes a number that is in it the newest. */
  touch(number: number): void {
    if (this.#last[number] !== this.#end - 1) this.#write(number)
  }

  /** The oldest first. */
  *numbers(): Iterable<number> {
    for (let turn = this.#begin; turn < this.#end; turn++) if (this.#counts(turn)) yield this.#turns[turn]!
  }

  #counts(turn: number): boolean {
    return this.#last[this.#turns[turn]!] === turn
  }

  #write(number: number): void {
    if (this.#end === this.#turns.length) this.#tidy()
    this.#turns[this.#end] = number
    this.#last[number] = this.#end
    this.#end += 1
  }

  /** Only the turns that count remain, with room for three times as many others before the next time. */
  #tidy(): void {
    const former = this.#turns
    const turns = new Int32Array(Math.max(fewest, 4 * this.#size))
    let end = 0
    for (let turn = this.#begin; turn < this.#end; turn++) {
      if (!this.#counts(turn)) continue
      const number = former[turn]!
      turns[end] = number
      this.#last[number] = end
      end += 1
    }
    this.#turns = turns
    this.#begin = 0
    this.#end = end
  }
}
