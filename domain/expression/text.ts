/** Texts as Go's strings package treats them; shared by built-in functions and CrowdSec's. */
import { partsOf } from "../text/text-search.ts"
import { EvaluationError } from "./error.ts"
import { limit } from "./limit.ts"
import { bounded, isAscii, tooLong, tooMany } from "./value.ts"

/**
 * One character at a time, as Go does: `ß` stays, and the end of a word changes nothing. JavaScript differs only where
 * a character becomes several, and for the Greek sigma.
 */
export const upper = (text: string): string => {
  const changed = text.toUpperCase()
  return changed.length === text.length ? changed : text.replace(runsWithOneUpper(), (run) => run.toUpperCase())
}

export const lower = (text: string): string =>
  special.test(text) ? text.replace(sigmas, smallSigmas).replace(dotted, smallIs).toLowerCase() : text.toLowerCase()

const special = /[\u03a3\u0130]/
const sigmas = /\u03a3+/g
const dotted = /\u0130+/g
const smallSigmas = (run: string): string => "\u03c3".repeat(run.length)
const smallIs = (run: string): string => "i".repeat(run.length)

/** Runs of characters whose upper case is one character. The others, such as `ß`, are looked for once. */
const runsWithOneUpper = (): RegExp => {
  if (oneUpper !== undefined) return oneUpper
  const characters = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code))
  const others = characters.filter((character) => character.toUpperCase().length > 1)
  oneUpper = new RegExp(`[^${others.join("")}]+`, "g")
  return oneUpper
}
let oneUpper: RegExp | undefined

const spaceClass = "\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"
const leadingSpace = new RegExp(`^[${spaceClass}]+`)
const isSpace = new RegExp(`[${spaceClass}]`)
const spaces = new RegExp(`[${spaceClass}]+`)

export const trimSpace = (text: string): string => {
  let end = text.length
  while (end > 0 && isSpace.test(text[end - 1]!)) end -= 1
  return text.slice(0, end).replace(leadingSpace, "")
}

export const fields = (text: string): ReadonlyArray<string> => text.split(spaces).filter((part) => part !== "")

export const trimLeft = (text: string, characters: string): string => {
  const set = new Set(characters)
  let from = 0
  for (const character of text) {
    if (!set.has(character)) break
    from += character.length
  }
  return text.slice(from)
}

export const trimRight = (text: string, characters: string): string => {
  const set = new Set(characters)
  const all = [...text]
  let end = all.length
  while (end > 0 && set.has(all[end - 1]!)) end -= 1
  return all.slice(0, end).join("")
}

export const trimPrefix = (text: string, prefix: string): string =>
  text.startsWith(prefix) ? text.slice(prefix.length) : text

export const trimSuffix = (text: string, suffix: string): string =>
  suffix !== "" && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text

/** Go's `SplitN`: at most `most` parts, all when it is negative; `""` splits into characters. */
export const split = (text: string, separator: string, most = -1): ReadonlyArray<string> => {
  if (most === 0) return []
  const parts = separator === "" ? [...text] : partsOf(text, separator)
  if (parts.length > limit.resultItems) throw tooMany()
  return most > 0 && parts.length > most ? [...parts.slice(0, most - 1), parts.slice(most - 1).join(separator)] : parts
}

/** Go's `SplitAfterN`: the same, each part with the separator behind it. */
export const splitAfter = (text: string, separator: string, most = -1): ReadonlyArray<string> => {
  const parts = split(text, separator, most)
  return parts.map((part, at) => (at < parts.length - 1 ? part + separator : part))
}

/** Go's `Replace`: the first `most` occurrences, all when it is negative; `""` stands before and after every character. */
export const replace = (text: string, from: string, to: string, most = -1): string => {
  const parts = from === "" ? ["", ...text, ""] : partsOf(text, from)
  const found = parts.length - 1
  const count = most < 0 ? found : Math.min(most, found)
  if (text.length + count * Math.max(to.length - from.length, 0) > limit.resultLength) throw tooLong()
  return parts.map((part, at) => (at === 0 ? part : (at <= count ? to : from) + part)).join("")
}

export const join = (parts: ReadonlyArray<unknown>, glue: string): string => {
  let length = glue.length * parts.length
  for (const part of parts) {
    if (typeof part !== "string") throw new EvaluationError("join works on an array of texts")
    length += part.length
    if (length > limit.resultLength + glue.length) throw tooLong()
  }
  return bounded(parts.join(glue))
}

export const repeat = (text: string, times: number): string => {
  if (times < 0) throw new EvaluationError("a text cannot be repeated less than zero times")
  // Not `>`, which is false of NaN too.
  if (!(text.length * times <= limit.resultLength)) throw tooLong()
  return text.repeat(times)
}

const utf8 = new TextEncoder()

/** Position in bytes of UTF-8, as Go counts: `at` counts UTF-16 units; -1 stays. */
export const byteIndex = (text: string, at: number): number =>
  at <= 0 || isAscii(text) ? at : utf8.encode(text.slice(0, at)).length
