/** Values to text as Go's fmt does it. */
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js"
import { byteOrder } from "../text/byte-order.ts"
import { Duration } from "./duration.ts"
import { Float } from "./float.ts"
import { limit } from "./limit.ts"
import { Time } from "./time.ts"
import { isNil, kindOf, structOf, tooLong } from "./value.ts"

/** `%g` with the fewest digits that read back the same: `443`, `0.5`, `1e+06`, `1.5e-07`. */
export const shortestFloat = (value: number): string => {
  const special = specialFloat(value)
  if (special !== undefined) return special
  if (value === 0) return Object.is(value, -0) ? "-0" : "0"
  const [digits, exponent] = value.toExponential().split("e") as [string, string]
  const power = Number(exponent)
  return power < -4 || power >= 6 ? exponential(digits, power) : String(value)
}

const exponential = (digits: string, power: number): string =>
  `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`

const specialFloat = (value: number): string | undefined => {
  if (Number.isNaN(value)) return "NaN"
  if (value === Number.POSITIVE_INFINITY) return "+Inf"
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : undefined
}

/** `%f`: six decimals unless told otherwise, digits in full however large the value. */
export const fixedFloat = (value: number, decimals = 6): string => {
  const special = specialFloat(value)
  if (special !== undefined) return special
  if (Math.abs(value) < 1e21) return halfToEven(value, decimals)
  return decimals === 0 ? BigInt(value).toString() : `${BigInt(value)}.${"0".repeat(decimals)}`
}

/** JavaScript rounds an exact half up, Go to the even digit. */
const halfToEven = (value: number, decimals: number): string => {
  const rounded = value.toFixed(decimals)
  if (decimals >= 100 || !value.toFixed(decimals + 1).endsWith("5")) return rounded
  const exact = value.toFixed(100)
  const cutOff = exact.length - (100 - decimals)
  const isHalf = /^50*$/.test(exact.slice(cutOff))
  const kept = decimals === 0 ? exact.slice(0, cutOff - 1) : exact.slice(0, cutOff)
  return isHalf && /[02468]$/.test(kept) ? kept : rounded
}

/** `%v`. Maps are written with their keys in order. */
export const valueText = (value: unknown): string => pieces(value, { room: limit.resultLength })

const pieces = (value: unknown, budget: { room: number }): string => {
  const text = plainText(value, budget)
  budget.room -= text.length
  if (budget.room < 0) throw tooLong()
  return text
}

const plainText = (value: unknown, budget: { room: number }): string => {
  if (isNil(value)) return "<nil>"
  if (typeof value === "string") return value
  if (typeof value === "number" || typeof value === "boolean") return String(value)
  if (value instanceof Float) return shortestFloat(value.value)
  if (Array.isArray(value)) return `[${value.map((item) => pieces(item, budget)).join(" ")}]`
  if (value instanceof Map) {
    const entries = Array.from(value as Map<unknown, unknown>, ([key, item]) => [plainText(key, budget), item] as const)
    entries.sort(([left], [right]) => byteOrder(left, right))
    return `map[${entries.map(([key, item]) => `${key}:${pieces(item, budget)}`).join(" ")}]`
  }
  if (value instanceof Time || value instanceof Duration) return value.toString()
  const string = structOf(value)?.methods.get("String")
  return string === undefined ? `{${kindOf(value)}}` : String(string.call(value as never))
}

/**
 * What a static makes of a value: text as it is, int decimal, float `%f`, nil, map and
 * array "". Undefined for anything else, such as a bool, which fits into no field and aborts the parse of the event.
 */
export const staticText = (value: unknown): string | undefined => {
  if (typeof value === "string") return value
  if (typeof value === "number") return String(value)
  if (value instanceof Float) return fixedFloat(value.value)
  return isNil(value) || Array.isArray(value) || value instanceof Map ? "" : undefined
}

interface Verb {
  readonly flags: string
  readonly width: number
  readonly precision: number | undefined
  readonly letter: string
}

const directive = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d*))?([\s\S]?)/gu
const widest = 10_000

/** `fmt.Sprintf`: verbs v T d s q f F e E g G x X o b c U t, with flags, width, precision and `*`. */
export const sprintf = (format: string, given: ReadonlyArray<unknown>): string => {
  let used = 0
  let result = ""
  let from = 0
  const next = (): unknown => given[used++]
  const star = (text: string | undefined): number | undefined => {
    if (text === undefined) return undefined
    const value = text === "*" ? next() : Number(text)
    return typeof value === "number" ? value : undefined
  }
  for (const match of format.matchAll(directive)) {
    const [all, flags, widthText, precisionText, letter] = match
    result += format.slice(from, match.index)
    from = match.index + all.length
    if (letter === "%") {
      result += "%"
      continue
    }
    if (letter === "") {
      result += "%!(NOVERB)"
      continue
    }
    const width = star(widthText) ?? 0
    const precision = precisionText === "" ? 0 : star(precisionText)
    if (Math.abs(width) > widest || (precision ?? 0) > widest) throw tooLong()
    if (used >= given.length) {
      result += `%!${letter}(MISSING)`
      continue
    }
    const verb = { flags: width < 0 ? `${flags}-` : flags!, width: Math.abs(width), precision, letter: letter! }
    result += pad(verbText(verb, next()), verb)
    if (result.length > limit.resultLength) throw tooLong()
  }
  result += format.slice(from)
  if (used < given.length) {
    const extra = given.slice(used).map((value) => `${goType(value)}=${valueText(value)}`)
    result += `%!(EXTRA ${extra.join(", ")})`
  }
  return result
}

const pad = (text: string, { flags, width, letter }: Verb): string => {
  if (width <= 0) return text
  const missing = width - [...text].length
  if (missing <= 0) return text
  if (flags.includes("-")) return text + " ".repeat(missing)
  if (!flags.includes("0") || "vsqTt".includes(letter)) return " ".repeat(missing) + text
  const sign = /^[-+ ]/.exec(text)?.[0] ?? ""
  return sign + "0".repeat(missing) + text.slice(sign.length)
}

const signed = (text: string, flags: string): string => {
  if (text.startsWith("-") || text.startsWith("+")) return text
  return flags.includes("+") ? `+${text}` : flags.includes(" ") ? ` ${text}` : text
}

const cut = (text: string, precision: number | undefined): string =>
  precision === undefined ? text : [...text].slice(0, precision).join("")

const verbText = (verb: Verb, value: unknown): string => {
  const { flags, precision, letter } = verb
  switch (letter) {
    case "v":
      if (typeof value === "number") return signed(String(value), flags)
      if (value instanceof Float && precision !== undefined) return floatText(verb, value.value)
      return flags.includes("#") && typeof value === "string" ? JSON.stringify(value) : valueText(value)
    case "T":
      return goType(value)
    case "t":
      return typeof value === "boolean" ? String(value) : wrong(letter, value)
    case "s":
      return typeof value === "number" || value instanceof Float || typeof value === "boolean"
        ? wrong(letter, value)
        : cut(isNil(value) ? "%!s(<nil>)" : valueText(value), precision)
    case "q":
      if (typeof value === "number") return `'${character(value)}'`
      return typeof value === "string" ? quoted(cut(value, precision)) : wrong(letter, value)
    case "d":
      return typeof value === "number" ? signed(String(value), flags) : wrong(letter, value)
    case "b":
    case "o":
      return typeof value === "number" ? signed(value.toString(letter === "b" ? 2 : 8), flags) : wrong(letter, value)
    case "x":
    case "X":
      return hexadecimal(verb, value)
    case "c":
      return typeof value === "number" ? character(value) : wrong(letter, value)
    case "U":
      return typeof value === "number" ? `U+${value.toString(16).toUpperCase().padStart(4, "0")}` : wrong(letter, value)
    case "e":
    case "E":
    case "f":
    case "F":
    case "g":
    case "G":
      return value instanceof Float ? floatText(verb, value.value) : wrong(letter, value)
    default:
      return wrong(letter, value)
  }
}

const wrong = (letter: string, value: unknown): string =>
  isNil(value) ? `%!${letter}(<nil>)` : `%!${letter}(${goType(value)}=${valueText(value)})`

const named = ["\\a", "\\b", "\\t", "\\n", "\\v", "\\f", "\\r"]

/** `strconv.Quote`: what cannot be seen is escaped, spaces beyond ASCII too. */
const quoted = (text: string): string => {
  const escaped = text.replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (found) => {
    const code = found.codePointAt(0)!
    if (found === '"' || found === "\\") return `\\${found}`
    if (code >= 7 && code <= 13) return named[code - 7]!
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`
    return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`
  })
  return `"${escaped}"`
}

const character = (code: number): string =>
  code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : "\ufffd"

const hexadecimal = ({ flags, letter }: Verb, value: unknown): string => {
  const text =
    typeof value === "number"
      ? signed(value.toString(16), flags)
      : typeof value === "string"
        ? bytesToHex(utf8ToBytes(value))
        : undefined
  if (text === undefined) return wrong(letter, value)
  const prefixed = flags.includes("#") ? text.replace(/^([-+ ]?)/, "$10x") : text
  return letter === "X" ? prefixed.toUpperCase() : prefixed
}

const floatText = ({ flags, precision, letter }: Verb, value: number): string => {
  const special = specialFloat(value)
  if (special !== undefined) return special
  const lower = letter.toLowerCase()
  const text =
    lower === "f"
      ? fixedFloat(value, Math.min(precision ?? 6, 100))
      : lower === "e"
        ? scientific(value.toExponential(Math.min(precision ?? 6, 100)))
        : precision === undefined
          ? shortestFloat(value)
          : general(value, Math.min(Math.max(precision, 1), 100))
  return signed(letter === lower ? text : text.toUpperCase(), flags)
}

const scientific = (text: string): string => {
  const [digits, power] = text.split("e") as [string, string]
  return exponential(digits, Number(power))
}

/** `%.Ng`: N digits that matter, trailing zeros left out. */
const general = (value: number, digits: number): string => {
  const power = value === 0 ? 0 : Number(value.toExponential(digits - 1).split("e")[1])
  const trimmed = (text: string) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text)
  if (power >= -4 && power < digits) return trimmed(value.toFixed(Math.min(Math.max(digits - 1 - power, 0), 100)))
  return exponential(trimmed(value.toExponential(digits - 1).split("e")[0]!), power)
}

/** Name of a value's type in Go. */
const goType = (value: unknown): string => {
  if (isNil(value)) return "<nil>"
  if (value instanceof Float) return "float64"
  if (value instanceof Map) return "map[string]interface {}"
  if (Array.isArray(value)) return "[]interface {}"
  if (value instanceof Time) return "time.Time"
  if (value instanceof Duration) return "time.Duration"
  return kindOf(value)
}
