/** An engine with small rules, for tests. */
import { expect } from "vitest"
import type { RuleFile } from "../rules/rule.ts"
import type { Outcome, OverflowOutcome } from "./outcome.ts"
import { plainParser, scenarioFile } from "./recorded.fixture.ts"
import { compileRuleset } from "./ruleset.ts"

export const start = Date.UTC(2026, 0, 1, 10)
/** So many seconds after the start. */
export const stamp = (seconds: number): string => new Date(start + seconds * 1000).toISOString()

export const rulesOf = (files: ReadonlyArray<RuleFile>, names: "asked" | "off" = "asked") => {
  const { ruleset, problems } = compileRuleset([plainParser, ...files], { names })
  expect(problems).toEqual([])
  return ruleset
}

export const overflows = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<OverflowOutcome> =>
  outcomes.filter((outcome) => outcome._tag === "Overflow")

export const burst = scenarioFile("burst", "type: leaky\ncapacity: 2\nleakspeed: 10s")
