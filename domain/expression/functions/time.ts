import { Duration, durationType } from "../duration.ts"
import type { FunctionDeclaration } from "../environment.ts"
import { declare } from "../environment.ts"
import { EvaluationError } from "../error.ts"
import { parseIntText } from "../number.ts"
import { Time, timeType } from "../time.ts"
import { arrayOf, stringType } from "../type.ts"
import { kindOf } from "../value.ts"

const times = arrayOf(timeType)

/** Differences between neighbours, once the times are in order. */
const intervals = (name: string, given: ReadonlyArray<unknown>): Array<bigint> => {
  const points = given.map((value) => {
    if (value instanceof Time) return value.unixNanoseconds
    throw new EvaluationError(`${name} works on times, not on ${kindOf(value)}`)
  })
  if (points.length < 2) throw new EvaluationError(`${name} needs at least two times`)
  sort(points)
  for (let at = 1; at < points.length; at++) points[at - 1] = points[at]! - points[at - 1]!
  points.pop()
  return points
}

/** Lists of times are nearly always short, and in order already: then nothing is as cheap as to look. */
const sort = (values: Array<bigint>): void => {
  if (values.length > longestInserted) return void values.sort(ascending)
  for (let at = 1; at < values.length; at++) {
    const value = values[at]!
    let place = at
    for (; place > 0 && values[place - 1]! > value; place--) values[place] = values[place - 1]!
    values[place] = value
  }
}

const longestInserted = 16

const ascending = (left: bigint, right: bigint): number => (left < right ? -1 : left > right ? 1 : 0)

const median = (values: Array<bigint>): bigint => {
  sort(values)
  const middle = Math.floor(values.length / 2)
  return values.length % 2 === 1 ? values[middle]! : (values[middle - 1]! + values[middle]!) / 2n
}

export const timeFunctions: ReadonlyArray<FunctionDeclaration> = [
  declare(
    "MedianInterval",
    [times],
    durationType,
    (_, given: ReadonlyArray<unknown>) => new Duration(median(intervals("MedianInterval", given)))
  ),
  declare("AverageInterval", [times], durationType, (_, given: ReadonlyArray<unknown>) => {
    const values = intervals("AverageInterval", given)
    return new Duration(values.reduce((sum, value) => sum + value, 0n) / BigInt(values.length))
  }),
  declare("TimeNow", [], stringType, ({ now }) => now().toRfc3339().replace(/\.\d+/, ""), { effect: "reads" }),
  declare("ParseUnix", [stringType], stringType, (_, value: string) => {
    const seconds = parseIntText(value.split(".")[0]!)
    if (seconds === undefined || seconds <= 0 || seconds > lastSecond) return ""
    return new Time(BigInt(seconds) * 1_000_000_000n).toRfc3339()
  })
]

/** The end of the year 9999, beyond which RFC 3339 has no text. */
const lastSecond = 253_402_300_799
