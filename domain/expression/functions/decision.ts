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
    ({ decisions }, value: string, since: string) => decisions?.since(value, Duration.parse(since).nanoseconds) ?? 0,
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
