/** Values of expressions (`evt.Unmarshaled` holds some) as plain JSON and back. */
import { Duration } from "../../expression/duration.ts"
import { Float } from "../../expression/float.ts"
import { Time } from "../../expression/time.ts"

/** Text, ints, booleans and null stand for themselves; everything else says what it is. */
export type ValueSnapshot =
  | string
  | number
  | boolean
  | null
  | { readonly float: number | string }
  | { readonly list: ReadonlyArray<ValueSnapshot> }
  | { readonly map: ReadonlyArray<readonly [string, ValueSnapshot]> }
  | { readonly time: string; readonly offset: number }
  | { readonly duration: string }

export const snapshotValue = (value: unknown): ValueSnapshot => {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value
  // JSON has no word for these floats.
  if (value instanceof Float)
    return { float: Number.isFinite(value.value) && !Object.is(value.value, -0) ? value.value : floatName(value.value) }
  if (Array.isArray(value)) return { list: value.map(snapshotValue) }
  if (value instanceof Map)
    return { map: Array.from(value as Map<string, unknown>, ([key, item]) => [key, snapshotValue(item)] as const) }
  if (value instanceof Time) return { time: String(value.unixNanoseconds), offset: value.offset }
  if (value instanceof Duration) return { duration: String(value.nanoseconds) }
  return null
}

export const restoreValue = (snapshot: ValueSnapshot): unknown => {
  if (snapshot === null) return undefined
  if (typeof snapshot !== "object") return snapshot
  if ("float" in snapshot) return new Float(Number(snapshot.float))
  if ("list" in snapshot) return snapshot.list.map(restoreValue)
  if ("map" in snapshot) return new Map(snapshot.map.map(([key, item]) => [key, restoreValue(item)]))
  if ("time" in snapshot) return new Time(BigInt(snapshot.time), snapshot.offset)
  return new Duration(BigInt(snapshot.duration))
}

const floatName = (value: number): string => (Object.is(value, -0) ? "-0" : String(value))
