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
    const first = hash & (this.#hashes.length - places)
    const last = first + places - 1
    if (this.#hashes[last] === 0) this.#size += 1
    this.#hashes.copyWithin(first + 1, first, last)
    this.#texts.copyWithin(first + 1, first, last)
    this.#found.copyWithin(first + 1, first, last)
    this.#hashes[first] = hash
    this.#texts[first] = text
    this.#found[first] = found
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

/** So many characters of a text are looked at, evenly over its length, and so many of its end besides. */
const looked = 32
const lookedAtEnd = 8

/** Never 0. Cheap: texts with the same one are still told apart. */
export const hashOf = (text: string): number => {
  const { length } = text
  const step = length <= looked ? 1 : Math.ceil(length / looked)
  let hash = length
  for (let at = 0; at < length; at += step) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0
  if (step > 1)
    for (let at = length - lookedAtEnd; at < length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0
  // The lower bits choose the place: let all of them have a say.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash ^= hash >>> 12
  return hash === 0 ? 1 : hash
}

/**
 * The same text in a memory of its own: a part of a line would keep the whole line. Put together of two parts, and asked
 * for a character, which makes V8 write it out; the next garbage collection leaves nothing else of it. A part of a longer
 * text would need half as much memory again, and a look at two places of it.
 */
export const ownCopy = (text: string): string => {
  if (text.length < 13) return text
  const copy = `${text[0]}${text.slice(1)}`
  return copy.charCodeAt(0) === text.charCodeAt(0) ? copy : text
}
