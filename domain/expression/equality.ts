/** What `==`, `in` and `uniq` take for the same. */
import { Duration } from "./duration.ts"
import { EvaluationError } from "./error.ts"
import { Float } from "./float.ts"
import { limit } from "./limit.ts"
import { Time } from "./time.ts"
import { isNil, keyIn, mismatch, numberOf, structOf } from "./value.ts"

/** How many items of two values were compared. The same one may stand in them over and over. */
interface Comparison {
  items: number
}

const tooDear = (): EvaluationError =>
  new EvaluationError(`more than ${limit.comparisons} items would have to be compared`)

const goingOn = (comparison: Comparison = { items: 0 }, items: number): Comparison => {
  comparison.items += items
  if (comparison.items > limit.comparisons) throw tooDear()
  return comparison
}

export const equals = (left: unknown, right: unknown, comparison?: Comparison): boolean => {
  if (left === right) return true
  if (isNil(left) || isNil(right)) return isNil(left) && isNil(right)
  if (typeof left !== "object" && typeof right !== "object") return false
  const number = numberOf(left)
  if (number !== undefined) return number === numberOf(right)
  if (left instanceof Time) return right instanceof Time && left.unixNanoseconds === right.unixNanoseconds
  if (left instanceof Duration) return right instanceof Duration && left.nanoseconds === right.nanoseconds
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left.length !== right.length) return false
    const inner = goingOn(comparison, left.length)
    return left.every((item, at) => equals(item, right[at], inner))
  }
  if (left instanceof Map) {
    if (!(right instanceof Map) || left.size !== right.size) return false
    const inner = goingOn(comparison, left.size)
    for (const [key, value] of left) if (!right.has(key) || !equalsWithin(value, right.get(key), inner)) return false
    return true
  }
  return false
}

/** Inside of a map, Go compares more strictly: an int and a float are never the same there, however deep they are. */
const equalsWithin = (left: unknown, right: unknown, comparison: Comparison): boolean => {
  if (Array.isArray(left) && Array.isArray(right)) {
    if (left.length !== right.length) return false
    goingOn(comparison, left.length)
    return left.every((item, at) => equalsWithin(item, right[at], comparison))
  }
  return left instanceof Float === right instanceof Float && equals(left, right, comparison)
}

export const isIn = (needle: unknown, hay: unknown): boolean => {
  if (isNil(hay)) return false
  if (Array.isArray(hay)) {
    for (const item of hay) if (equals(needle, item)) return true
    return false
  }
  if (hay instanceof Map) return hay.has(keyIn(hay, needle))
  const type = structOf(hay)
  if (type !== undefined && typeof needle === "string") return type.fields.has(needle)
  throw mismatch("in", needle, hay)
}

/** Items of which none equals an earlier one. Texts, bools and numbers are found by hash, others by comparing. */
export const unique = (items: ReadonlyArray<unknown>): ReadonlyArray<unknown> => {
  const simple = new Set<unknown>()
  const others: Array<unknown> = []
  const comparison: Comparison = { items: 0 }
  return items.filter((item) => {
    const known = typeof item === "string" || typeof item === "boolean" ? item : numberOf(item)
    // What is not a number equals nothing, not even itself.
    if (known !== undefined && !Number.isNaN(known)) {
      if (simple.has(known)) return false
      simple.add(known)
      return true
    }
    goingOn(comparison, others.length)
    if (others.some((other) => equals(other, item, comparison))) return false
    others.push(item)
    return true
  })
}
