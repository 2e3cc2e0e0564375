/** The least-recently-used order (LRU) of small numbers: a chain through two columns of one array. */

const none = -1

export class Recency {
  /** Of each number the one touched before it and the one touched after it. */
  #links = new Int32Array(2 * 64).fill(none)
  #oldest = none
  #newest = none

  /** undefined when there is none. */
  get oldest(): number | undefined {
    return this.#oldest === none ? undefined : this.#oldest
  }

  get newest(): number | undefined {
    return this.#newest === none ? undefined : this.#newest
  }

  /** Adds a number that is not in it. */
  add(number: number): void {
    if (2 * number + 1 >= this.#links.length) {
      const more = new Int32Array(Math.max(2 * this.#links.length, 4 * number)).fill(none)
      more.set(this.#links)
      this.#links = more
    }
    const links = this.#links
    links[2 * number] = this.#newest
    links[2 * number + 1] = none
    if (this.#newest === none) this.#oldest = number
    else links[2 * this.#newest + 1] = number
    this.#newest = number
  }

  /** Takes a number out that is in it. */
  remove(number: number): void {
    const links = this.#links
    const older = links[2 * number]!
    const newer = links[2 * number + 1]!
    if (older === none) this.#oldest = newer
    else links[2 * older + 1] = newer
    if (newer === none) this.#newest = older
    else links[2 * newer] = older
  }

  /** Makes a number that is in it the newest. */
  touch(number: number): void {
    if (number === this.#newest) return
    this.remove(number)
    this.add(number)
  }

  /** The oldest first. */
  *numbers(): Iterable<number> {
    for (let number = this.#oldest; number !== none; number = this.#links[2 * number + 1]!) yield number
  }
}
