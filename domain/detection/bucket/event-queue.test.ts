/** `filter(queue.Queue, {…})` asks each event once, and says what it would say if it asked all of them each time. */
import { expect, test } from "vitest"
import { makeEngine } from "../engine.ts"
import { batchOf, plainParser, ruleFile, scenarioFile } from "../recorded.fixture.ts"
import { compileRuleset } from "../ruleset.ts"

const lines = Array.from({ length: 24 }, (_, n) => `2026-01-01T10:00:${10 + n}Z 192.0.2.${n % 3} ${"abc"[n % 3]}`)
const batch = batchOf({ observedAt: "2026-01-01T10:00:00Z", time: "own" })

const scenario = (name: string, filter: string, fields: string) =>
  ruleFile(
    "scenarios",
    `scenarios/test/${name}.yaml`,
    `name: test/${name}\ndescription: test\nfilter: ${JSON.stringify(filter)}\n${fields}\nlabels: {remediation: true}\n`
  )

const outcomes = (condition: string, shortcuts: boolean) => {
  const { ruleset, problems } = compileRuleset(
    [
      plainParser,
      scenarioFile("again", "type: trigger\nreprocess: true"),
      // Before and after the one that counts.
      scenario("b-marks", "evt.SetMeta('early', evt.Meta.word)", "type: leaky\ncapacity: 50\nleakspeed: 1s"),
      scenario(
        "counts",
        "true",
        `type: conditional\ncapacity: -1\ncache_size: 7\nleakspeed: 20s\ncondition: ${JSON.stringify(condition)}`
      ),
      scenario("z-marks", "evt.SetMeta('late', 'b')", "type: leaky\ncapacity: 50\nleakspeed: 1s")
    ],
    { names: "off", shortcuts }
  )
  expect(problems).toEqual([])
  return makeEngine(ruleset).pour(batch, lines)
}

test.each([
  // An overflow is poured behind a line that is still at hand.
  `len(filter(queue.Queue, {"word" in #.Meta})) > 1`,
  `len(filter(queue.Queue, {#.Meta.early == "b"})) > 1`,
  `len(filter(queue.Queue, {#.Meta.early == ""})) > 2`,
  // Written to when it was asked already.
  `len(filter(queue.Queue, {#.Meta.late == "b"})) > 2`,
  `len(filter(queue.Queue, {#.Meta.mark == "1"})) > 2 || queue.Queue[len(queue.Queue) > 1 ? -2 : 0].SetMeta("mark", "1") && false`
])("%s", (condition) => {
  const plain = outcomes(condition, false)
  expect(plain.length).toBeGreaterThan(lines.length)
  expect(outcomes(condition, true)).toEqual(plain)
})
