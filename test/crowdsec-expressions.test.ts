/**
 * Expressions as the real CrowdSec evaluates them: on which lines each is true was recorded with
 * `record-crowdsec-expressions.ts`.
 */
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { compileRuleset } from "../domain/detection/ruleset.ts"
import { detect } from "../fixtures/detect.ts"
import { addressOf, comparedRules, comparedType, type RecordedExpressions } from "./compared-expressions.ts"

const recorded = JSON.parse(
  readFileSync(new URL("../fixtures/crowdsec/crowdsec-1.4.6-expressions.json", import.meta.url), "utf8")
) as RecordedExpressions

it.each([true, false])("are true on the same lines, with shortcuts: %s", (shortcuts) => {
  const { lines, expressions } = recorded
  expect(expressions.length).toBeGreaterThan(700)
  const rules = comparedRules(expressions.map(([expression]) => expression))
  const { ruleset, problems } = compileRuleset(rules, { names: "off", shortcuts })
  expect(problems).toEqual([])
  const { parsed, overflows } = detect(ruleset, comparedType, lines)
  expect(parsed).toBe(lines.length)
  const found = new Set(overflows.map(({ overflow }) => `${overflow.scenario.name} ${overflow.source.value}`))
  const ours = expressions.map(([expression], number) => [
    expression,
    lines.map((_, line) => (found.has(`compared/${number} ${addressOf(line)}`) ? "1" : "0")).join("")
  ])
  expect(ours.filter(([, truths], number) => truths !== expressions[number]![1])).toEqual([])
})
