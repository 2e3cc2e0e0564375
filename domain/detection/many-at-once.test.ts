/** What lines have opened in the course of time, no single line has to close all at once. */
import { expect, test } from "vitest"
import { rulesOf, stamp } from "./engine.fixture.ts"
import { type Engine, makeEngine } from "./engine.ts"
import { batchOf, ruleFile, scenarioFile } from "./recorded.fixture.ts"

const openBuckets = (engine: Engine): number =>
  [...engine.buckets.values()].reduce((sum, buckets) => sum + [...buckets.open()].length, 0)

test("the buckets of one scenario after the other are swept away, all of them within 10,000 lines", () => {
  const scenarios = Array.from({ length: 8 }, (_, n) =>
    scenarioFile(`s${n}`, "type: leaky\ncapacity: 1\nleakspeed: 1s")
  )
  const engine = makeEngine(rulesOf(scenarios))
  const addresses = 50
  for (let host = 0; host < addresses; host++) engine.pour(batchOf({ observedAt: stamp(0) }), [`- 192.0.2.${host} -`])
  const dropped: Array<number> = []
  for (let line = 0; line < 10_000; line++) {
    const before = openBuckets(engine)
    engine.pour(batchOf({ observedAt: stamp(600) }), ["none"])
    const now = before - openBuckets(engine)
    if (now > 0) dropped.push(now)
  }
  expect(dropped).toEqual(scenarios.map(() => addresses))
})

test("overflows that cause ever more of each other are cut off before they are many", () => {
  const crowd = Array.from({ length: 30 }, (_, n) =>
    ruleFile(
      "scenarios",
      `scenarios/test/m${n}.yaml`,
      `type: trigger\nname: test/m${n}\ndescription: t\nfilter: "true"\nreprocess: true\nlabels: {}`
    )
  )
  const engine = makeEngine(rulesOf(crowd))
  for (let line = 0; line < 3; line++) {
    const outcomes = engine.pour(batchOf({ id: `b${line}`, observedAt: stamp(line) }), ["- 192.0.2.1 -"])
    expect(outcomes.length).toBeGreaterThan(1_000)
    expect(outcomes.length).toBeLessThan(1_100)
  }
})
