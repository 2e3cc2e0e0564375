/** What works in an expression of a profile, and hardly as it is meant. */
import type { Overflow } from "../events/overflow.ts"
import { doubtsIn } from "../expression/doubt.ts"
import type { DataFiles } from "../expression/environment.ts"
import { type ExpectedKind, EvaluationError, type Expression } from "../expression/expression.ts"
import { childrenOf, type Node } from "../expression/syntax.ts"
import { quote } from "../document/report.ts"
import { parseMilliseconds } from "../time/duration.ts"
import { OverflowAlert } from "./alert.ts"

export const doubtsAbout = (expression: Expression, expect: ExpectedKind, files: DataFiles): ReadonlyArray<string> => [
  ...doubtsIn(expression.tree, files),
  ...misspeltSpans(expression.tree),
  ...(expect === "string" ? misprints(expression) : [])
]

/** `GetDecisionsSinceCount(value, "30min")` counts nothing. */
const misspeltSpans = (tree: Node): ReadonlyArray<string> => {
  const doubts = childrenOf(tree).flatMap(misspeltSpans)
  if (tree.kind !== "call" || tree.name !== "GetDecisionsSinceCount") return doubts
  const span = tree.arguments[1]
  if (span?.kind !== "string" || parseMilliseconds(span.value) !== undefined) return doubts
  return [...doubts, `${quote(span.value)} is no duration, so nothing is counted; write one such as 30m, 24h or 7d`]
}

/** What `Sprintf` writes of a value that does not fit, such as of `%d` and a fraction: no decision can last so long. */
const misprints = ({ evaluate }: Expression): ReadonlyArray<string> => {
  try {
    const written = evaluate({ Alert: new OverflowAlert(sample) })
    if (typeof written !== "string" || !written.includes("%!")) return []
    const why = "which is no duration, so `duration` counts; %d takes a whole number, such as int(…)"
    return [`it gives ${quote(written)}, ${why}`]
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error
    return []
  }
}

/** An overflow of somebody who never was here before. */
const sample: Overflow = {
  scenario: { name: "sample", version: "?", hash: "" },
  ruleset: "",
  bucket: "",
  source: { scope: "Ip", value: "192.0.2.1", ip: "192.0.2.1" },
  capacity: 5,
  leakspeed: "10s",
  eventsCount: 6,
  startAt: "2026-01-01T00:00:00Z",
  stopAt: "2026-01-01T00:00:01Z",
  message: "",
  remediation: true,
  labels: {},
  trigger: { event: "", line: 0 },
  evidence: { meta: {}, entries: [] }
}
