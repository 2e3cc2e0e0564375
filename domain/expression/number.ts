import { EvaluationError } from "./error.ts"

/** Go's `strconv.ParseFloat` for decimal text, infinity and NaN; undefined when the text is no number. */
export const parseFloatText = (text: string): number | undefined => {
  if (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text)) {
    const value = Number(text)
    return Number.isFinite(value) ? value : undefined
  }
  const word = /^([-+]?)(?:(inf|infinity)|nan)$/i.exec(text)
  if (word === null) return undefined
  if (word[2] === undefined) return word[1] === "" ? Number.NaN : undefined
  return word[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
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
