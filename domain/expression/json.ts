/** JSON as Go's encoding/json reads and writes it, to and from values of expressions. */
import { byteOrder } from "../text/byte-order.ts"
import { EvaluationError } from "./error.ts"
import { Duration } from "./duration.ts"
import { Float } from "./float.ts"
import { limit } from "./limit.ts"
import { IpAddress } from "./net-value.ts"
import { CalendarName, Time } from "./time.ts"
import type { JsonField, StructType } from "./type.ts"
import { isNil, kindOf, structOf, tooLong, typedField } from "./value.ts"

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

/** Keys of maps in order; with `indent` over several lines. `<`, `>` and `&` are escaped, as Go does. */
export const writeJson = (value: unknown, indent = ""): string =>
  written(value, indent, 0, { room: limit.resultLength })

interface Budget {
  room: number
}

const written = (value: unknown, indent: string, depth: number, budget: Budget): string => {
  const members = membersOf(value)
  if (members === undefined && !Array.isArray(value)) return spent(leaf(value), budget)
  const size = members?.length ?? (value as ReadonlyArray<unknown>).length
  spend(2 + (indent === "" ? 0 : size * indent.length * (depth + 1)), budget)
  if (depth >= limit.dataDepth) throw tooLong()
  const inner = (item: unknown) => written(item, indent, depth + 1, budget)
  if (members === undefined) return enclosed("[]", (value as ReadonlyArray<unknown>).map(inner), indent, depth)
  const colon = indent === "" ? ":" : ": "
  const parts = members.map(([key, item]) => spent(textJson(key), budget) + colon + inner(item))
  return enclosed("{}", parts, indent, depth)
}

const spent = (text: string, budget: Budget): string => {
  spend(text.length, budget)
  return text
}

const spend = (characters: number, budget: Budget): void => {
  budget.room -= characters
  if (budget.room < 0) throw tooLong()
}

const enclosed = (brackets: string, parts: ReadonlyArray<string>, indent: string, depth: number): string => {
  if (parts.length === 0 || indent === "") return brackets[0] + parts.join(",") + brackets[1]
  const margin = `\n${indent.repeat(depth)}`
  return `${brackets[0]}${margin}${indent}${parts.join(`,${margin}${indent}`)}${margin}${brackets[1]}`
}

type Members = ReadonlyArray<readonly [key: string, value: unknown]>

/** What goes between braces; undefined for other values. */
const membersOf = (value: unknown): Members | undefined => {
  if (value instanceof Map) return entriesOf(value)
  const type = structOf(value)
  return type?.json === undefined ? undefined : fieldsOf(value as object, type, type.json)
}

const entriesOf = (map: ReadonlyMap<unknown, unknown>): Members => {
  for (const key of map.keys())
    if (typeof key !== "string") throw new EvaluationError("a map whose keys are no strings cannot be written as JSON")
  return [...(map as ReadonlyMap<string, unknown>)].sort(([left], [right]) => byteOrder(left, right))
}

const fieldsOf = (object: object, { fields }: StructType, json: ReadonlyArray<JsonField>): Members =>
  json.flatMap(([name, key, optional]) => {
    const field = key === undefined ? undefined : fields.get(key)
    const value = field === undefined ? undefined : typedField(field, object)
    return optional === "optional" && isEmpty(value) ? [] : [[name, value] as const]
  })

const isEmpty = (value: unknown): boolean =>
  isNil(value) ||
  value === "" ||
  value === 0 ||
  value === false ||
  (value instanceof Float && value.value === 0) ||
  (Array.isArray(value) && value.length === 0) ||
  (value instanceof Map && value.size === 0)

const leaf = (value: unknown): string => {
  if (isNil(value)) return "null"
  if (value instanceof Float && Number.isFinite(value.value)) return JSON.stringify(value.value)
  if (typeof value === "string") return textJson(value)
  if (typeof value === "number" || typeof value === "boolean") return JSON.stringify(value)
  if (value instanceof Time) return timeJson(value)
  if (value instanceof Duration) return value.nanoseconds.toString()
  if (value instanceof CalendarName) return String(value.number)
  if (value instanceof IpAddress) return textJson(value.text)
  throw new EvaluationError(`${kindOf(value)} cannot be written as JSON`)
}

const textJson = (text: string): string =>
  JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )

const timeJson = (time: Time): string => {
  const year = time.calendar.getUTCFullYear()
  if (!(year >= 0 && year <= 9999)) throw new EvaluationError("only the years 0 to 9999 can be written as JSON")
  return `"${time.toRfc3339()}"`
}
