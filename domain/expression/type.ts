import { zeroFloat } from "./float.ts"

/**
 * Types that the checker knows, and with them how members are read: every readable field and callable method is
 * declared here with its own accessor, so that no text of a rule ever reaches a property of a JavaScript object.
 */
export type Type =
  | { readonly kind: "any" | "nil" | "bool" | "int" | "float" | "string" }
  | ArrayType
  | MapType
  | StructType

export interface ArrayType {
  readonly kind: "array"
  readonly element: Type
}

/** A missing key reads as the zero value of `value`. At run time a `Map`. */
export interface MapType {
  readonly kind: "map"
  readonly value: Type
  /** Keys are strings, unless `groupBy` or `fromPairs` made them: this then is what they were made of. */
  readonly key?: Type
  /** A parameter that is written to: only a map of string keys whose values may be anything fits. */
  readonly written?: true
}

export interface StructType {
  readonly kind: "struct"
  readonly name: string
  readonly fields: ReadonlyMap<string, Field>
  readonly methods: ReadonlyMap<string, Method>
  /** What a missing map entry of this type reads as; without it nil. */
  readonly zero: unknown
  /** The name of the type in Go, with its package, where it has one. */
  readonly goName: string | undefined
  /** Whether `fields` are all that the struct has in Go, in its order, so that Go's text of it can be written. */
  readonly printed: boolean
  /** What Go's encoding/json writes of it, in this order; without it nothing can be written. */
  readonly json: ReadonlyArray<JsonField> | undefined
}

/** A field as JSON: its name there, its name here (none: always null), and whether it is left out when it is empty. */
export type JsonField = readonly [name: string, field: string | undefined, optional?: "optional"]

export interface Field {
  readonly type: Type
  readonly read: (object: never) => unknown
  /** For a map of texts: a faster way to one of its entries than through the map. */
  readonly entry?: (name: string) => (object: never) => string | undefined
  /**
   * For an array that only loses its first items and gets new last ones: those of its items that pass, which it
   * remembers under a key from one time to the next. Whether an item passes must follow from the item alone.
   */
  readonly select?: (object: never, key: object, passes: (item: unknown) => boolean) => ReadonlyArray<unknown>
}

export interface Method {
  readonly parameters: ReadonlyArray<Type>
  readonly result: Type
  readonly effect: Effect
  readonly call: (object: never, ...given: Array<never>) => unknown
}

/**
 * What else a call does: `pure` depends on its arguments alone; `data` on loaded data files too; `reads` looks at what
 * may change between two calls, such as a stash or the time; `writes` changes the event or a stash and must never be
 * skipped.
 */
export type Effect = "pure" | "data" | "reads" | "writes"

const effects: ReadonlyArray<Effect> = ["pure", "data", "reads", "writes"]

export const strongest = (left: Effect, right: Effect): Effect =>
  effects.indexOf(left) > effects.indexOf(right) ? left : right

/** Same scope, same result, and nothing changes: such a call may be skipped, moved and remembered. */
export const isPure = (effect: Effect): boolean => effect === "pure" || effect === "data"

export const anyType: Type = { kind: "any" }
export const nilType: Type = { kind: "nil" }
export const boolType: Type = { kind: "bool" }
export const intType: Type = { kind: "int" }
export const floatType: Type = { kind: "float" }
export const stringType: Type = { kind: "string" }
/**
 * An int that the language makes of a float where no type was known: what stands before its point. So it takes the
 * numbers of JSON, as in `repeat("a", evt.Unmarshaled.j.n)`; where an `intType` is wanted they are an error.
 */
export const countType: Type = { kind: "int" }

export const arrayOf = (element: Type): ArrayType => ({ kind: "array", element })
export const mapOf = (value: Type): MapType => ({ kind: "map", value })
/** What `groupBy` and `fromPairs` make: keys need not be strings. */
export const mapOfKeys = (key: Type, value: Type): MapType => ({ kind: "map", value, key })
export const writtenMap: MapType = { kind: "map", value: anyType, written: true }

export const field = <T>(type: Type, read: (object: T) => unknown): Field => ({
  type,
  read: read as (object: never) => unknown
})

export const method = <T, Given extends Array<unknown>>(
  parameters: ReadonlyArray<Type>,
  result: Type,
  call: (object: T, ...given: Given) => unknown,
  effect: Effect = "pure"
): Method => ({ parameters, result, effect, call: call as unknown as Method["call"] })

/** Declares a struct. Methods and fields may refer to the struct itself, so both are given by functions. */
export const struct = (
  name: string,
  members: {
    readonly fields?: () => Readonly<Record<string, Field>>
    readonly methods?: () => Readonly<Record<string, Method>>
    readonly zero?: unknown
    readonly goName?: string
    readonly printed?: true
    readonly json?: ReadonlyArray<JsonField>
  }
): StructType => {
  let fields: ReadonlyMap<string, Field> | undefined
  let methods: ReadonlyMap<string, Method> | undefined
  return {
    kind: "struct",
    name,
    get fields() {
      fields ??= new Map(Object.entries(members.fields?.() ?? {}))
      return fields
    },
    get methods() {
      methods ??= new Map(Object.entries(members.methods?.() ?? {}))
      return methods
    },
    zero: members.zero,
    goName: members.goName,
    printed: members.printed ?? false,
    json: members.json
  }
}

/**
 * A run-time object may carry its type under this key (best on the prototype of its class); expressions that meet it
 * where no type is known, such as in an array of different things, then still find its fields and methods.
 */
export const typeOfObject: unique symbol = Symbol.for("testudo/expression/type")

export const isAny = (type: Type): boolean => type.kind === "any"

/** Whether a value of this type may be nil. */
export const isNilable = ({ kind }: Type): boolean =>
  kind === "any" || kind === "nil" || kind === "array" || kind === "map" || kind === "struct"

/** What a missing entry or field of this type reads as. Nil is `undefined`. */
export const zeroOf = (type: Type): unknown => {
  switch (type.kind) {
    case "string":
      return ""
    case "int":
      return 0
    case "float":
      return zeroFloat
    case "bool":
      return false
    case "struct":
      return type.zero
    default:
      return undefined
  }
}

export const sameType = (left: Type, right: Type): boolean => {
  if (left === right) return true
  if (left.kind !== right.kind) return false
  if (left.kind === "array") return sameType(left.element, (right as ArrayType).element)
  if (left.kind === "map") {
    const { key, value } = right as MapType
    return sameType(left.value, value) && (left.key === undefined) === (key === undefined)
  }
  return left.kind !== "struct"
}

/** Whether a value of type `from` can stand where `to` is wanted; `any` is settled when it is evaluated. */
export const isAssignable = (from: Type, to: Type): boolean => {
  if (from.kind === "any" || to.kind === "any") return true
  if (from.kind === "nil") return isNilable(to)
  if (from.kind === "array" && to.kind === "array") return isAssignable(from.element, to.element)
  if (from.kind === "map" && to.kind === "map") {
    return to.written ? from.value.kind === "any" && from.key === undefined : isAssignable(from.value, to.value)
  }
  return sameType(from, to)
}

/** The type of a value that is of the one or of the other type. */
export const union = (left: Type, right: Type): Type => {
  if (left.kind === "nil") return isNilable(right) ? right : anyType
  if (right.kind === "nil") return isNilable(left) ? left : anyType
  return sameType(left, right) ? left : anyType
}

/** Name for messages. */
export const nameOf = (type: Type): string => {
  switch (type.kind) {
    case "array":
      return `array of ${nameOf(type.element)}`
    case "map":
      return `map of ${nameOf(type.value)}`
    case "struct":
      return type.name
    default:
      return type.kind
  }
}
