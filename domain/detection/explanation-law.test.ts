/** The laws of explaining: it says of each line what the engine does with it, however the engine gets the lines. */
import fc from "fast-check"
import { expect, test } from "vitest"
import { makeEngine } from "./engine.ts"
import { type BucketExplanation, Explainer } from "./explanation.ts"
import { batchOf, bayesian, offenders, plainParser, ruleFile, scenarioFile, wordStash } from "./recorded.fixture.ts"
import { compileRuleset } from "./ruleset.ts"

const { ruleset, problems } = compileRuleset(
  [
    plainParser,
    wordStash,
    scenarioFile("leaky", "type: leaky\ncapacity: 2\nleakspeed: 10s\nreprocess: true\nblackhole: 20s"),
    scenarioFile("distinct", "type: leaky\ncapacity: 1\nleakspeed: 15s\ndistinct: evt.Meta.word\nreprocess: true"),
    scenarioFile("cancel", "type: leaky\ncapacity: 2\nleakspeed: 30s\ncache_size: 1\ncancel_on: evt.Meta.word == 'c'"),
    scenarioFile("counted", "type: counter\nduration: 15s\noverflow_filter: leaky.Total_count >= 2"),
    scenarioFile("single", "type: trigger\nblackhole: 40s"),
    scenarioFile(
      "before",
      "type: conditional\ncapacity: -1\nleakspeed: 40s\ncondition: any(queue.Queue, {.Meta.previous contains 'a'}) && len(queue.Queue) > 2"
    ),
    scenarioFile("bayesian", bayesian),
    ruleFile(
      "postoverflows",
      "postoverflows/s00-enrich/test/quiet.yaml",
      `name: test/quiet
filter: evt.Overflow.Alert.GetScenario() == 'test/distinct'
whitelist: {reason: quiet, ip: [192.0.2.3]}
`
    ),
    ruleFile(
      "scenarios",
      "scenarios/test/zz-meta.yaml",
      `${offenders}
---
type: counter
name: test/meta-of-meta
description: test
filter: "evt.GetType() == 'overflow' && evt.Overflow.Alert.GetScenario() == 'test/meta'"
duration: 20s
labels: {remediation: true}
`
    )
  ],
  { names: "off" }
)

const start = Date.UTC(2026, 0, 1, 10)
const lineArbitrary = fc.record({
  step: fc.oneof({ weight: 5, arbitrary: fc.nat(9) }, { weight: 1, arbitrary: fc.integer({ min: -40, max: 90 }) }),
  timed: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  host: fc.integer({ min: 1, max: 4 }),
  word: fc.constantFrom("a", "b", "c", "d"),
  isEmpty: fc.oneof({ weight: 30, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) })
})

const linesArbitrary = fc.array(lineArbitrary, { minLength: 1, maxLength: 120 }).map((lines) => {
  let now = start
  return lines.map(({ step, timed, host, word, isEmpty }) => {
    now += step * 1_000
    return isEmpty ? "" : `${timed ? new Date(now).toISOString() : "-"} 192.0.2.${host} ${word}`
  })
})

const log = { observedAt: "2026-02-01T00:00:00Z", time: "own" } as const

/** What an engine finds that gets the lines in batches of these lengths, and how full its buckets are in the end. */
const judged = (lines: ReadonlyArray<string>, lengths: ReadonlyArray<number>) => {
  const engine = makeEngine(ruleset)
  const found: Array<string> = []
  for (let at = 0, turn = 0; at < lines.length; turn += 1) {
    const length = lengths[turn % lengths.length]!
    for (const outcome of engine.pour(batchOf({ id: `b${turn}`, ...log }), lines.slice(at, at + length))) {
      if (outcome._tag !== "Overflow") continue
      const { scenario, source, message } = outcome.overflow
      found.push(`${scenario.name} ${source.scope} ${source.value} ${message}`)
    }
    at += length
  }
  const levels = [...engine.buckets.values()]
    .flatMap((buckets) => [...buckets.open()])
    .map(({ scenario, group, Total_count, tokens }) => {
      const level =
        scenario.rule.type === "leaky" ? Math.round((scenario.rule.capacity - tokens) * 100) / 100 : undefined
      return `${scenario.rule.name} ${group} ${Total_count} ${level}`
    })
  return { found, levels: levels.sort() }
}

/** The same, as it is told line by line. */
const told = (lines: ReadonlyArray<string>) => {
  const explainer = new Explainer(ruleset)
  const batch = batchOf(log)
  const found: Array<string> = []
  const open = new Map<string, string>()
  /** In the order in which it happened: what ran over is poured again after all that the line was poured into. */
  const take = (buckets: ReadonlyArray<BucketExplanation>): void => {
    const queue = [...buckets]
    for (const { scenario, group, outcome, events, level, overflow } of queue) {
      const key = `${scenario} ${group}`
      if (outcome === "filling" || outcome === "repeated") open.set(key, `${key} ${events} ${level}`)
      else open.delete(key)
      for (const { scope, value, message } of overflow?.alerts ?? [])
        found.push(`${scenario} ${scope} ${value} ${message}`)
      queue.push(...(overflow?.buckets ?? []))
    }
  }
  for (const line of lines) take(explainer.explain(batch, line)?.buckets ?? [])
  return { found, levels: [...open.values()].sort() }
}

test("a line is explained as the engine judges it, bucket levels included", () => {
  expect(problems).toEqual([])
  fc.assert(
    fc.property(
      linesArbitrary,
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      (lines, cuts) => {
        const { found, levels } = told(lines)
        const engine = judged(lines, cuts)
        expect([...found].sort()).toEqual([...engine.found].sort())
        expect(levels).toEqual(engine.levels)
      }
    ),
    { numRuns: 150 }
  )
})

test("what is found does not depend on where batches were cut", () => {
  fc.assert(
    fc.property(
      linesArbitrary,
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      (lines, cuts) => {
        expect(judged(lines, cuts)).toEqual(judged(lines, [lines.length]))
      }
    ),
    { numRuns: 150 }
  )
})
