import {
  ANY,
  ANY_BUT_NEWLINE,
  type CharacterSet,
  caseFolded,
  characterSet,
  complement,
  DIGIT,
  LAST_CODE_POINT,
  posixClass,
  SPACE,
  unicodeProperty,
  union,
  WORD
} from "./character-set.ts"
import { PatternError } from "./pattern-error.ts"
import { type Assertion, EMPTY, repetitionOf, type Syntax, sizeOf } from "./syntax.ts"

/** Longest pattern text, after expansion of groks, in UTF-16 units. */
export const MAX_SOURCE_LENGTH = 65_536
/** RE2's bound for `x{n,m}`, and for the product of nested ones. */
const MAX_REPETITION = 1000
const MAX_DEPTH = 500
/** States of the automaton. Beyond this even linear matching would take seconds for one line. */
const MAX_SIZE = 100_000

export interface ParsedPattern {
  readonly syntax: Syntax
  /** Number of captures. */
  readonly captures: number
}

export interface ParseOptions {
  /**
   * Which groups capture: given the offset of an opening parenthesis, the capture's index from 1, or 0 for a group that
   * only groups. Without it every plain or named group captures, numbered from the left.
   */
  readonly captureAt?: (offset: number) => number
}

/** Reads RE2 syntax (https://github.com/google/re2/wiki/Syntax). Throws {@link PatternError}. */
export const parsePattern = (source: string, options: ParseOptions = {}): ParsedPattern => {
  if (source.length > MAX_SOURCE_LENGTH) {
    throw new PatternError("TST-PATTERN-TOO-LARGE", `the pattern is longer than ${MAX_SOURCE_LENGTH} characters`)
  }
  const parser = new Parser(source, options)
  const syntax = parser.pattern()
  if (sizeOf(syntax) > MAX_SIZE) {
    throw new PatternError("TST-PATTERN-TOO-LARGE", "the pattern is too large: use fewer or smaller {n,m} repetitions")
  }
  return { syntax, captures: parser.captures }
}

interface Flags {
  readonly ignoreCase: boolean
  readonly multiLine: boolean
  readonly dotAll: boolean
  readonly lazy: boolean
}

const NO_FLAGS: Flags = { ignoreCase: false, multiLine: false, dotAll: false, lazy: false }

const FLAG_NAMES: ReadonlyMap<string, keyof Flags> = new Map([
  ["i", "ignoreCase"],
  ["m", "multiLine"],
  ["s", "dotAll"],
  ["U", "lazy"]
])

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

const ASSERTIONS: ReadonlyMap<string, Assertion> = new Map([
  ["A", "text-start"],
  ["z", "text-end"],
  ["b", "word-boundary"],
  ["B", "no-word-boundary"]
])

const LOOK_AROUND = ["(?=", "(?!", "(?<=", "(?<!"]

/** One tree for each ASCII character: patterns consist of little else. */
const LITERALS = Array.from({ length: 128 }, (_, code) => ({ kind: "set", set: [code, code] }) as const)

const MAX_BRACKETS = 1024
const brackets = new Map<string, CharacterSet>()

class Parser {
  captures = 0
  readonly #source: string
  readonly #captureAt: ((offset: number) => number) | undefined
  readonly #names = new Set<string>()
  #at = 0
  #depth = 0
  #flags = NO_FLAGS

  constructor(source: string, options: ParseOptions) {
    this.#source = source
    this.#captureAt = options.captureAt
  }

  pattern(): Syntax {
    const syntax = this.#choice()
    if (this.#at < this.#source.length) throw this.#error("there is a ) without its (")
    return syntax
  }

  #error(message: string, offset = this.#at): PatternError {
    return new PatternError("TST-PATTERN-SYNTAX", `${message}: ${this.#excerpt(offset)}`, offset)
  }

  #unsupported(what: string, offset: number): PatternError {
    return new PatternError(
      "TST-PATTERN-UNSUPPORTED",
      `${what} is not part of RE2 syntax, because it cannot be matched in linear time: ${this.#excerpt(offset)}`,
      offset
    )
  }

  #excerpt(offset: number): string {
    const rest = this.#source.slice(offset, offset + 24)
    return rest === "" ? "at the end of the pattern" : `at "${rest}${offset + 24 < this.#source.length ? "…" : ""}"`
  }

  #choice(): Syntax {
    if (++this.#depth > MAX_DEPTH)
      throw new PatternError("TST-PATTERN-TOO-LARGE", "groups are nested too deeply", this.#at)
    const alternatives = [this.#sequence()]
    while (this.#source[this.#at] === "|") {
      this.#at++
      alternatives.push(this.#sequence())
    }
    this.#depth--
    return alternatives.length === 1 ? alternatives[0]! : { kind: "choice", items: alternatives }
  }

  #sequence(): Syntax {
    const items: Array<Syntax> = []
    /** Whether a repetition operator may follow: not at the start, and not after another one. */
    let repeatable = false
    while (this.#at < this.#source.length) {
      const start = this.#at
      const character = this.#source[start]!
      if (character === "|" || character === ")") break
      const count = this.#quantifier()
      if (count !== undefined) {
        if (!repeatable) {
          throw this.#error(
            items.length === 0 ? "nothing to repeat" : "a repetition of a repetition needs a group",
            start
          )
        }
        items.push(this.#repeat(items.pop()!, count, start))
        repeatable = false
        continue
      }
      if (this.#source.startsWith("\\Q", start)) {
        const literals = this.#quoted()
        items.push(...literals)
        repeatable = literals.length > 0 || repeatable
        continue
      }
      const item = this.#item()
      if (item === undefined) continue
      items.push(item)
      repeatable = true
    }
    if (items.length === 0) return EMPTY
    return items.length === 1 ? items[0]! : { kind: "sequence", items }
  }

  /** `\Q…\E`: everything between stands for itself. */
  #quoted(): ReadonlyArray<Syntax> {
    const start = this.#at + 2
    const end = this.#source.indexOf("\\E", start)
    this.#at = end < 0 ? this.#source.length : end + 2
    return Array.from(this.#source.slice(start, end < 0 ? undefined : end), (character) =>
      this.#literal(character.codePointAt(0)!)
    )
  }

  #quantifier(): { readonly min: number; readonly max: number; readonly greedy: boolean } | undefined {
    const bounds = this.#bounds()
    if (bounds === undefined) return undefined
    let greedy = !this.#flags.lazy
    if (this.#source[this.#at] === "?") {
      this.#at++
      greedy = !greedy
    }
    return { ...bounds, greedy }
  }

  #bounds(): { readonly min: number; readonly max: number } | undefined {
    const character = this.#source[this.#at]
    if (character === "*" || character === "+" || character === "?") {
      this.#at++
      return { min: character === "+" ? 1 : 0, max: character === "?" ? 1 : Number.POSITIVE_INFINITY }
    }
    if (character !== "{") return undefined
    const counted = /\{(0|[1-9]\d*)(,(0|[1-9]\d*)?)?\}/y
    counted.lastIndex = this.#at
    const found = counted.exec(this.#source)
    // A brace that is no count stands for itself.
    if (found === null) return undefined
    const min = Number(found[1])
    const max = found[2] === undefined ? min : found[3] === undefined ? Number.POSITIVE_INFINITY : Number(found[3])
    if (min > max) throw this.#error("a repetition whose least count is above its most")
    if (min > MAX_REPETITION || (max > MAX_REPETITION && max !== Number.POSITIVE_INFINITY)) {
      throw this.#error(`a repetition of more than ${MAX_REPETITION}`)
    }
    this.#at += found[0].length
    return { min, max }
  }

  #repeat(item: Syntax, count: { min: number; max: number; greedy: boolean }, offset: number): Syntax {
    const repeat: Syntax = { kind: "repeat", item, ...count }
    const counted = count.max === Number.POSITIVE_INFINITY ? count.min > 1 : count.max > 1
    if (counted && repetitionOf(repeat) > MAX_REPETITION) {
      throw this.#error(`nested repetitions of more than ${MAX_REPETITION} in all`, offset)
    }
    return repeat
  }

  /** undefined for what only sets flags. */
  #item(): Syntax | undefined {
    switch (this.#source[this.#at]!) {
      case "(":
        return this.#group()
      case "[":
        return { kind: "set", set: this.#bracket() }
      case ".":
        this.#at++
        return { kind: "set", set: this.#flags.dotAll ? ANY : ANY_BUT_NEWLINE }
      case "^":
        this.#at++
        return { kind: "assertion", at: this.#flags.multiLine ? "line-start" : "text-start" }
      case "$":
        this.#at++
        return { kind: "assertion", at: this.#flags.multiLine ? "line-end" : "text-end" }
      case "\\":
        return this.#backslash()
      default:
        return this.#literal(this.#next())
    }
  }

  #next(): number {
    const codePoint = this.#source.codePointAt(this.#at)!
    this.#at += codePoint > 0xffff ? 2 : 1
    return codePoint
  }

  #literal(codePoint: number): Syntax {
    const literal = LITERALS[codePoint] ?? { kind: "set", set: [codePoint, codePoint] }
    return this.#flags.ignoreCase ? { kind: "set", set: caseFolded(literal.set) } : literal
  }

  #folded(set: CharacterSet): CharacterSet {
    return this.#flags.ignoreCase ? caseFolded(set) : set
  }

  #group(): Syntax | undefined {
    const start = this.#at
    const source = this.#source
    const outer = this.#flags
    if (!source.startsWith("(?", start)) {
      this.#at++
      return this.#closed(start, outer, this.#captureIndex(start))
    }
    if (source.startsWith("(?:", start)) {
      this.#at += 3
      return this.#closed(start, outer, 0)
    }
    if (LOOK_AROUND.some((opening) => source.startsWith(opening, start))) throw this.#unsupported("look-around", start)
    if (source.startsWith("(?>", start)) throw this.#unsupported("an atomic group", start)
    if (source.startsWith("(?P=", start) || source.startsWith("(?P>", start)) {
      throw this.#unsupported("a back-reference", start)
    }
    if (source.startsWith("(?P<", start) || source.startsWith("(?<", start)) {
      const named = /\(\?P?<([A-Za-z0-9_]+)>/y
      named.lastIndex = start
      const found = named.exec(source)
      if (found === null) throw this.#error("a group name is letters, digits and _ between < and >", start)
      if (this.#captureAt === undefined && this.#names.has(found[1]!)) {
        throw this.#error(`the group name ${found[1]} is there twice`, start)
      }
      this.#names.add(found[1]!)
      this.#at += found[0].length
      return this.#closed(start, outer, this.#captureAt === undefined ? ++this.captures : 0)
    }
    return this.#flagGroup(start, outer)
  }

  #captureIndex(offset: number): number {
    if (this.#captureAt === undefined) return ++this.captures
    const index = this.#captureAt(offset)
    this.captures = Math.max(this.captures, index)
    return index
  }

  #closed(start: number, outer: Flags, capture: number): Syntax {
    const item = this.#choice()
    if (this.#source[this.#at] !== ")") throw this.#error("there is a ( without its )", start)
    this.#at++
    this.#flags = outer
    return capture === 0 ? item : { kind: "capture", item, index: capture }
  }

  /** `(?flags)` and `(?flags:…)`. */
  #flagGroup(start: number, outer: Flags): Syntax | undefined {
    const form = /\(\?([a-zA-Z]*)(-[a-zA-Z]+)?([:)])/y
    form.lastIndex = start
    const found = form.exec(this.#source)
    if (found === null) throw this.#error("(? begins a group of a kind that does not exist", start)
    let flags = outer
    for (const [letters, value] of [
      [found[1]!, true],
      [(found[2] ?? "").slice(1), false]
    ] as const) {
      for (const letter of letters) {
        const name = FLAG_NAMES.get(letter)
        if (name === undefined) throw this.#error(`there is no flag ${letter}, only i, m, s and U`, start)
        flags = { ...flags, [name]: value }
      }
    }
    this.#at += found[0].length
    this.#flags = flags
    return found[3] === ")" ? undefined : this.#closed(start, outer, 0)
  }

  #backslash(): Syntax {
    const assertion = ASSERTIONS.get(this.#source[this.#at + 1] ?? "")
    if (assertion !== undefined) {
      this.#at += 2
      return { kind: "assertion", at: assertion }
    }
    const set = this.#classEscape()
    return set === undefined ? this.#literal(this.#characterEscape()) : { kind: "set", set }
  }

  /** `\d \D \s \S \w \W \pX \p{Name} \PX`; undefined when something else follows. */
  #classEscape(): CharacterSet | undefined {
    const start = this.#at
    const letter = this.#source[start + 1] ?? ""
    const perl = PERL_CLASSES.get(letter.toLowerCase())
    if (perl !== undefined) {
      this.#at += 2
      const set = this.#folded(perl)
      return letter >= "a" ? set : complement(set)
    }
    if (letter !== "p" && letter !== "P") return undefined
    const form = /\\[pP](?:\{(\^?)([^{}]*)\}|([A-Z]))/y
    form.lastIndex = start
    const found = form.exec(this.#source)
    const name = found?.[2] ?? found?.[3]
    const property = name === undefined ? undefined : unicodeProperty(name)
    if (found === null || property === undefined)
      throw this.#error("there is no such Unicode category or script", start)
    this.#at += found[0].length
    const set = this.#folded(property)
    return (letter === "P") !== (found[1] === "^") ? complement(set) : set
  }

  /** An escape that stands for one character. */
  #characterEscape(): number {
    const start = this.#at
    const letter = this.#source[start + 1]
    if (letter === undefined) throw this.#error("the pattern ends with a backslash", start)
    if (letter >= "1" && letter <= "9" && !/^[0-7]{2}/.test(this.#source.slice(start + 1, start + 3))) {
      throw this.#unsupported("a back-reference", start)
    }
    const numeric = /\\(?:x\{([0-9A-Fa-f]{1,8})\}|x([0-9A-Fa-f]{2})|([0-7]{1,3}))/y
    numeric.lastIndex = start
    const found = numeric.exec(this.#source)
    if (found !== null) {
      const hex = found[1] ?? found[2]
      const codePoint = hex === undefined ? Number.parseInt(found[3]!, 8) : Number.parseInt(hex, 16)
      if (codePoint > LAST_CODE_POINT) throw this.#error("a character beyond the end of Unicode", start)
      this.#at += found[0].length
      return codePoint
    }
    const control = CONTROL_ESCAPES.get(letter)
    if (control === undefined && (letter > "~" || letter < " " || /[A-Za-z0-9]/.test(letter))) {
      throw this.#error("an escape that does not exist", start)
    }
    this.#at += 2
    return control ?? letter.charCodeAt(0)
  }

  /** `[…]`. Expanded groks repeat the same few brackets by the hundred, so that they are remembered. */
  #bracket(): CharacterSet {
    const start = this.#at
    const form = /\[(?:[^\]\\[]|\\.)+\]/y
    form.lastIndex = start
    const text = form.exec(this.#source)?.[0]
    if (text === undefined) return this.#parseBracket(start)
    const key = this.#flags.ignoreCase ? `i${text}` : text
    const known = brackets.get(key)
    if (known !== undefined) {
      this.#at += text.length
      return known
    }
    const set = this.#parseBracket(start)
    if (brackets.size >= MAX_BRACKETS) brackets.clear()
    if (this.#at === start + text.length) brackets.set(key, set)
    return set
  }

  #parseBracket(start: number): CharacterSet {
    const source = this.#source
    this.#at++
    const negated = source[this.#at] === "^"
    if (negated) this.#at++
    const parts: Array<CharacterSet> = []
    for (let first = true; first || source[this.#at] !== "]"; first = false) {
      if (this.#at >= source.length) throw this.#error("there is a [ without its ]", start)
      parts.push(this.#bracketPart(start))
    }
    this.#at++
    const set = this.#folded(union(...parts))
    return negated ? complement(set) : set
  }

  #bracketPart(start: number): CharacterSet {
    const source = this.#source
    if (source.startsWith("[:", this.#at)) {
      const end = source.indexOf(":]", this.#at + 2)
      if (end >= 0) {
        const negated = source[this.#at + 2] === "^"
        const name = source.slice(this.#at + (negated ? 3 : 2), end)
        const named = posixClass(name)
        if (named === undefined) throw this.#error("there is no such POSIX class")
        this.#at = end + 2
        return negated ? complement(this.#folded(named)) : named
      }
    }
    if (source[this.#at] === "\\") {
      const set = this.#classEscape()
      if (set !== undefined) return set
    }
    const from = this.#bracketCharacter(start)
    // A hyphen before the closing bracket stands for itself.
    if (source[this.#at] !== "-" || source[this.#at + 1] === "]" || this.#at + 1 >= source.length) {
      return [from, from]
    }
    const rangeStart = this.#at
    this.#at++
    const to = this.#bracketCharacter(start)
    if (to < from) throw this.#error("a range of characters that runs backwards", rangeStart - 1)
    return characterSet([from, to])
  }

  #bracketCharacter(start: number): number {
    if (this.#at >= this.#source.length) throw this.#error("there is a [ without its ]", start)
    return this.#source[this.#at] === "\\" ? this.#characterEscape() : this.#next()
  }
}
