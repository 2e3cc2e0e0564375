import {
  type CharacterSet,
  caseFolded,
  complement,
  DIGIT,
  LAST_CODE_POINT,
  SPACE,
  unicodeProperty,
  WORD
} from "./character-set.ts"
import { PatternError } from "./pattern-error.ts"

const CONTROL_ESCAPES: ReadonlyMap<string, number> = new Map([
  ["a", 0x07],
  ["f", 0x0c],
  ["t", 0x09],
  ["n", 0x0a],
  ["r", 0x0d],
  ["v", 0x0b]
])

const PERL_CLASSES: ReadonlyMap<string, CharacterSet> = new Map([
  ["d", DIGIT],
  ["s", SPACE],
  ["w", WORD]
])

/** A place in a pattern text: reads what escapes stand for, and says what is wrong there. */
export class PatternReader {
  readonly source: string
  at = 0

  constructor(source: string) {
    this.source = source
  }

  /** What is wrong at the offset, or where the reader stands. */
  error(message: string, offset = this.at): PatternError {
    return new PatternError("TST-PATTERN-SYNTAX", `${message}: ${this.#excerpt(offset)}`, offset)
  }

  unsupported(what: string, offset: number): PatternError {
    return new PatternError(
      "TST-PATTERN-UNSUPPORTED",
      `${what} is not part of RE2 syntax, because it cannot be matched in linear time: ${this.#excerpt(offset)}`,
      offset
    )
  }

  #excerpt(offset: number): string {
    const rest = this.source.slice(offset, offset + 24)
    return rest === "" ? "at the end of the pattern" : `at "${rest}${offset + 24 < this.source.length ? "…" : ""}"`
  }

  /** The character here, which the reader passes. */
  next(): number {
    const codePoint = this.source.codePointAt(this.at)!
    this.at += codePoint > 0xffff ? 2 : 1
    return codePoint
  }

  /** `\d \D \s \S \w \W \pX \p{Name} \PX`; undefined when something else follows. */
  classEscape(ignoreCase: boolean): CharacterSet | undefined {
    const start = this.at
    const letter = this.source[start + 1] ?? ""
    const perl = PERL_CLASSES.get(letter.toLowerCase())
    if (perl !== undefined) {
      this.at += 2
      const set = ignoreCase ? caseFolded(perl) : perl
      return letter >= "a" ? set : complement(set)
    }
    if (letter !== "p" && letter !== "P") return undefined
    const form = /\\[pP](?:\{(\^?)([^{}]*)\}|([A-Z]))/y
    form.lastIndex = start
    const found = form.exec(this.source)
    const name = found?.[2] ?? found?.[3]
    const property = name === undefined ? undefined : unicodeProperty(name)
    if (found === null || property === undefined) throw this.error("there is no such Unicode category or script", start)
    this.at += found[0].length
    const set = ignoreCase ? caseFolded(property) : property
    return (letter === "P") !== (found[1] === "^") ? complement(set) : set
  }

  /** An escape that stands for one character. */
  characterEscape(): number {
    const start = this.at
    const letter = this.source[start + 1]
    if (letter === undefined) throw this.error("the pattern ends with a backslash", start)
    if (letter >= "1" && letter <= "9" && !/^[0-7]{2}/.test(this.source.slice(start + 1, start + 3))) {
      throw this.unsupported("a back-reference", start)
    }
    const numeric = /\\(?:x\{([0-9A-Fa-f]{1,8})\}|x([0-9A-Fa-f]{2})|([0-7]{1,3}))/y
    numeric.lastIndex = start
    const found = numeric.exec(this.source)
    if (found !== null) {
      const hex = found[1] ?? found[2]
      const codePoint = hex === undefined ? Number.parseInt(found[3]!, 8) : Number.parseInt(hex, 16)
      if (codePoint > LAST_CODE_POINT) throw this.error("a character beyond the end of Unicode", start)
      this.at += found[0].length
      return codePoint
    }
    const control = CONTROL_ESCAPES.get(letter)
    if (control === undefined && (letter > "~" || letter < " " || /[A-Za-z0-9]/.test(letter))) {
      throw this.error("an escape that does not exist", start)
    }
    this.at += 2
    return control ?? letter.charCodeAt(0)
  }
}
