/**
 * What was found out about short texts of which few come again and again, such as the status of a request. Cheap when it
 * is asked about others: each text has one place, by its characters, and the last one that came stands in it. Short ones
 * only: they are no parts of a line, which they would keep.
 */
export class Recent<A> {
  readonly #texts = new Array<string | undefined>(places).fill(undefined)
  readonly #found = new Array<A | undefined>(places).fill(undefined)

  /** What is known about the text, else what `find` makes of `given` now; it must follow from the text alone. */
  of<B>(text: string, find: (given: B) => A, given: B): A {
    if (text.length > longest) return find(given)
    let place = text.length
    for (let at = 0; at < text.length; at++) place = (place * 31 + text.charCodeAt(at)) & (places - 1)
    if (this.#texts[place] === text) return this.#found[place] as A
    const found = find(given)
    this.#texts[place] = text
    this.#found[place] = found
    return found
  }
}

const places = 64
const longest = 12
