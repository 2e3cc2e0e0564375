/** What `+ - * / % **` make of values: of numbers, texts, times and durations. */
import { Duration } from "./duration.ts"
import { EvaluationError } from "./error.ts"
import { Float } from "./float.ts"
import { Time } from "./time.ts"
import { bounded, kindOf, mismatch, numberOf } from "./value.ts"

const longest = 2n ** 63n

const lasting = (nanoseconds: bigint): Duration => {
  if (nanoseconds >= longest || nanoseconds <= -longest) throw new EvaluationError("the duration is too long")
  return new Duration(nanoseconds)
}

const safe = (value: number): number => {
  if (!Number.isSafeInteger(value)) throw new EvaluationError("the result is too large for an int")
  // An int has no -0, which JavaScript makes of `0 * -1`.
  return value + 0
}

export const add = (left: unknown, right: unknown): unknown => {
  if (typeof left === "string" && typeof right === "string") return bounded(left + right)
  if (typeof left === "number" && typeof right === "number") return safe(left + right)
  if (left instanceof Duration && right instanceof Duration) return lasting(left.nanoseconds + right.nanoseconds)
  if (left instanceof Time && right instanceof Duration) {
    return new Time(left.unixNanoseconds + right.nanoseconds, left.offset)
  }
  if (left instanceof Duration && right instanceof Time) return add(right, left)
  return floats("+", left, right, (first, second) => first + second)
}

export const subtract = (left: unknown, right: unknown): unknown => {
  if (typeof left === "number" && typeof right === "number") return safe(left - right)
  if (left instanceof Duration && right instanceof Duration) return lasting(left.nanoseconds - right.nanoseconds)
  if (left instanceof Time && right instanceof Time) {
    return new Duration(left.unixNanoseconds - right.unixNanoseconds)
  }
  if (left instanceof Time && right instanceof Duration) {
    return new Time(left.unixNanoseconds - right.nanoseconds, left.offset)
  }
  return floats("-", left, right, (first, second) => first - second)
}

export const multiply = (left: unknown, right: unknown): unknown => {
  if (typeof left === "number" && typeof right === "number") return safe(left * right)
  if (left instanceof Duration) return multiplied(left, right)
  if (right instanceof Duration) return multiplied(right, left)
  return floats("*", left, right, (first, second) => first * second)
}

/** As in Go, a float makes nanoseconds of a duration, and what comes out is no duration any more. */
const multiplied = (duration: Duration, by: unknown): Duration | Float => {
  if (typeof by === "number") return lasting(duration.nanoseconds * BigInt(by))
  if (by instanceof Duration) return lasting(duration.nanoseconds * by.nanoseconds)
  if (by instanceof Float) return new Float(Number(duration.nanoseconds) * by.value)
  throw mismatch("*", duration, by)
}

/** Always a float, also of two ints. */
export const divide = (left: unknown, right: unknown): unknown =>
  floats("/", left, right, (first, second) => first / second)

export const power = (left: unknown, right: unknown): unknown =>
  floats("**", left, right, (first, second) => first ** second)

export const remainder = (left: unknown, right: unknown): unknown => {
  if (typeof left !== "number" || typeof right !== "number") throw mismatch("%", left, right)
  if (right === 0) throw new EvaluationError("% by zero")
  return (left % right) + 0
}

const floats = (
  operator: string,
  left: unknown,
  right: unknown,
  calculate: (first: number, second: number) => number
): Float => {
  const first = numberOf(left)
  const second = numberOf(right)
  if (first === undefined || second === undefined) throw mismatch(operator, left, right)
  return new Float(calculate(first, second))
}

export const negate = (value: unknown): unknown => {
  if (typeof value === "number") return 0 - value
  if (value instanceof Float) return new Float(-value.value)
  if (value instanceof Duration) return new Duration(-value.nanoseconds)
  throw new EvaluationError(`- needs a number, but met ${kindOf(value)}`)
}

export const plus = (value: unknown): unknown => {
  if (numberOf(value) === undefined) throw new EvaluationError(`+ needs a number, but met ${kindOf(value)}`)
  return value
}
