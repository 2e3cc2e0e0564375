/**
 * What was found out about texts, by text. Bounded: lines bring ever new texts, and who writes them must not fill the
 * memory. The texts that came last are kept, in two generations, so that nothing is ever looked through.
 */
export class Remembered<A> {
  readonly #most: number
  #young = new Map<string, A>()
  #old = new Map<string, A>()
  /** Several ask about the same text, one after the other. */
  #lastText: string | undefined
  #last: A | undefined

  /** At most twice as many texts are remembered. */
  constructor(most: number) {
    this.#most = most
  }

  /** What is known about the text, else what `find` finds now. */
  of(text: string, find: (text: string) => A): A {
    if (text === this.#lastText) return this.#last as A
    let known = this.#young.get(text)
    if (known === undefined) {
      known = this.#old.get(text) ?? find(text)
      if (this.#young.size >= this.#most) {
        this.#old = this.#young
        this.#young = new Map()
      }
      this.#young.set(ownCopy(text), known)
    }
    this.#lastText = text
    this.#last = known
    return known
  }
}

/** The same text in a memory of its own: a part of a line would keep the whole line. */
export const ownCopy = (text: string): string => (text.length < 13 ? text : ` ${text}`.slice(1))
