import type { FunctionDeclaration } from "../environment.ts"
import { declare } from "../environment.ts"
import { EvaluationError } from "../error.ts"
import { Duration, durationType } from "../duration.ts"
import { Float } from "../float.ts"
import { CalendarName, monthType, weekdayType } from "../time.ts"
import { valueText } from "../format.ts"
import { typeText } from "../format/type-name.ts"
import { parseFloatText, parseIntText, truncate } from "../number.ts"
import type { Type } from "../type.ts"
import { anyType, arrayOf, floatType, intType, stringType } from "../type.ts"
import { compare, flattened, kindOf, numberOf } from "../value.ts"

const number = [intType, floatType]
const numbers = [intType, floatType, arrayOf(anyType)]

const onNumber = (value: number | Float, calculate: (number: number) => number): number | Float =>
  value instanceof Float ? new Float(calculate(value.value)) : calculate(value)

const sameAsGiven = ([given]: ReadonlyArray<Type>): Type => given!

const toFloat = (value: number | Float | string): Float => {
  const number = typeof value === "string" ? parseFloatText(value) : numberOf(value)
  if (number === undefined) throw new EvaluationError(`${JSON.stringify(value)} is not a float`)
  return new Float(number)
}

const toInt = (value: number | Float | string | CalendarName | Duration): number => {
  if (typeof value === "number") return value
  if (value instanceof CalendarName) return value.number
  if (value instanceof Duration) return truncate(Number(value.nanoseconds))
  if (value instanceof Float) return truncate(value.value)
  const number = parseIntText(value)
  if (number === undefined) throw new EvaluationError(`${JSON.stringify(value.slice(0, 64))} is not an int`)
  return number
}

/** Numbers given one by one or in arrays. */
const gathered = (name: string, given: ReadonlyArray<unknown>): ReadonlyArray<number | Float> =>
  flattened(given).map((value) => {
    if (numberOf(value) === undefined) throw new EvaluationError(`${name} works on numbers, not on ${kindOf(value)}`)
    return value as number | Float
  })

const extreme = (name: string, direction: 1 | -1) =>
  declare(
    name,
    [numbers],
    (given) => (given.every(({ kind }) => kind === "int") ? intType : anyType),
    (_, ...given: Array<never>) =>
      gathered(name, given).reduce<number | Float | undefined>(
        (best, value) => (best === undefined || direction * compare(value, best, name) > 0 ? value : best),
        undefined
      ),
    { rest: true }
  )

const average = (values: ReadonlyArray<number>): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length

const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((first, second) => first - second)
  const middle = Math.floor(sorted.length / 2)
  if (sorted.length === 0) return 0
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

const bits = (name: string, calculate: (left: bigint, right: bigint) => bigint) =>
  declare(name, [intType, intType], intType, (_, left: number, right: number) =>
    truncate(Number(BigInt.asIntN(64, calculate(BigInt(left), BigInt(right)))))
  )

const shift = (name: string, calculate: (value: bigint, by: bigint) => bigint) =>
  declare(name, [intType, intType], intType, (_, value: number, by: number) => {
    if (by < 0) throw new EvaluationError(`${name} by a negative number`)
    return by >= 64 && name === "bitshl" ? 0 : truncate(Number(BigInt.asIntN(64, calculate(BigInt(value), BigInt(by)))))
  })

export const numberBuiltins: ReadonlyArray<FunctionDeclaration> = [
  declare("abs", [number], sameAsGiven, (_, value: number | Float) => onNumber(value, Math.abs)),
  declare("ceil", [number], floatType, (_, value: number | Float) => new Float(Math.ceil(numberOf(value)!))),
  declare("floor", [number], floatType, (_, value: number | Float) => new Float(Math.floor(numberOf(value)!))),
  declare("round", [number], floatType, (_, value: number | Float) => {
    const rounded = Math.round(Math.abs(numberOf(value)!))
    return new Float(numberOf(value)! < 0 ? -rounded : rounded)
  }),
  declare(
    "int",
    [[intType, floatType, stringType, weekdayType, monthType, durationType]],
    intType,
    (_, value: Parameters<typeof toInt>[0]) => toInt(value)
  ),
  declare("float", [[intType, floatType, stringType]], floatType, (_, value: number | Float | string) =>
    toFloat(value)
  ),
  declare("string", [anyType], stringType, (_, value: unknown) => valueText(value)),
  declare("type", [anyType], stringType, (_, value: unknown) => typeText(value)),
  extreme("max", 1),
  extreme("min", -1),
  declare(
    "mean",
    [numbers],
    floatType,
    (_, ...given: Array<never>) => new Float(average(gathered("mean", given).map((value) => numberOf(value)!))),
    { rest: true }
  ),
  declare(
    "median",
    [numbers],
    floatType,
    (_, ...given: Array<never>) => new Float(median(gathered("median", given).map((value) => numberOf(value)!))),
    { rest: true }
  ),
  bits("bitand", (left, right) => left & right),
  bits("bitor", (left, right) => left | right),
  bits("bitxor", (left, right) => left ^ right),
  bits("bitnand", (left, right) => left & ~right),
  declare("bitnot", [intType], intType, (_, value: number) => truncate(Number(~BigInt(value)))),
  shift("bitshl", (value, by) => value << by),
  shift("bitshr", (value, by) => value >> by),
  shift("bitushr", (value, by) => BigInt.asUintN(64, value) >> by)
]
