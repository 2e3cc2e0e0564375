/** What a verb makes of a value, as Go's package fmt does it. */
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js"
import { byteOrder } from "../../text/byte-order.ts"
import { Duration } from "../duration.ts"
import { Float } from "../float.ts"
import { CalendarName } from "../time.ts"
import { limit } from "../limit.ts"
import { isNil, kindOf, lengthOf, numberOf, structOf, typedField } from "../value.ts"
import type { Budget } from "./budget.ts"
import type { Directive } from "./directive.ts"
import { binaryPlaces, floatDigits, specialFloat } from "./float.ts"
import { backquoted, character, isPrintable, quoted, quotedCharacter } from "./quote.ts"
import { goTypeOf } from "./type-name.ts"

export const written = (directive: Directive, value: unknown, budget: Budget): string => {
  if (!isNil(value)) return typed(directive, value, budget)
  if (directive.verb === "v" || directive.verb === "T") return budget.spend(pad(directive, "<nil>"))
  return budget.spend(`%!${directive.verb}(<nil>)`)
}

/** What is in a list, map or struct: nil is nil there, whatever the verb. */
const item = (directive: Directive, value: unknown, budget: Budget): string => {
  if (!isNil(value)) return typed(directive, value, budget)
  return budget.spend(directive.source ? "interface {}(nil)" : "<nil>")
}

const typed = (directive: Directive, value: unknown, budget: Budget): string => {
  if (directive.verb === "T") return budget.spend(pad(directive, cut(goTypeOf(value), directive)))
  return budget.spend(textOf(directive, value, budget) ?? wrong(directive, value, budget))
}

/** `%!d(string=a)`. */
const wrong = (directive: Directive, value: unknown, budget: Budget): string => {
  const text = textOf({ ...directive, verb: "v", wrong: true }, value, budget)
  return `%!${directive.verb}(${goTypeOf(value)}=${text})`
}

/** Undefined for a verb that such a value does not have. */
const textOf = (directive: Directive, value: unknown, budget: Budget): string | undefined => {
  budget.charge(limit.stepsPerWrittenValue)
  if (typeof value === "string") return stringText(directive, value, budget)
  if (typeof value === "number") return integerText(directive, value)
  if (typeof value === "boolean") return /[vt]/.test(directive.verb) ? pad(directive, String(value)) : undefined
  if (value instanceof Float) return floatText(directive, value.value, budget)
  if (Array.isArray(value)) {
    return group(
      directive,
      value,
      value.map((each) => item(directive, each, budget))
    )
  }
  if (value instanceof Map) {
    const entries = Array.from(value, ([key, each]) => ({ key, text: item(directive, key, budget), each }))
    chargeSorting(entries, budget)
    const parts = entries.sort(inOrder).map(({ text, each }) => `${text}:${item(directive, each, budget)}`)
    return group(directive, value, parts)
  }
  return structText(directive, value as object, budget)
}

const group = (directive: Directive, value: unknown, parts: ReadonlyArray<string>): string => {
  if (directive.source) return `${goTypeOf(value)}{${parts.join(", ")}}`
  return `${value instanceof Map ? "map" : ""}[${parts.join(" ")}]`
}

interface WrittenKey {
  readonly key: unknown
  readonly text: string
}

/** Numbers by size, texts by their bytes, all others by what is written of them. */
const inOrder = (left: WrittenKey, right: WrittenKey): number => {
  const [less, more] = [numberOf(left.key), numberOf(right.key)]
  return less === undefined || more === undefined ? byteOrder(textIn(left), textIn(right)) : less - more
}

/** As many comparisons as there may be, each of which may read both keys to their ends. */
const chargeSorting = (entries: ReadonlyArray<WrittenKey>, budget: Budget): void => {
  const characters = entries.reduce((sum, entry) => sum + textIn(entry).length, 0)
  budget.charge(Math.ceil(Math.log2(entries.length + 1)) * (entries.length + characters / limit.charactersReadPerStep))
}

const textIn = ({ key, text }: WrittenKey): string => (typeof key === "string" ? key : text)

const structText = (directive: Directive, value: object, budget: Budget): string | undefined => {
  const type = structOf(value)
  const string = type?.methods.get("String")
  const integer =
    value instanceof Duration ? value.nanoseconds : value instanceof CalendarName ? value.number : undefined
  if (string !== undefined && /[vsxXq]/.test(directive.verb) && !(integer !== undefined && asNumber(directive))) {
    return stringText({ ...directive, source: false }, String(string.call(value as never)), budget)
  }
  if (integer !== undefined) return integerText(directive, integer)
  if (string !== undefined) return undefined
  if (type?.printed !== true) return /[vs]/.test(directive.verb) ? `{${kindOf(value)}}` : undefined
  const parts = Array.from(type.fields, ([name, field]) => {
    const text = item(directive, typedField(field, value), budget)
    return directive.named || directive.source ? `${name}:${text}` : text
  })
  return directive.source ? `${goTypeOf(value)}{${parts.join(", ")}}` : `{${parts.join(" ")}}`
}

/** Where Go does not ask a value for its text. */
const asNumber = ({ source, wrong }: Directive): boolean => source || wrong

const pad = ({ width, minus, zero }: Directive, text: string): string => {
  const missing = width === 0 ? 0 : width - lengthOf(text)
  if (missing <= 0) return text
  return minus ? text + " ".repeat(missing) : (zero ? "0" : " ").repeat(missing) + text
}

/** The same without zeros: those of a number stand behind its sign. */
const padWithSpaces = (directive: Directive, text: string): string => pad({ ...directive, zero: false }, text)

/** The first characters, as many as the precision says: of a long text no more is looked at than may be needed. */
const cut = (text: string, { precision }: Directive): string =>
  precision === undefined || text.length <= precision
    ? text
    : [...text.slice(0, 2 * precision)].slice(0, precision).join("")

const stringText = (directive: Directive, text: string, budget: Budget): string | undefined => {
  switch (directive.verb) {
    case "v":
      if (directive.source) return quotedText(directive, text)
      return pad(directive, cut(text, directive))
    case "s":
      return pad(directive, cut(text, directive))
    case "q":
      return quotedText(directive, text)
    case "x":
      return pad(directive, hexadecimalText(directive, text, budget))
    case "X":
      return pad(directive, hexadecimalText(directive, text, budget).toUpperCase())
    default:
      return undefined
  }
}

const quotedText = (directive: Directive, text: string): string => {
  const kept = cut(text, directive)
  return pad(directive, (directive.sharp ? backquoted(kept) : undefined) ?? quoted(kept, directive.plus))
}

/** The bytes of a text; the precision counts them. A character has one at least, and half a pair is no character. */
const hexadecimalText = ({ sharp, space, precision }: Directive, text: string, budget: Budget): string => {
  budget.charge(limit.stepsPerBytes)
  const seen = precision === undefined ? text : text.slice(0, precision + 1)
  const digits = bytesToHex(utf8ToBytes(seen).subarray(0, precision))
  const mark = sharp && digits !== "" ? "0x" : ""
  return space ? digits.replace(/..(?!$)/g, `$& ${mark}`).replace(/^/, mark) : mark + digits
}

const bases: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 }

const integerText = (directive: Directive, value: number | bigint): string | undefined => {
  const base = bases[directive.verb]
  if (base !== undefined) return padWithSpaces(directive, numeral(directive, value, base))
  switch (directive.verb) {
    case "c":
      return pad(directive, character(Number(value)))
    case "q":
      return pad(directive, quotedCharacter(Number(value), directive.plus))
    case "U":
      return padWithSpaces(directive, codePoint(directive, value))
    default:
      return undefined
  }
}

const prefixes: Readonly<Record<string, string>> = { b: "0b", x: "0x", X: "0x" }

const numeral = (directive: Directive, value: number | bigint, base: number): string => {
  const { verb, plus, space, sharp, zero, minus, width, precision } = directive
  // No digits at all for nothing.
  if (precision === 0 && Number(value) === 0) return ""
  const sign = value < 0 ? "-" : plus ? "+" : space ? " " : ""
  const least = precision ?? (zero && !minus ? width - sign.length : 0)
  let digits = (value < 0 ? -value : value).toString(base).padStart(least, "0")
  if (sharp && base === 8 && !digits.startsWith("0")) digits = `0${digits}`
  if (sharp) digits = (prefixes[verb] ?? "") + digits
  if (verb === "O") digits = `0o${digits}`
  return sign + (verb === "X" ? digits.toUpperCase() : digits)
}

/** `U+0041`, and with `#` the character too. */
const codePoint = ({ sharp, precision = 4 }: Directive, value: number | bigint): string => {
  const code = BigInt.asUintN(64, BigInt(value))
  const text = `U+${code.toString(16).toUpperCase().padStart(Math.max(precision, 4), "0")}`
  const shown = character(Number(code))
  return sharp && code <= 0x10ffffn && isPrintable(shown) ? `${text} '${shown}'` : text
}

const floatText = (directive: Directive, value: number, budget: Budget): string | undefined => {
  const { verb, plus, space, precision } = directive
  if (!/[vbgGxXfFeE]/.test(verb)) return undefined
  if (precision !== undefined || !/[vgG]/.test(verb)) budget.charge(binaryPlaces(value) / limit.binaryPlacesPerStep)
  const special = specialFloat(value)
  if (special !== undefined) return padWithSpaces(directive, signedSpecial(special, directive))
  const lower = verb === "v" ? "g" : verb.toLowerCase()
  const plainDigits = floatDigits(lower, Math.abs(value), precision)
  const digits = directive.sharp && /[efg]/.test(lower) ? pointed(plainDigits, lower, precision) : plainDigits
  const sign = value < 0 || Object.is(value, -0) ? "-" : plus ? "+" : space ? " " : ""
  return signedPad(directive, sign, /[EGX]/.test(verb) ? digits.toUpperCase() : digits)
}

/** `+Inf` has its sign always, `NaN` where one is asked for. */
const signedSpecial = (text: string, { plus, space }: Directive): string => {
  if (text === "NaN") return plus ? "+NaN" : space ? " NaN" : text
  return text === "+Inf" && space && !plus ? " Inf" : text
}

/** Zeros stand between the sign and the digits. */
const signedPad = (directive: Directive, sign: string, digits: string): string => {
  if (!directive.zero || directive.minus) return padWithSpaces(directive, sign + digits)
  return sign + digits.padStart(directive.width - sign.length, "0")
}

/** `#`: always with a decimal point, and with the zeros that `%g` leaves out. */
const pointed = (text: string, verb: string, precision: number | undefined): string => {
  const [, number = "", exponent = ""] = /^([\d.]+)(.*)$/.exec(text) ?? []
  const wanted = verb === "g" ? (precision ?? 6) : 0
  const significant = number.replace(".", "").replace(/^0+(?=.)/, "").length
  const zeros = "0".repeat(Math.max(wanted - significant, 0))
  return `${number}${number.includes(".") ? "" : "."}${zeros}${exponent}`
}
