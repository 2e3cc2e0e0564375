import { EvaluationError } from "./error.ts"

/** Digits may be set apart by single underscores. */
const decimal = /^[-+]?(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][-+]?\d(?:_?\d)*)?$/
const hexadecimal = /^([-+]?)0[xX]((?:_?[\da-fA-F])*)(?:\.([\da-fA-F](?:_?[\da-fA-F])*)?)?[pP]([-+]?\d(?:_?\d)*)$/

/** Go's `strconv.ParseFloat`; undefined when the text is no number, or one that is too large. */
export const parseFloatText = (text: string): number | undefined => {
  const number = digitsOf(text)
  if (number !== undefined) return Number.isFinite(number) ? number : undefined
  return wordOf(text)
}

/** What Go gives beside its error: 0 for what is no number, infinity for one that is too large. */
export const nearestFloat = (text: string): number => digitsOf(text) ?? wordOf(text) ?? 0

const digitsOf = (text: string): number | undefined => {
  if (decimal.test(text)) return Number(text.replaceAll("_", ""))
  const hex = hexadecimal.exec(text.length > 64 ? "" : text)
  return hex === null ? undefined : hexadecimalOf(hex.slice(1).map((part = "") => part.replaceAll("_", "")))
}

const wordOf = (text: string): number | undefined => {
  const word = /^([-+]?)(?:(inf|infinity)|nan)$/i.exec(text)
  if (word === null) return undefined
  if (word[2] === undefined) return word[1] === "" ? Number.NaN : undefined
  return word[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

const hexadecimalOf = ([sign, whole = "", fraction = "", exponent]: ReadonlyArray<string>): number | undefined => {
  if (whole + fraction === "") return undefined
  const digits = Number(`0x${whole}${fraction}`)
  const value = digits === 0 ? 0 : digits * 2 ** (Number(exponent) - 4 * fraction.length)
  return sign === "-" ? -value : value
}

/** Go's `strconv.Atoi`; undefined when the text is no int, or one that JavaScript cannot hold exactly. */
export const parseIntText = (text: string): number | undefined => {
  if (!/^[-+]?\d+$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value + 0 : undefined
}

export const truncate = (value: number): number => {
  const whole = Math.trunc(value) + 0
  if (!Number.isSafeInteger(whole)) throw new EvaluationError(`${value} is too large for an int`)
  return whole
}
