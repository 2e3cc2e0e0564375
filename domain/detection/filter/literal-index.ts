/**
 * Finds which of many texts stand in another one, in one go over its characters (Aho and Corasick's automaton). Letters
 * count without their case, those too whose case folds into ASCII (`ſ` is an S, `K` a k). It never says no where it is not
 * sure: a text with a character beyond ASCII may hold each literal that has one as well.
 */
import { asciiFold } from "../../text/ascii-fold.ts"

/** Characters of all literals together; the table has at most some 70 cells for each. */
const mostCharacters = 60_000

export class LiteralIndex {
  /** Which column of the table a character code below 128 has; 0 for those in no literal. */
  readonly #columns: Uint8Array
  /** By state times width plus column: the next state times width; its complement where a literal ends in that state. */
  readonly #next: Int32Array
  readonly #width: number
  /** By state: the numbers of the literals that end in it. */
  readonly #found: ReadonlyArray<ReadonlyArray<number>>
  /** Numbers of the literals with characters beyond ASCII, which are not searched for. */
  readonly #foreign: ReadonlyArray<number>

  private constructor(tree: Tree, foreign: ReadonlyArray<number>) {
    this.#foreign = foreign
    this.#columns = tree.columns
    this.#width = tree.width
    const { next, found } = tree.automaton()
    const ends = Uint8Array.from(found, ({ length }) => (length === 0 ? 0 : 1))
    for (let i = 0; i < next.length; i++) if (ends[next[i]! / tree.width] === 1) next[i] = ~next[i]!
    this.#next = next
    this.#found = found
  }

  /** Each literal is told by its number when it is found; literals may share one. undefined when there are too many. */
  static of(literals: ReadonlyArray<{ readonly text: string; readonly number: number }>): LiteralIndex | undefined {
    const plain = literals.filter(({ text }) => !beyondAscii.test(text))
    const foreign = literals.filter(({ text }) => beyondAscii.test(text))
    const characters = plain.reduce((sum, { text }) => sum + text.length, 0)
    if (characters > mostCharacters) return undefined
    return new LiteralIndex(new Tree(plain), [...new Set(foreign.map(({ number }) => number))])
  }

  /** Sets the bits of the numbers whose literals the subject holds, or may hold. */
  scan(subject: string, bits: Uint32Array): void {
    const columns = this.#columns
    const next = this.#next
    let row = 0
    let ascii = true
    for (let i = 0; i < subject.length; i++) {
      const code = subject.charCodeAt(i)
      let column = 0
      if (code < 128) column = columns[code]!
      else {
        ascii = false
        column = foldedColumn(columns, code)
      }
      row = next[row + column]!
      if (row >= 0) continue
      row = ~row
      set(bits, this.#found[row / this.#width]!)
    }
    if (!ascii) set(bits, this.#foreign)
  }
}

const set = (bits: Uint32Array, numbers: ReadonlyArray<number>): void => {
  for (let at = 0; at < numbers.length; at++) bits[numbers[at]! >>> 5]! |= 1 << (numbers[at]! & 31)
}

const foldedColumn = (columns: Uint8Array, code: number): number => {
  const letter = asciiFold.get(code)
  return letter === undefined ? 0 : columns[letter.charCodeAt(0)]!
}

const beyondAscii = /[^\x00-\x7f]/

/** The literals as a tree of their characters. */
class Tree {
  readonly columns = new Uint8Array(128)
  readonly width: number
  readonly #children: Array<Map<number, number>> = [new Map()]
  readonly #numbers: Array<Set<number>> = [new Set()]

  constructor(literals: ReadonlyArray<{ readonly text: string; readonly number: number }>) {
    let width = 1
    for (const { text, number } of literals) {
      let state = 0
      for (const letter of text.toLowerCase()) {
        const code = letter.charCodeAt(0)
        if (this.columns[code] === 0) {
          this.columns[code] = width
          this.columns[letter.toUpperCase().charCodeAt(0)] = width
          width += 1
        }
        state = this.#child(state, this.columns[code]!)
      }
      this.#numbers[state]!.add(number)
    }
    this.width = width
  }

  get size(): number {
    return this.#children.length
  }

  #child(state: number, column: number): number {
    const known = this.#children[state]!.get(column)
    if (known !== undefined) return known
    const child = this.#children.push(new Map()) - 1
    this.#numbers.push(new Set())
    this.#children[state]!.set(column, child)
    return child
  }

  /** The table of transitions: where a character leads to nothing, the longest end of what was read that leads on. */
  automaton(): { readonly next: Int32Array; readonly found: ReadonlyArray<ReadonlyArray<number>> } {
    const { width } = this
    const next = new Int32Array(this.size * width)
    const fallback = new Int32Array(this.size)
    const queue = [0]
    for (const state of queue) {
      const row = state * width
      const otherwise = fallback[state]! * width
      if (state !== 0) next.copyWithin(row, otherwise, otherwise + width)
      for (const [column, child] of this.#children[state]!) {
        fallback[child] = next[row + column]! / width
        for (const number of this.#numbers[fallback[child]!]!) this.#numbers[child]!.add(number)
        next[row + column] = child * width
        queue.push(child)
      }
    }
    return { next, found: this.#numbers.map((numbers) => [...numbers]) }
  }
}
