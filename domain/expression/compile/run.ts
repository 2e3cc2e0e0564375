import { EvaluationError } from "../error.ts"
import { limit } from "../limit.ts"

/** What one evaluation keeps: values of `let` and of pointers, and how many steps its predicates took. */
export interface Frame {
  readonly slots: Array<unknown>
  steps: number
  /** Another one in each evaluation. */
  round: number
}

/** A compiled node. */
export type Run = (scope: object, frame: Frame) => unknown

/** Whoever goes over so many items says so, and is stopped when an evaluation has gone over too many. */
export const charge = (frame: Frame, steps: number): void => {
  frame.steps += steps
  if (frame.steps > limit.steps) throw new EvaluationError(`the evaluation took more than ${limit.steps} steps`)
}

/** What is looked through costs too. */
export const chargeRead = (
  frame: Frame,
  value: unknown,
  charactersPerStep: number = limit.charactersReadPerStep
): unknown => {
  if (typeof value === "string") charge(frame, value.length / charactersPerStep)
  else if (Array.isArray(value)) charge(frame, value.length)
  else if (value instanceof Map) charge(frame, value.size)
  return value
}

/** Text that a call gave costs as well. */
export const chargeText = (frame: Frame, value: unknown): unknown => {
  if (typeof value === "string") charge(frame, value.length / limit.charactersPerStep)
  else if (Array.isArray(value)) charge(frame, value.length)
  return value
}
