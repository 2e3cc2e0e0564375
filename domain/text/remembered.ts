import { ownCopy } from "./own-copy.ts"
import { hashOf } from "./text-hash.ts"

/**
 * What was found out about texts, by text. Bounded: lines bring ever new texts, and who writes them must not fill the
 * memory. Each text has four places where it may be kept, by its hash; a new one takes the place of the oldest of them.
 *
 * A `Map` would do, but it has to be asked about texts that have never been hashed before, and it looks at every text
 * that shares its bucket: where many texts are known, each look is a wait for memory.
 */
export class Remembered<A> {
  readonly #most: number
  #hashes = new Int32Array(fewest)
  #texts: Array<string> = new Array(fewest).fill("")
  #found: Array<A | undefined> = new Array(fewest).fill(undefined)
  #size = 0
  /** Several ask about the same text, one after the other. */
  #lastText: string | undefined
  #last: A | undefined

  /** At most so many texts are remembered, a power of two. */
  constructor(most: number) {
    this.#most = most
  }

  /** What is known about the text, else what `find` finds now. */
  of(text: string, find: (text: string) => A): A {
    if (text === this.#lastText) return this.#last as A
    const hash = hashOf(text)
    const place = this.#placeOf(hash, text)
    let found: A
    if (place >= 0) found = this.#found[place] as A
    else {
      found = find(text)
      this.#remember(hash, ownCopy(text), found)
    }
    this.#lastText = text
    this.#last = found
    return found
  }

  /** -1 when nothing is known of it. */
  #placeOf(hash: number, text: string): number {
    const hashes = this.#hashes
    const first = hash & (hashes.length - places)
    for (let place = first; place < first + places; place++)
      if (hashes[place] === hash && this.#texts[place] === text) return place
    return -1
  }

  #remember(hash: number, text: string, found: A): void {
    if (this.#size * 4 >= this.#hashes.length && this.#hashes.length < this.#most) this.#grow()
    this.#put(hash, text, found)
  }

  /** The newest comes first. */
  #put(hash: number, text: string, found: A | undefined): void {
    const [hashes, texts, all] = [this.#hashes, this.#texts, this.#found]
    const first = hash & (hashes.length - places)
    const last = first + places - 1
    if (hashes[last] === 0) this.#size += 1
    for (let place = last; place > first; place--) {
      hashes[place] = hashes[place - 1]!
      texts[place] = texts[place - 1]!
      all[place] = all[place - 1]
    }
    hashes[first] = hash
    texts[first] = text
    all[first] = found
  }

  #grow(): void {
    const [hashes, texts, found] = [this.#hashes, this.#texts, this.#found]
    const length = hashes.length * 2
    this.#hashes = new Int32Array(length)
    this.#texts = new Array(length).fill("")
    this.#found = new Array(length).fill(undefined)
    this.#size = 0
    // The newest of each four last.
    for (let place = hashes.length - 1; place >= 0; place--)
      if (hashes[place] !== 0) this.#put(hashes[place]!, texts[place]!, found[place])
  }
}

const fewest = 256
const places = 4
