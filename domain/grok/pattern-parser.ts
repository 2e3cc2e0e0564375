import { readBracket } from "./bracket.ts"
import { ANY, ANY_BUT_NEWLINE, caseFolded } from "./character-set.ts"
import { PatternError } from "./pattern-error.ts"
import { PatternReader } from "./pattern-reader.ts"
import { type Assertion, EMPTY, repetitionOf, type Syntax, sizeOf } from "./syntax.ts"

/** Longest pattern text, after expansion of groks, in UTF-16 units. */
export const MAX_SOURCE_LENGTH = 65_536
/** RE2's bound for `x{n,m}`, and for the product of nested ones. */
const MAX_REPETITION = 1000
const MAX_DEPTH = 500
/** States of the automaton. V8's linear engine builds it anew for every text that it is given. */
const MAX_SIZE = 16_384

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

const ASSERTIONS: ReadonlyMap<string, Assertion> = new Map([
  ["A", "text-start"],
  ["z", "text-end"],
  ["b", "word-boundary"],
  ["B", "no-word-boundary"]
])

const LOOK_AROUND = ["(?=", "(?!", "(?<=", "(?<!"]

/** One tree for each ASCII character: patterns consist of little else. */
const LITERALS = Array.from({ length: 128 }, (_, code) => ({ kind: "set", set: [code, code] }) as const)

class Parser {
  captures = 0
  readonly #reader: PatternReader
  readonly #captureAt: ((offset: number) => number) | undefined
  readonly #names = new Set<string>()
  #depth = 0
  #flags = NO_FLAGS

  constructor(source: string, options: ParseOptions) {
    this.#reader = new PatternReader(source)
    this.#captureAt = options.captureAt
  }

  pattern(): Syntax {
    const syntax = this.#choice()
    if (this.#reader.at < this.#reader.source.length) throw this.#reader.error("there is a ) without its (")
    return syntax
  }

  #choice(): Syntax {
    if (++this.#depth > MAX_DEPTH)
      throw new PatternError("TST-PATTERN-TOO-LARGE", "groups are nested too deeply", this.#reader.at)
    const alternatives = [this.#sequence()]
    while (this.#reader.source[this.#reader.at] === "|") {
      this.#reader.at++
      alternatives.push(this.#sequence())
    }
    this.#depth--
    return alternatives.length === 1 ? alternatives[0]! : { kind: "choice", items: alternatives }
  }

  #sequence(): Syntax {
    const items: Array<Syntax> = []
    /** Whether a repetition operator may follow: not at the start, and not after another one. */
    let repeatable = false
    while (this.#reader.at < this.#reader.source.length) {
      const start = this.#reader.at
      const character = this.#reader.source[start]!
      if (character === "|" || character === ")") break
      const count = this.#quantifier()
      if (count !== undefined) {
        if (!repeatable) {
          throw this.#reader.error(
            items.length === 0
              ? `nothing to repeat${character === "*" ? " (any text is .*)" : ""}`
              : "a repetition of a repetition needs a group",
            start
          )
        }
        items.push(this.#repeat(items.pop()!, count, start))
        repeatable = false
        continue
      }
      if (this.#reader.source.startsWith("\\Q", start)) {
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
    const start = this.#reader.at + 2
    const end = this.#reader.source.indexOf("\\E", start)
    this.#reader.at = end < 0 ? this.#reader.source.length : end + 2
    return Array.from(this.#reader.source.slice(start, end < 0 ? undefined : end), (character) =>
      this.#literal(character.codePointAt(0)!)
    )
  }

  #quantifier(): { readonly min: number; readonly max: number; readonly greedy: boolean } | undefined {
    const bounds = this.#bounds()
    if (bounds === undefined) return undefined
    let greedy = !this.#flags.lazy
    if (this.#reader.source[this.#reader.at] === "?") {
      this.#reader.at++
      greedy = !greedy
    }
    return { ...bounds, greedy }
  }

  #bounds(): { readonly min: number; readonly max: number } | undefined {
    const character = this.#reader.source[this.#reader.at]
    if (character === "*" || character === "+" || character === "?") {
      this.#reader.at++
      return { min: character === "+" ? 1 : 0, max: character === "?" ? 1 : Number.POSITIVE_INFINITY }
    }
    if (character !== "{") return undefined
    const counted = /\{(0|[1-9]\d*)(,(0|[1-9]\d*)?)?\}/y
    counted.lastIndex = this.#reader.at
    const found = counted.exec(this.#reader.source)
    // A brace that is no count stands for itself.
    if (found === null) return undefined
    const min = Number(found[1])
    const max = found[2] === undefined ? min : found[3] === undefined ? Number.POSITIVE_INFINITY : Number(found[3])
    if (min > max) throw this.#reader.error("a repetition whose least count is above its most")
    if (min > MAX_REPETITION || (max > MAX_REPETITION && max !== Number.POSITIVE_INFINITY)) {
      throw this.#reader.error(`a repetition of more than ${MAX_REPETITION}`)
    }
    this.#reader.at += found[0].length
    return { min, max }
  }

  #repeat(item: Syntax, count: { min: number; max: number; greedy: boolean }, offset: number): Syntax {
    const repeat: Syntax = { kind: "repeat", item, ...count }
    const counted = count.max === Number.POSITIVE_INFINITY ? count.min > 1 : count.max > 1
    if (counted && repetitionOf(repeat) > MAX_REPETITION) {
      throw this.#reader.error(`nested repetitions of more than ${MAX_REPETITION} in all`, offset)
    }
    return repeat
  }

  /** undefined for what only sets flags. */
  #item(): Syntax | undefined {
    switch (this.#reader.source[this.#reader.at]!) {
      case "(":
        return this.#group()
      case "[":
        return { kind: "set", set: readBracket(this.#reader, this.#flags.ignoreCase) }
      case ".":
        this.#reader.at++
        return { kind: "set", set: this.#flags.dotAll ? ANY : ANY_BUT_NEWLINE }
      case "^":
        this.#reader.at++
        return { kind: "assertion", at: this.#flags.multiLine ? "line-start" : "text-start" }
      case "$":
        this.#reader.at++
        return { kind: "assertion", at: this.#flags.multiLine ? "line-end" : "text-end" }
      case "\\":
        return this.#backslash()
      default:
        return this.#literal(this.#reader.next())
    }
  }

  #literal(codePoint: number): Syntax {
    const literal = LITERALS[codePoint] ?? { kind: "set", set: [codePoint, codePoint] }
    return this.#flags.ignoreCase ? { kind: "set", set: caseFolded(literal.set) } : literal
  }

  #group(): Syntax | undefined {
    const start = this.#reader.at
    const source = this.#reader.source
    const outer = this.#flags
    if (!source.startsWith("(?", start)) {
      this.#reader.at++
      return this.#closed(start, outer, this.#captureIndex(start))
    }
    if (source.startsWith("(?:", start)) {
      this.#reader.at += 3
      return this.#closed(start, outer, 0)
    }
    if (LOOK_AROUND.some((opening) => source.startsWith(opening, start)))
      throw this.#reader.unsupported("look-around", start)
    if (source.startsWith("(?>", start)) throw this.#reader.unsupported("an atomic group", start)
    if (source.startsWith("(?P=", start) || source.startsWith("(?P>", start)) {
      throw this.#reader.unsupported("a back-reference", start)
    }
    if (source.startsWith("(?P<", start) || source.startsWith("(?<", start)) {
      const named = /\(\?P?<([A-Za-z0-9_]+)>/y
      named.lastIndex = start
      const found = named.exec(source)
      if (found === null) throw this.#reader.error("a group name is letters, digits and _ between < and >", start)
      if (this.#captureAt === undefined && this.#names.has(found[1]!)) {
        throw this.#reader.error(`the group name ${found[1]} is there twice`, start)
      }
      this.#names.add(found[1]!)
      this.#reader.at += found[0].length
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
    if (this.#reader.source[this.#reader.at] !== ")") throw this.#reader.error("there is a ( without its )", start)
    this.#reader.at++
    this.#flags = outer
    return capture === 0 ? item : { kind: "capture", item, index: capture }
  }

  /** `(?flags)` and `(?flags:…)`. */
  #flagGroup(start: number, outer: Flags): Syntax | undefined {
    const form = /\(\?([a-zA-Z]*)(-[a-zA-Z]+)?([:)])/y
    form.lastIndex = start
    const found = form.exec(this.#reader.source)
    if (found === null) throw this.#reader.error("(? begins a group of a kind that does not exist", start)
    let flags = outer
    for (const [letters, value] of [
      [found[1]!, true],
      [(found[2] ?? "").slice(1), false]
    ] as const) {
      for (const letter of letters) {
        const name = FLAG_NAMES.get(letter)
        if (name === undefined) throw this.#reader.error(`there is no flag ${letter}, only i, m, s and U`, start)
        flags = { ...flags, [name]: value }
      }
    }
    this.#reader.at += found[0].length
    this.#flags = flags
    return found[3] === ")" ? undefined : this.#closed(start, outer, 0)
  }

  #backslash(): Syntax {
    const assertion = ASSERTIONS.get(this.#reader.source[this.#reader.at + 1] ?? "")
    if (assertion !== undefined) {
      this.#reader.at += 2
      return { kind: "assertion", at: assertion }
    }
    const set = this.#reader.classEscape(this.#flags.ignoreCase)
    return set === undefined ? this.#literal(this.#reader.characterEscape()) : { kind: "set", set }
  }
}
