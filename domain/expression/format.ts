/** Values to text as Go's fmt does it. */
import { Float } from "./float.ts"
import type { Charge } from "./environment.ts"
import { Budget } from "./format/budget.ts"
import { FormatReader, plain } from "./format/directive.ts"
import { fixedFloat } from "./format/float.ts"
import { goTypeOf } from "./format/type-name.ts"
import { written } from "./format/verb.ts"
import { limit } from "./limit.ts"
import { isNil, tooLong } from "./value.ts"

/** `%v`. Maps are written with their keys in order. */
export const valueText = (value: unknown): string =>
  typeof value === "string" ? value : written(plain, value, new Budget())

/**
 * What a static makes of a value: text as it is, int decimal, float `%f`, nil, map and
 * array "". Undefined for anything else, such as a bool, which fits into no field and aborts the parse of the event.
 */
export const staticText = (value: unknown): string | undefined => {
  if (typeof value === "string") return value
  if (typeof value === "number") return String(value)
  if (value instanceof Float) return fixedFloat(value.value)
  return isNil(value) || Array.isArray(value) || value instanceof Map ? "" : undefined
}

/** `fmt.Sprintf`. What it takes is told to `charge`: a short call may be a long format, or write a value very often. */
export const sprintf = (format: string, given: ReadonlyArray<unknown>, charge?: Charge): string => {
  const budget = new Budget(charge)
  const reader = new FormatReader(format, given)
  let result = ""
  for (let piece = reader.read(); piece !== undefined; piece = reader.read()) {
    budget.charge(limit.stepsPerDirective + piece.text.length / limit.charactersPerStep)
    result += piece.text
    if (piece.directive !== undefined) result += written(piece.directive, piece.value, budget)
    if (result.length > limit.resultLength) throw tooLong()
  }
  const surplus = reader.surplus.map((value) =>
    isNil(value) ? "<nil>" : `${goTypeOf(value)}=${written(plain, value, budget)}`
  )
  return surplus.length === 0 ? result : `${result}%!(EXTRA ${surplus.join(", ")})`
}
