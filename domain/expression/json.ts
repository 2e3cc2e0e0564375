/** JSON as Go's encoding/json reads and writes it, to and from values of expressions. */
import { byteOrder } from "../text/byte-order.ts"
import { EvaluationError } from "./error.ts"
import { Float } from "./float.ts"
import { valueText } from "./format.ts"
import { limit } from "./limit.ts"
import { isNil, kindOf, tooLong } from "./value.ts"

/**
 * Objects become maps, numbers floats. Throws `EvaluationError` when the text is not JSON. What is nested too deep is nil:
 * whoever can write one field of a log line must not hide the others.
 */
export const parseJson = (text: string): unknown => {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new EvaluationError("the text is not JSON")
  }
  return converted(parsed, 0)
}

const converted = (value: unknown, depth: number): unknown => {
  if (depth > limit.dataDepth) return null
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new EvaluationError("a number of the JSON is too large")
    return new Float(value)
  }
  if (typeof value === "string") return value.isWellFormed() ? value : value.toWellFormed()
  if (Array.isArray(value)) return value.map((item) => converted(item, depth + 1))
  if (typeof value !== "object" || value === null) return value
  const map = new Map<string, unknown>()
  for (const [key, item] of Object.entries(value)) map.set(key, converted(item, depth + 1))
  return map
}

/** Keys in order; with `indent` over several lines. `<`, `>` and `&` are escaped, as Go does. */
export const writeJson = (value: unknown, indent = ""): string =>
  written(value, indent, "", { room: limit.resultLength })

const written = (value: unknown, indent: string, margin: string, budget: { room: number }): string => {
  const text = isBranch(value) ? branch(value, indent, margin, budget) : leaf(value)
  budget.room -= isBranch(value) ? 2 : text.length
  if (budget.room < 0 || margin.length > limit.dataDepth * indent.length) throw tooLong()
  return text
}

const isBranch = (value: unknown): value is ReadonlyArray<unknown> | ReadonlyMap<string, unknown> =>
  Array.isArray(value) || value instanceof Map

const branch = (
  value: ReadonlyArray<unknown> | ReadonlyMap<string, unknown>,
  indent: string,
  margin: string,
  budget: { room: number }
): string => {
  const inner = margin + indent
  const isMap = value instanceof Map
  const parts = isMap
    ? keysOf(value as ReadonlyMap<unknown, unknown>).map((key) => {
        const colon = indent === "" ? ":" : ": "
        return leaf(key) + colon + written((value as ReadonlyMap<string, unknown>).get(key), indent, inner, budget)
      })
    : (value as ReadonlyArray<unknown>).map((item) => written(item, indent, inner, budget))
  const [open, close] = isMap ? ["{", "}"] : ["[", "]"]
  if (parts.length === 0 || indent === "") return open + parts.join(",") + close
  return `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${margin}${close}`
}

const keysOf = (map: ReadonlyMap<unknown, unknown>): ReadonlyArray<string> => {
  const keys = [...map.keys()]
  for (const key of keys)
    if (typeof key !== "string") throw new EvaluationError("a map whose keys are no strings cannot be written as JSON")
  return (keys as Array<string>).sort(byteOrder)
}

const leaf = (value: unknown): string => {
  if (isNil(value)) return "null"
  if (value instanceof Float && Number.isFinite(value.value)) return JSON.stringify(value.value)
  const kind = kindOf(value)
  if (kind === "int" || kind === "bool") return JSON.stringify(value)
  if (kind === "string" || kind === "time" || kind === "duration") {
    return JSON.stringify(valueText(value)).replace(
      /[<>&\u2028\u2029]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
    )
  }
  throw new EvaluationError(`${valueText(value)} cannot be written as JSON`)
}
