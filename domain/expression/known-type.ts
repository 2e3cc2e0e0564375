/**
 * Types that the checker knows and that would be lost where a value goes among others of any kind: `[evt, nil]`,
 * `{source: evt.Overflow.Sources[ip]}`, `values(evt.Overflow.Sources)`. Such a value is remembered with its type, so that
 * its fields are found and a key that a map of texts lacks reads as "" there too.
 */
import type { Type } from "./type.ts"
import { typeOfObject } from "./type.ts"

const types = new WeakMap<object, Type>()

export const knownType = (value: object): Type | undefined => types.get(value)

/** Whether a value says less by itself than this type does. */
export const tellsMore = (type: Type): boolean => {
  if (type.kind === "struct") return true
  if (type.kind === "array") return tellsMore(type.element)
  return type.kind === "map" && type.value.kind !== "any"
}

/** Whether anything may stand where a value of this type stands: what is put there loses its own type. */
export const takesAnything = (type: Type): boolean =>
  type.kind === "any" ||
  (type.kind === "array" && takesAnything(type.element)) ||
  (type.kind === "map" && takesAnything(type.value))

/** Gives the value back, known by its type from here on, and so what is in it. */
export const remember = (value: unknown, type: Type): unknown => {
  if (typeof value !== "object" || value === null || !tellsMore(type)) return value
  if (type.kind === "array") {
    if (Array.isArray(value)) for (const item of value) remember(item, type.element)
  } else if (type.kind === "map") {
    types.set(value, type)
    if (value instanceof Map && tellsMore(type.value)) for (const entry of value.values()) remember(entry, type.value)
  } else if (!(typeOfObject in value)) types.set(value, type)
  return value
}
