/** What a plain scalar means where types count: YAML 1.1 as Go's yaml.v2 reads it, in which `yes` and `off` are booleans. */
import type { Scalar } from "./document.ts"

const truths = /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/
const falsehoods = /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/
const nothing = /^(?:|~|null|Null|NULL)$/
const wholeNumber = /^[-+]?(?:0|[1-9][0-9_]*|0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+)$/
const fraction = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/

/** A number too large to be exact, an infinity and a quoted text stay text. */
export const resolveScalar = ({ text, plain }: Scalar): string | number | boolean | null => {
  if (!plain || text.length > 64) return text
  if (nothing.test(text)) return null
  if (truths.test(text)) return true
  if (falsehoods.test(text)) return false
  if (wholeNumber.test(text)) return wholeNumberOf(text) ?? text
  if (fraction.test(text)) return fractionOf(text) ?? text
  return text
}

const wholeNumberOf = (text: string): number | undefined => {
  const negative = text.startsWith("-")
  const digits = text.replace(/^[-+]/, "").replaceAll("_", "")
  const octal = /^0[0-7]+$/.test(digits)
  const value = Number(octal ? `0o${digits.slice(1)}` : digits)
  if (!Number.isSafeInteger(value)) return undefined
  return negative && value !== 0 ? -value : value
}

const fractionOf = (text: string): number | undefined => {
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}
