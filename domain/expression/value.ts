/**
 * Values, and what comparisons, indices and keys make of them. At run time: text is a string, bool a boolean, int a number,
 * float a `Float`, nil `undefined` (`null` is read as nil too), array an Array, map a `Map` with string keys or an
 * `AnyKeyMap`, time a `Time`, duration a `Duration`; a struct is any object whose type is declared.
 */
import { byteOrder } from "../text/byte-order.ts"
import { Duration } from "./duration.ts"
import { EvaluationError } from "./error.ts"
import { Float } from "./float.ts"
import { knownType, remember } from "./known-type.ts"
import { limit } from "./limit.ts"
import { truncate } from "./number.ts"
import { CalendarName, Time } from "./time.ts"
import type { Field, StructType, Type } from "./type.ts"
import { typeOfObject, zeroOf } from "./type.ts"

/** A map of texts where no static type says so, as `ParseKV` makes them: a missing key reads as "". */
export class TextMap extends Map<string, string> {}

/** A map whose keys are more than texts, as `groupBy` and `fromPairs` make it. As in Go, an int and a float are two keys. */
export class AnyKeyMap extends Map<unknown, unknown> {
  /** Floats, times and durations are objects: of those that are one key, the one that came first. */
  readonly #first = new Map<unknown, unknown>()

  override get(key: unknown): unknown {
    return super.get(this.#known(key))
  }

  override has(key: unknown): boolean {
    return super.has(this.#known(key))
  }

  override set(key: unknown, value: unknown): this {
    const mark = markOf(key)
    if (mark !== undefined && !this.#first.has(mark)) this.#first.set(mark, key)
    return super.set(this.#known(key), value)
  }

  #known(key: unknown): unknown {
    return isNil(key) ? undefined : (this.#first.get(markOf(key)) ?? key)
  }
}

/** What the objects have in common that are one key of a map; undefined where a key is none. */
const markOf = (key: unknown): unknown => {
  if (typeof key !== "object" || key === null) return undefined
  if (key instanceof Float) return key.value
  if (key instanceof Duration) return key.nanoseconds
  if (key instanceof Time) return `${key.unixNanoseconds} ${key.offset}`
  if (key instanceof CalendarName) return key.name
  throw new EvaluationError(`${kindOf(key)} cannot be the key of a map`)
}

/** A key as a map has it, where it can have it: nil is that of no name among texts. */
export const keyIn = (map: ReadonlyMap<unknown, unknown>, key: unknown): unknown => {
  if (map instanceof AnyKeyMap || typeof key === "string") return key
  if (isNil(key)) return ""
  throw new EvaluationError(`a key of a map is a string, not ${kindOf(key)}`)
}

export const isNil = (value: unknown): value is null | undefined => value === undefined || value === null

/** The declared type of a run-time object that carries one, or is known by one. */
export const structOf = (value: unknown): StructType | undefined => {
  if (typeof value !== "object" || value === null) return undefined
  const own = (value as { readonly [typeOfObject]?: StructType })[typeOfObject]
  if (own !== undefined) return own
  const known = knownType(value)
  return known?.kind === "struct" ? known : undefined
}

/** What kind of value it is, for messages and the built-in `type`. */
export const kindOf = (value: unknown): string => {
  if (isNil(value)) return "nil"
  if (typeof value === "number") return "int"
  if (value instanceof Float) return "float"
  if (typeof value === "boolean") return "bool"
  if (Array.isArray(value)) return "array"
  if (value instanceof Map) return "map"
  return typeof value === "string" ? "string" : (structOf(value)?.name ?? "struct")
}

/** An int or a float as a JavaScript number, anything else undefined. */
export const numberOf = (value: unknown): number | undefined =>
  typeof value === "number" ? value : value instanceof Float ? value.value : undefined

/** The int that a number stands for where an int is asked for: of a float what is before its point. */
export const intOf = (value: unknown): number | undefined => {
  const number = numberOf(value)
  return number === undefined ? undefined : Math.trunc(number) + 0
}

/** All that is in an array and in the arrays in it. These may be the same one over and over: whoever counts must be quick. */
export const flattened = (items: ReadonlyArray<unknown>): ReadonlyArray<unknown> => {
  const flat: Array<unknown> = []
  let met = 0
  const flatten = (nested: ReadonlyArray<unknown>): void => {
    met += nested.length
    if (met > 2 * limit.resultItems) throw tooMany()
    for (const item of nested) {
      if (Array.isArray(item)) flatten(item)
      else flat.push(item)
    }
  }
  flatten(items)
  if (flat.length > limit.resultItems) throw tooMany()
  return flat
}

/** Below zero, zero or above; NaN where a float is not a number. Texts compare by code point, as bytes of UTF-8 do. */
export const compare = (left: unknown, right: unknown, operator: string): number => {
  if (typeof left === "number" && typeof right === "number") return left - right
  if (typeof left === "string" && typeof right === "string") return byteOrder(left, right)
  const first = numberOf(left)
  const second = numberOf(right)
  if (first !== undefined && second !== undefined) return first < second ? -1 : first > second ? 1 : first - second
  if (left instanceof Time && right instanceof Time) return sign(left.unixNanoseconds - right.unixNanoseconds)
  if (left instanceof Duration && right instanceof Duration) return sign(left.nanoseconds - right.nanoseconds)
  throw mismatch(operator, left, right)
}

const sign = (value: bigint): number => (value < 0n ? -1 : value > 0n ? 1 : 0)

export const mismatch = (operator: string, left: unknown, right: unknown): EvaluationError =>
  new EvaluationError(`${operator} has no meaning between ${kindOf(left)} and ${kindOf(right)}`)

/** An operand of `contains`, `startsWith`, `endsWith` or `matches`: undefined when it is nil. */
export const textOperand = (value: unknown, operator: string): string | undefined => {
  if (typeof value === "string") return value
  if (isNil(value)) return undefined
  throw new EvaluationError(`${operator} needs texts, but met ${kindOf(value)}`)
}

/** An operand that must be a bool. */
export const boolOperand = (value: unknown): boolean => {
  if (typeof value === "boolean") return value
  throw new EvaluationError(`a bool is needed, but met ${kindOf(value)}`)
}

export const bounded = (text: string): string => {
  if (text.length > limit.resultLength) throw tooLong()
  return text
}

export const tooLong = (): EvaluationError =>
  new EvaluationError(`the result would have more than ${limit.resultLength} characters`)

export const tooMany = (): EvaluationError =>
  new EvaluationError(`the result would have more than ${limit.resultItems} items`)

/** `from..to`, both included; empty when `to` is smaller. */
export const range = (from: unknown, to: unknown): ReadonlyArray<number> => {
  const first = intOf(from)
  const last = intOf(to)
  if (first === undefined || last === undefined) throw mismatch("..", from, to)
  // Beyond what an int holds, one more is the same number: counting would never end.
  if (truncate(last) - truncate(first) + 1 > limit.resultItems) throw tooMany()
  const items: Array<number> = []
  for (let value = first; value <= last; value++) items.push(value)
  return items
}

const position = (value: unknown): number => {
  const wanted = intOf(value)
  if (wanted === undefined) throw new EvaluationError(`an index must be an int, not ${kindOf(value)}`)
  return wanted
}

/** Where an index points to: below zero it counts from the end. */
const placeOf = (length: number, index: unknown): number => {
  const wanted = position(index)
  return wanted < 0 ? length + wanted : wanted
}

export const itemAt = (array: ArrayLike<unknown>, index: unknown): unknown => {
  const at = placeOf(array.length, index)
  if (!(at >= 0 && at < array.length)) {
    throw new EvaluationError(`there is no item ${position(index)} in an array of ${array.length}`)
  }
  return array[at]
}

/** `object[key]` or `object.key` where no type was known when the expression was compiled. */
export const member = (object: unknown, key: unknown): unknown => {
  if (object instanceof Map) return object.get(keyIn(object, key)) ?? missing(object)
  if (Array.isArray(object)) return itemAt(object, key)
  if (typeof object === "string") return itemAt(utf8.encode(object), key)
  const field = typeof key === "string" ? structOf(object)?.fields.get(key) : undefined
  if (field !== undefined) return typedField(field, object)
  throw new EvaluationError(`${kindOf(object)} has no member ${typeof key === "string" ? key : kindOf(key)}`)
}

/** The same for `get`: nil where there is no such item or entry, or nothing to look into; of a wrong key an error too. */
export const memberOrNil = (object: unknown, key: unknown): unknown => {
  if (object instanceof Map) return object.get(keyIn(object, key))
  if (Array.isArray(object)) return object[placeOf(object.length, key)]
  if (typeof object === "string") {
    const bytes = utf8.encode(object)
    return bytes[placeOf(bytes.length, key)]
  }
  const type = structOf(object)
  if (type === undefined) return undefined
  if (typeof key !== "string") throw new EvaluationError(`a field of ${type.name} is named, not ${kindOf(key)}`)
  return type.fields.has(key) ? member(object, key) : undefined
}

/** What a map gives for a key that it does not have. */
const missing = (map: ReadonlyMap<unknown, unknown>): unknown => {
  if (map instanceof TextMap) return ""
  const type = knownType(map)
  return type?.kind === "map" ? remember(zeroOf(type.value), type.value) : undefined
}

/** A field of an object of the type that declares it; one that is not there reads as its zero value. */
export const readField = ({ type, read }: Field, object: unknown): unknown => {
  const value = read(object as never)
  if (value === undefined) return zeroOf(type)
  return type.kind === "float" && typeof value === "number" ? new Float(value) : value
}

/** The same where no type will be known: the value remembers its own. */
export const typedField = (field: Field, object: unknown): unknown => remember(readField(field, object), field.type)

/** Whether a value whose type was not known is of a type after all. */
export const conforms = (value: unknown, type: Type): boolean => {
  switch (type.kind) {
    case "any":
      return true
    case "nil":
      return isNil(value)
    case "struct":
      return structOf(value) === type
    default:
      return kindOf(value) === type.kind
  }
}

const utf8 = new TextEncoder()
const text = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true })
const beyondAscii = /[^\x00-\x7f]/

export const isAscii = (value: string): boolean => !beyondAscii.test(value)

/** `object[from:to]`, clamped; a text is cut by bytes of its UTF-8, as Go does. */
export const slice = (object: unknown, from: unknown, to: unknown): unknown => {
  if (typeof object === "string") {
    if (isAscii(object)) return object.slice(...clamped(object.length, from, to))
    const bytes = utf8.encode(object)
    return text.decode(bytes.subarray(...clamped(bytes.length, from, to)))
  }
  if (Array.isArray(object)) return object.slice(...clamped(object.length, from, to))
  throw new EvaluationError(`${kindOf(object)} cannot be sliced`)
}

const clamped = (length: number, from: unknown, to: unknown): [number, number] => {
  const end = within(length, to === undefined ? length : position(to))
  return [Math.min(within(length, from === undefined ? 0 : position(from)), end), end]
}

const within = (length: number, wanted: number): number =>
  Math.min(Math.max(wanted < 0 ? length + wanted : wanted, 0), length)

/** Characters of a text (code points), items of an array or a map. */
export const lengthOf = (value: unknown): number => {
  if (typeof value === "string") return isAscii(value) ? value.length : value.length - pairsIn(value)
  if (Array.isArray(value)) return value.length
  if (value instanceof Map) return value.size
  throw new EvaluationError(`${kindOf(value)} has no length`)
}

/** Characters of which UTF-16 makes two. */
const pairsIn = (value: string): number => {
  let pairs = 0
  for (let at = 1; at < value.length; at++)
    if (isLow(value.charCodeAt(at)) && isHigh(value.charCodeAt(at - 1))) pairs += 1
  return pairs
}

const isHigh = (code: number): boolean => code >= 0xd800 && code < 0xdc00
const isLow = (code: number): boolean => code >= 0xdc00 && code < 0xe000

/** The order that `sortBy` and `sort` were given. */
export const descending = (order: unknown): boolean => {
  if (order === undefined || order === "asc") return false
  if (order === "desc") return true
  throw new EvaluationError(`the order is "asc" or "desc"`)
}
