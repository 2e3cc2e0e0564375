import { parseLongDuration } from "../../time/duration.ts"
import { Duration, durationType } from "../duration.ts"
import { EvaluationError } from "../error.ts"
import type { FunctionDeclaration } from "../environment.ts"
import { declare } from "../environment.ts"
import { intType, stringType } from "../type.ts"

const text = stringType

/** As durations of decisions are written: Go's text, and days. */
const spanOf = (text: string): bigint => {
  const nanoseconds = parseLongDuration(text)
  if (nanoseconds !== undefined) return nanoseconds
  throw new EvaluationError(`${JSON.stringify(text.slice(0, 64))} is not a duration such as 24h or 7d`)
}

/** What profiles ask about earlier decisions. Nobody else may: a filter is judged before the decisions are made. */
export const decisionFunctions: ReadonlyArray<FunctionDeclaration> = [
  declare("GetDecisionsCount", [text], intType, ({ decisions }, value: string) => decisions?.all(value) ?? 0, {
    effect: "reads"
  }),
  declare("GetActiveDecisionsCount", [text], intType, ({ decisions }, value: string) => decisions?.active(value) ?? 0, {
    effect: "reads"
  }),
  declare(
    "GetDecisionsSinceCount",
    [text, text],
    intType,
    ({ decisions }, value: string, since: string) => decisions?.since(value, spanOf(since)) ?? 0,
    { effect: "reads" }
  ),
  declare(
    "GetActiveDecisionsTimeLeft",
    [text],
    durationType,
    ({ decisions }, value: string) => new Duration(decisions?.timeLeft(value) ?? 0n),
    { effect: "reads" }
  )
]
