import { between, type CharacterSet, complement, includes, LAST_CODE_POINT, onlyMember } from "./character-set.ts"
import { hasCapture, nullable, type Syntax } from "./syntax.ts"

/**
 * A pattern in JavaScript's syntax, for `new RegExp(source)` without any flag.
 */
export interface Translation {
  readonly source: string
  /**
   * Whether V8's linear-time engine can take over when backtracking explodes: it refuses look-around and counted
   * repetitions whose nested product passes 16.
   */
  readonly linear: boolean
}

/** V8's bound for the product of nested repetition counts. */
const MAX_LINEAR_REPETITION = 16
/** Unrolling a counted repetition must not make the source longer than this. */
const MAX_UNROLLED_LENGTH = 16_384
/** V8 compiles many copies of anything with alternatives in exponential time: from 40 on it takes seconds. */
const MAX_UNROLLED_COPIES = 16

export const translate = (syntax: Syntax): Translation => {
  const { text, repetition, lookAround } = write(syntax)
  return { source: text, linear: repetition <= MAX_LINEAR_REPETITION && !lookAround }
}

interface Written {
  readonly text: string
  /** How tightly the text binds: an atom can be repeated, a sequence stand in a sequence, a choice needs a group. */
  readonly binding: "atom" | "sequence" | "choice"
  /** Largest product of nested counts. */
  readonly repetition: number
  readonly lookAround: boolean
}

const atom = (text: string): Written => ({ text, binding: "atom", repetition: 1, lookAround: false })

const write = (syntax: Syntax): Written => {
  switch (syntax.kind) {
    case "empty":
      return { ...atom(""), binding: "sequence" }
    case "set":
      return atom(writeSet(syntax.set))
    case "sequence":
      return combined(syntax.items.map(write), "sequence")
    case "choice":
      return combined(syntax.items.map(write), "choice")
    case "capture": {
      const item = write(syntax.item)
      return { ...item, text: `(${item.text})`, binding: "atom" }
    }
    case "repeat":
      return writeRepeat(syntax)
    case "assertion":
      return writeAssertion(syntax.at)
  }
}

const combined = (items: ReadonlyArray<Written>, binding: "sequence" | "choice"): Written => ({
  text:
    binding === "choice"
      ? items.map((item) => item.text).join("|")
      : items.map((item) => (item.binding === "choice" ? `(?:${item.text})` : item.text)).join(""),
  binding,
  repetition: items.reduce((most, item) => Math.max(most, item.repetition), 1),
  lookAround: items.some((item) => item.lookAround)
})

const writeAssertion = (at: Extract<Syntax, { kind: "assertion" }>["at"]): Written => {
  // Not an atom: JavaScript refuses to repeat a bare assertion.
  const bare = (text: string, lookAround = false): Written => ({ ...atom(text), binding: "sequence", lookAround })
  switch (at) {
    case "text-start":
      return bare("^")
    case "text-end":
      return bare("$")
    // JavaScript's own m flag would also take a carriage return for the end of a line.
    case "line-start":
      return bare("(?<![^\\n])", true)
    case "line-end":
      return bare("(?![^\\n])", true)
    case "word-boundary":
      return bare("\\b")
    case "no-word-boundary":
      return bare("\\B")
  }
}

const grouped = (written: Written): string => (written.binding === "atom" ? written.text : `(?:${written.text})`)

const writeRepeat = (syntax: Extract<Syntax, { kind: "repeat" }>): Written => {
  const { min, max, greedy } = syntax
  const lazy = greedy ? "" : "?"
  const item = write(syntax.item)
  const sequence = (text: string, repetition: number): Written => ({
    text,
    binding: "sequence",
    repetition,
    lookAround: item.lookAround
  })
  const single = grouped(item)
  if (syntax.item.kind === "set" && max === Number.POSITIVE_INFINITY && isWide(syntax.item.set)) {
    // One UTF-16 unit after the other is the engine's fastest loop. Only the first characters must be whole ones, so
    // that a match never begins in the middle of a surrogate pair.
    const first = unrolled(single, min, min, "", MAX_LINEAR_REPETITION)
    return sequence(`${first}${writeUnits(syntax.item.set)}*${lazy}`, Math.max(1, Math.min(min, MAX_LINEAR_REPETITION)))
  }
  if (min === 0 && max === 1 && nullable(syntax.item)) {
    // JavaScript refuses an optional part that matches nothing, and goes back into it; an alternative it takes.
    return { ...item, text: greedy ? `(?:${item.text}|)` : `(?:|${item.text})`, binding: "atom" }
  }
  // For V8 a loop that must run, over what may be empty, is one copy more.
  const copies = max === Number.POSITIVE_INFINITY ? min + (min > 0 && nullable(syntax.item) ? 1 : 0) : max
  const count = Math.max(1, copies)
  if (item.repetition * count > MAX_LINEAR_REPETITION && !hasCapture(syntax.item) && !nullable(syntax.item)) {
    const chunk = Math.max(1, Math.floor(MAX_LINEAR_REPETITION / item.repetition))
    const few = syntax.item.kind === "set" || count <= chunk * MAX_UNROLLED_COPIES
    const text = few ? unrolled(single, min, max, lazy, chunk) : ""
    if (few && text.length <= MAX_UNROLLED_LENGTH) return sequence(text, item.repetition * Math.min(chunk, count))
  }
  return sequence(counted(single, min, max, lazy), item.repetition * count)
}

const counted = (single: string, min: number, max: number, lazy: string): string => {
  if (min === 1 && max === 1) return single
  if (max === Number.POSITIVE_INFINITY && min < 2) return `${single}${min === 0 ? "*" : "+"}${lazy}`
  if (min === 0 && max === 1) return `${single}?${lazy}`
  return `${single}{${min}${max === min ? "" : `,${max === Number.POSITIVE_INFINITY ? "" : max}`}}${lazy}`
}

/** The same repetition in pieces that V8's linear engine takes, written so that it is as unambiguous as before. */
const unrolled = (single: string, min: number, max: number, lazy: string, chunk: number): string => {
  let text = ""
  for (let left = min; left > 0 && text.length <= MAX_UNROLLED_LENGTH; left -= chunk) {
    const count = Math.min(left, chunk)
    text += counted(single, count, count, "")
  }
  return text + (max === Number.POSITIVE_INFINITY ? `${single}*${lazy}` : optional(single, max - min, lazy, chunk))
}

/** `x{0,most}` */
const optional = (single: string, most: number, lazy: string, chunk: number): string => {
  if (most === 0) return ""
  if (most <= chunk) return counted(single, 0, most, lazy)
  const many = `${counted(single, chunk, chunk, "")}${optional(single, most - chunk, lazy, chunk)}`
  const few = chunk === 1 ? "" : counted(single, 0, chunk - 1, lazy)
  return lazy === "" ? `(?:${many}|${few})` : `(?:${few}|${many})`
}

const ASTRAL_START = 0x10000
const SURROGATE_START = 0xd800
const SURROGATE_END = 0xdfff

/** Whether every code point beyond the basic plane belongs to the set, as for `.` and negated classes. */
const isWide = (set: CharacterSet): boolean =>
  set.length > 0 && set[set.length - 1] === LAST_CODE_POINT && set[set.length - 2]! <= ASTRAL_START

/** A wide set as a class over UTF-16 units. */
const writeUnits = (set: CharacterSet): string => writeClass([...between(set, 0, 0xffff)])

/** The parser shares the sets of equal characters and brackets. */
const writtenSets = new WeakMap<CharacterSet, string>()

const writeSet = (set: CharacterSet): string => {
  const known = writtenSets.get(set)
  if (known !== undefined) return known
  const text = writeNewSet(set)
  writtenSets.set(set, text)
  return text
}

const writeNewSet = (set: CharacterSet): string => {
  const only = onlyMember(set)
  if (only !== undefined && only < ASTRAL_START) return escaped(only, SYNTAX_CHARACTERS)
  const astral = between(set, ASTRAL_START, LAST_CODE_POINT)
  const basic = between(set, 0, 0xffff)
  if (astral.length === 0) return writeClass(basic)
  const alternatives = surrogatePairs(astral)
  const units = [...between(basic, 0, SURROGATE_START - 1), ...between(basic, SURROGATE_END + 1, 0xffff)]
  if (units.length > 0) alternatives.unshift(writeClass(units))
  return `(?:${alternatives.join("|")})`
}

/** Ranges beyond the basic plane, as a leading and a trailing UTF-16 unit. */
const surrogatePairs = (set: CharacterSet): Array<string> => {
  const alternatives: Array<string> = []
  for (let i = 0; i < set.length; i += 2) {
    for (let from = set[i]!; from <= set[i + 1]!; ) {
      const lead = from - ASTRAL_START
      // Whole blocks of 1,024 code points that share the class of trailing units go together.
      const whole = lead % 0x400 === 0 ? Math.floor((set[i + 1]! + 1 - from) / 0x400) : 0
      const to = whole > 0 ? from + whole * 0x400 - 1 : Math.min(set[i + 1]!, from - (lead % 0x400) + 0x3ff)
      const leading = [0xd800 + (lead >> 10), 0xd800 + ((to - ASTRAL_START) >> 10)]
      const trailing = [0xdc00 + (lead & 0x3ff), 0xdc00 + ((to - ASTRAL_START) & 0x3ff)]
      alternatives.push(`${writeClass(leading)}${writeClass(whole > 0 ? [0xdc00, 0xdfff] : trailing)}`)
      from = to + 1
    }
  }
  return alternatives
}

/** A set of UTF-16 units, negated when that is shorter. */
const writeClass = (set: CharacterSet): string => {
  if (!includes(set, 0xffff)) return `[${ranges(set)}]`
  return `[^${ranges(between(complement(set), 0, 0xffff))}]`
}

const ranges = (set: CharacterSet): string => {
  let text = ""
  for (let i = 0; i < set.length; i += 2) {
    const from = set[i]!
    const to = set[i + 1]!
    text += escaped(from, CLASS_CHARACTERS)
    if (to > from) text += `${to > from + 1 ? "-" : ""}${escaped(to, CLASS_CHARACTERS)}`
  }
  return text
}

const SYNTAX_CHARACTERS = "\\^$.*+?()[]{}|"
const CLASS_CHARACTERS = "\\]^-["

const escaped = (unit: number, special: string): string => {
  if (unit < 0x20 || unit > 0x7e) return `\\u${unit.toString(16).padStart(4, "0")}`
  const character = String.fromCharCode(unit)
  return special.includes(character) ? `\\${character}` : character
}
