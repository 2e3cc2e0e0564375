/** What lines have opened in the course of time, no single line has to close all at once. */
import { describe, expect, it, test, vi } from "vitest"
import { overflows, rulesOf, stamp } from "./engine.fixture.ts"
import { type Engine, makeEngine } from "./engine.ts"
import type { Outcome } from "./outcome.ts"
import { LineParser } from "./parse/line-parser.ts"
import { batchOf, ruleFile, scenarioFile } from "./recorded.fixture.ts"
import { restoreEngine, snapshotEngine } from "./snapshot.ts"

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

describe("buckets that run over at one line", () => {
  const full = (capacity: number) => `type: leaky\ncapacity: ${capacity}\nleakspeed: 10h`
  /** Scenarios that each wait for a word of their own, but all run over at "all". */
  const apart = (count: number, capacity: number) =>
    Array.from({ length: count }, (_, n) =>
      ruleFile(
        "scenarios",
        `scenarios/test/s${n}.yaml`,
        `name: test/s${n}\ndescription: t\nfilter: evt.Meta.word in ['w${n}', 'all']\ngroupby: evt.Meta.source_ip\nlabels: {}\n${full(capacity)}`
      )
    )
  const linesOf = (count: number, word: string) => Array.from({ length: count }, () => `- 192.0.2.1 ${word}`)
  const told = (outcomes: ReadonlyArray<Outcome>) =>
    overflows(outcomes).map(({ overflow }) => [overflow.eventsCount, overflow.evidence.entries.length])

  it("show each line once, which is parsed again once", () => {
    const parsed = vi.spyOn(LineParser.prototype, "parse")
    const scenarios = Array.from({ length: 20 }, (_, n) => scenarioFile(`s${n}`, full(300)))
    const engine = makeEngine(rulesOf(scenarios))
    engine.pour(batchOf({ observedAt: stamp(0) }), linesOf(300, "w"))
    parsed.mockClear()
    const outcomes = engine.pour(batchOf({ id: "last", observedAt: stamp(1) }), linesOf(1, "w"))
    expect(told(outcomes)).toEqual(scenarios.map(() => [301, 100]))
    expect(parsed.mock.calls.length).toBeLessThan(400)
    parsed.mockRestore()
  })

  it("show so many lines that one long queue is shown whole, and of the others what made them run over", () => {
    const engine = makeEngine(rulesOf(apart(6, 300)))
    for (let n = 0; n < 6; n++) engine.pour(batchOf({ id: `b${n}`, observedAt: stamp(0) }), linesOf(300, `w${n}`))
    const outcomes = engine.pour(batchOf({ id: "last", observedAt: stamp(1) }), linesOf(1, "all"))
    expect(told(outcomes)).toEqual([...[301, 301, 301].map((count) => [count, 100]), [301, 100], [301, 1], [301, 1]])
  })

  it("show so much in all, however few the lines are", () => {
    const scenarios = Array.from({ length: 12 }, (_, n) => scenarioFile(`s${n}`, full(998)))
    const engine = makeEngine(rulesOf(scenarios))
    engine.pour(batchOf({ observedAt: stamp(0) }), linesOf(998, "w"))
    const outcomes = engine.pour(batchOf({ id: "last", observedAt: stamp(1) }), linesOf(1, "w"))
    const whole = Array.from({ length: 10 }, () => [999, 100])
    expect(told(outcomes)).toEqual([...whole, [999, 10], [999, 1]])
  })

  it("show as much as each would alone when their time is over", () => {
    const counters = ["a", "b", "c"].map((word) =>
      ruleFile(
        "scenarios",
        `scenarios/test/${word}.yaml`,
        `type: counter\nname: test/${word}\ndescription: t\nfilter: evt.Meta.word == '${word}'\nduration: 10m\nlabels: {}`
      )
    )
    const engine = makeEngine(rulesOf(counters))
    for (const word of ["a", "b", "c"]) engine.pour(batchOf({ id: word, observedAt: stamp(0) }), linesOf(600, word))
    const outcomes = engine.pour(batchOf({ id: "last", observedAt: stamp(700) }), linesOf(1, "other"))
    expect(told(outcomes)).toEqual(counters.map(() => [600, 100]))
  })

  it("show the same after a start as without one", () => {
    const ruleset = rulesOf(apart(6, 300))
    const engine = makeEngine(ruleset)
    const batches = Array.from({ length: 6 }, (_, n) => ({
      batch: batchOf({ id: `b${n}`, observedAt: stamp(0) }),
      lines: linesOf(300, `w${n}`)
    }))
    for (const { batch, lines } of batches) engine.pour(batch, lines)
    const last = batchOf({ id: "last", observedAt: stamp(1) })
    const restarted = restoreEngine(ruleset, snapshotEngine(engine), ({ event, line }) => {
      const found = batches.find(({ batch }) => batch.id === event)!
      return { batch: found.batch.data, text: found.lines[line]! }
    })
    expect(restarted.pour(last, linesOf(1, "all"))).toEqual(engine.pour(last, linesOf(1, "all")))
  })
})
