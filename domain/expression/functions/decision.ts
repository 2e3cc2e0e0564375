import { parseLongDuration } from "../../time/duration.ts"
import { Duration, durationType } from "../duration.ts"
import type { FunctionDeclaration } from "../environment.ts"
import { declare } from "../environment.ts"
import { intType, stringType } from "../type.ts"

const text = stringType

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
    // As durations of decisions are written: Go's text, and days. In what is none nothing was decided, as in CrowdSec.
    ({ decisions }, value: string, since: string) => {
      const span = parseLongDuration(since)
      return span === undefined ? 0 : (decisions?.since(value, span) ?? 0)
    },
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
