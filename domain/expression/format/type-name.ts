import { Float } from "../float.ts"
import { knownType } from "../known-type.ts"
import type { Type } from "../type.ts"
import { isNil, kindOf, structOf, TextMap } from "../value.ts"

/** The name that `%T` gives a value's type: that of Go, of a package the last part. */
export const goTypeOf = (value: unknown): string => {
  if (isNil(value)) return "<nil>"
  if (typeof value === "number") return "int"
  if (value instanceof Float) return "float64"
  if (Array.isArray(value)) return "[]interface {}"
  if (value instanceof TextMap) return "map[string]string"
  if (value instanceof Map) return goName(knownType(value)) ?? "map[string]interface {}"
  return goName(structOf(value)) ?? kindOf(value)
}

const goName = (type: Type | undefined): string | undefined => {
  if (type === undefined) return undefined
  switch (type.kind) {
    case "nil":
      return undefined
    case "any":
      return "interface {}"
    case "float":
      return "float64"
    case "array":
      return `[]${goName(type.element) ?? "interface {}"}`
    case "map":
      return `map[${type.key === undefined ? "string" : "interface {}"}]${goName(type.value) ?? "interface {}"}`
    case "struct":
      return type.goName?.replace(/^.*\//, "") ?? type.name
    default:
      return type.kind
  }
}

/** What the built-in `type` says: a kind, or the full name of a type that has one. */
export const typeText = (value: unknown): string => structOf(value)?.goName ?? kindOf(value)
