/**
 * Readers: what a value of a document is expected to be. A reader either gives the typed value or reports why it cannot
 * and gives `broken`; `mapping` knows every key that may be there, so that a mistyped one is told and not ignored.
 * Rules and the configuration are read with these alone.
 */
import { parseDuration } from "../time/duration.ts"
import { isNothing } from "./document.ts"
import type { Document, Value } from "./document.ts"
import { brief, broken, quote } from "./report.ts"
import type { Broken, Located, Place, Report } from "./report.ts"
import { resolveScalar } from "./scalar.ts"
import { suggestion } from "../text/suggestion.ts"

/** A value and where it stands. */
export interface Field extends Place {
  readonly value: Value
}

export type Reader<A> = (field: Field, report: Report) => A | Broken

/** Reads a whole document; undefined when it is broken, which the report then tells. */
export const readDocument = <A>(document: Document, read: Reader<A>, report: Report): A | undefined => {
  const result = read({ value: document.value, line: document.value.line, key: "" }, report)
  return result === broken ? undefined : result
}

const describe = (value: Value): string => {
  if (value.kind === "mapping") return "a mapping (keys and values)"
  if (value.kind === "list") return "a list"
  return isNothing(value) ? "nothing" : quote(value.text)
}

const named = (place: Place): string => (place.key === "" ? "the document" : quote(place.key))

/** Reports that the field is not `expected` ("a whole number", …). */
const mismatch = (field: Field, report: Report, expected: string): Broken =>
  report.error(report.codes.wrongType, field, `${named(field)} must be ${expected}, but is ${describe(field.value)}`)

/** Text as written; numbers and booleans are text too. */
export const text: Reader<string> = (field, report) => {
  if (field.value.kind === "scalar") return isNothing(field.value) ? "" : field.value.text
  return mismatch(field, report, "a text (put quotes around one that holds `: `, `{` or `[`)")
}

/** Text that is an expression or a pattern, with its place for whoever compiles it. */
export const located: Reader<Located> = (field, report) => {
  const read = text(field, report)
  if (read === broken) return broken
  return { text: read, line: field.value.kind === "scalar" ? field.value.textLine : field.line, key: field.key }
}

/** A YAML 1.1 boolean: `true`, `yes`, `on` and their opposites, without quotes. */
export const flag: Reader<boolean> = (field, report) => {
  const value = field.value.kind === "scalar" ? resolveScalar(field.value) : undefined
  return typeof value === "boolean" ? value : mismatch(field, report, "true or false (without quotes)")
}

/** What is in quotes is a text, and looks like the number that it should be. */
const unquoted = (expected: string, { value }: Field): string =>
  value.kind === "scalar" && !value.plain ? `${expected} (without quotes)` : expected

export interface Bounds {
  readonly least: number
  readonly most: number
}

const within = (value: number, bounds: Bounds, field: Field, report: Report): number | Broken => {
  if (value >= bounds.least && value <= bounds.most) return value
  const message = `${named(field)} must be between ${bounds.least} and ${bounds.most}, but is ${value}`
  return report.error(report.codes.wrongValue, field, message)
}

export const integer =
  (bounds: Bounds): Reader<number> =>
  (field, report) => {
    const value = field.value.kind === "scalar" ? resolveScalar(field.value) : undefined
    if (typeof value !== "number" || !Number.isInteger(value))
      return mismatch(field, report, unquoted("a whole number", field))
    return within(value, bounds, field, report)
  }

export const number =
  (bounds: Bounds): Reader<number> =>
  (field, report) => {
    const value = field.value.kind === "scalar" ? resolveScalar(field.value) : undefined
    if (typeof value !== "number") return mismatch(field, report, unquoted("a number", field))
    return within(value, bounds, field, report)
  }

/** Go duration text such as `10s` or `1h30m`, in nanoseconds; none is negative here. */
export const duration: Reader<bigint> = (field, report) => {
  const read = text(field, report)
  if (read === broken) return broken
  const value = parseDuration(read)
  if (value !== undefined && value >= 0n) return value
  const hint = /^\d+$/.test(read) ? `; did you mean \`${read}s\`?` : ""
  const message = `${named(field)} must be a duration such as \`30s\`, \`5m\` or \`1h30m\`, but is ${quote(read)}${hint}`
  return report.error(report.codes.wrongValue, field, message)
}

/** One of a few words. */
export const choice =
  <const Word extends string>(...words: ReadonlyArray<Word>): Reader<Word> =>
  (field, report) => {
    const read = text(field, report)
    if (read === broken) return broken
    const word = words.find((candidate) => candidate === read)
    if (word !== undefined) return word
    const near = suggestion(read, words)
    const message = `${named(field)} must be one of ${words.filter(Boolean).join(", ")}, but is ${quote(read)}`
    return report.error(report.codes.wrongValue, field, near ? `${message}; did you mean ${quote(near)}?` : message)
  }

/** Any value that nobody here looks at. */
export const anything: Reader<undefined> = () => undefined

/** A list, each of whose items the reader reads; broken when any of them is. */
export const list =
  <A>(read: Reader<A>): Reader<ReadonlyArray<A>> =>
  (field, report) => {
    const items = itemsOf(read, field, report)
    return items === broken || items.includes(broken) ? broken : (items as ReadonlyArray<A>)
  }

/** A list of which what is right counts, whatever is wrong with the others. */
export const listOfRight =
  <A>(read: Reader<A>): Reader<ReadonlyArray<A>> =>
  (field, report) => {
    const items = itemsOf(read, field, report)
    return items === broken ? broken : items.filter((item): item is A => item !== broken)
  }

const itemsOf = <A>(read: Reader<A>, field: Field, report: Report): ReadonlyArray<A | Broken> | Broken => {
  const { value } = field
  if (value.kind !== "list") return mismatch(field, report, "a list (each item begins with `- `)")
  const items: Array<A | Broken> = []
  for (const [index, item] of value.items.entries()) {
    const at = { value: item, line: item.line, key: `${field.key}[${index}]` }
    if (!report.admit(at)) return broken
    items.push(isNothing(item) ? mismatch(at, report, "there; remove the lone `-`") : read(at, report))
  }
  return items
}

/** A mapping whose keys the author chooses, in the order written. */
export const dictionary =
  <A>(read: Reader<A>): Reader<ReadonlyMap<string, A>> =>
  (field, report) => {
    const { value } = field
    if (value.kind !== "mapping") return mismatch(field, report, "a mapping (`name: value`)")
    const entries = new Map<string, A>()
    let whole = true
    for (const [name, entry] of value.entries) {
      const at = member(field, name, entry.value)
      if (!report.admit(at)) return broken
      const result = read(at, report)
      if (result === broken) whole = false
      else entries.set(name, result)
    }
    return whole ? entries : broken
  }

/**
 * A key of a mapping: how its value is read, and what its absence means. A value that is not there (`key:`) counts as
 * absent; so does an empty text where the key is required.
 */
export interface Member<A> {
  readonly read: Reader<A>
  readonly absent: { readonly value: A } | undefined
}

export const required = <A>(read: Reader<A>): Member<A> => ({ read, absent: undefined })
export const optional = <A>(read: Reader<A>): Member<A | undefined> => ({ read, absent: { value: undefined } })
export const defaulted = <A>(read: Reader<A>, value: A): Member<A> => ({ read, absent: { value } })

const isEmpty = (value: Value): boolean => value.kind === "scalar" && value.text === ""

/**
 * A mapping with exactly these keys. The result has them all. `misplaced`: keys that people write here, and where they
 * belong.
 */
export const mapping =
  <A extends object>(
    members: { readonly [Key in keyof A]: Member<A[Key]> },
    misplaced: Readonly<Record<string, string>> = {}
  ): Reader<A> =>
  (field, report) => {
    const { value } = field
    if (value.kind !== "mapping") return mismatch(field, report, "a mapping (`key: value`)")
    const names = Object.keys(members)
    const meant = new Set<string>()
    let whole = true
    for (const [name, entry] of value.entries) {
      if (Object.hasOwn(members, name)) continue
      whole = false
      const near = suggestion(name, names)
      if (near !== undefined) meant.add(near)
      const hint = Object.hasOwn(misplaced, name)
        ? misplaced[name]
        : near === undefined
          ? `the keys are ${names.join(", ")}`
          : `did you mean ${quote(near)}?`
      const message = `${quote(name)}${strangerIn(name)} is not a known key here; ${hint}`
      report.error(report.codes.unknownKey, { line: entry.line, key: child(field, name) }, message)
    }
    const result: Record<string, unknown> = {}
    for (const name of names) {
      const known = members[name as keyof A]
      const entry = value.entries.get(name)
      if (entry === undefined || isNothing(entry.value) || (known.absent === undefined && isEmpty(entry.value))) {
        if (known.absent !== undefined) {
          result[name] = known.absent.value
          continue
        }
        whole = false
        // A mistyped key is told once, not again as a missing one.
        if (meant.has(name)) continue
        const at = { line: entry?.line ?? field.line, key: child(field, name) }
        report.error(report.codes.missingKey, at, `${quote(name)} is ${entry === undefined ? "missing" : "empty"}`)
        continue
      }
      const at = member(field, name, entry.value)
      if (!report.admit(at)) return broken
      const read = known.read(at, report)
      if (read === broken) whole = false
      else result[name] = read
    }
    return whole ? (result as A) : broken
  }

/** A character that looks like another one or like nothing: what was meant looks the same. */
const strangerIn = (name: string): string => {
  const code = /[^\x20-\x7e]/u.exec(name)?.[0].codePointAt(0)
  return code === undefined ? "" : ` (with the character U+${code.toString(16).toUpperCase().padStart(4, "0")})`
}

const child = (field: Field, name: string): string => (field.key === "" ? brief(name) : `${field.key}.${brief(name)}`)

const member = (field: Field, name: string, value: Value): Field => ({
  value,
  line: value.line,
  key: child(field, name)
})

/** Where the named key of a mapping stands; where the mapping stands when the key is not there. */
export const placeOf = (field: Field, name: string): Place => {
  const entry = field.value.kind === "mapping" ? field.value.entries.get(name) : undefined
  return { line: entry?.line ?? field.line, key: child(field, name) }
}

/** Reads, then looks at the result with its place at hand: for what one key alone cannot tell. */
export const refined =
  <A, B>(read: Reader<A>, then: (value: A, field: Field, report: Report) => B | Broken): Reader<B> =>
  (field, report) => {
    const value = read(field, report)
    return value === broken ? broken : then(value, field, report)
  }
