import fc from "fast-check"
import { expect, test } from "vitest"
import { stamp } from "./engine.fixture.ts"
import { type Engine, makeEngine } from "./engine.ts"
import type { Outcome } from "./outcome.ts"
import {
  batchOf,
  bayesian,
  hostOf,
  nameOf,
  offenders,
  plainParser,
  ruleFile,
  scenarioFile,
  wordStash
} from "./recorded.fixture.ts"
import { compileRuleset } from "./ruleset.ts"
import { type EngineSnapshot, restoreEngine, SnapshotError, snapshotEngine } from "./snapshot.ts"

const reverse = ruleFile(
  "postoverflows",
  "postoverflows/s00-enrich/test/rdns.yaml",
  `
name: test/rdns
filter: "evt.Overflow.Alert.GetScope() == 'Ip' && evt.Overflow.Alert.Source.IP endsWith '2'"
statics:
  - {method: reverse_dns, expression: evt.Overflow.Alert.Source.IP}
---
name: test/good
filter: "evt.Enriched.reverse_dns endsWith '.good.'"
whitelist: {reason: good, expression: ["true"]}
---
name: test/own
filter: "evt.Overflow.Alert.Source.IP endsWith '3'"
whitelist: {reason: own, expression: ["evt.Overflow.Alert.Source.IP in LookupHost('home.example.org')"]}
---
name: test/all
filter: "true"
statics:
  - {parsed: done, value: "yes"}
`
)

const files = [
  plainParser,
  wordStash,
  reverse,
  scenarioFile("leaky", "type: leaky\ncapacity: 2\nleakspeed: 10s\nreprocess: true\nblackhole: 20s"),
  scenarioFile("distinct", "type: leaky\ncapacity: 1\nleakspeed: 15s\ndistinct: evt.Meta.word\nreprocess: true"),
  scenarioFile("cancel", "type: leaky\ncapacity: 2\nleakspeed: 30s\ncache_size: 1\ncancel_on: evt.Meta.word == 'c'"),
  scenarioFile(
    "conditional",
    "type: conditional\ncapacity: -1\nleakspeed: 40s\ncondition: any(queue.Queue, {.Meta.previous contains 'a'}) && len(queue.Queue) > 2"
  ),
  scenarioFile("bayesian", bayesian),
  ruleFile(
    "scenarios",
    "scenarios/test/z-marks.yaml",
    `type: leaky
name: test/marks
description: test
filter: "evt.Meta.word == 'a' && evt.SetMeta('mark', evt.Meta.source_ip)"
groupby: evt.Meta.source_ip
capacity: 1
leakspeed: 20s
labels: {}`
  ),
  ruleFile(
    "scenarios",
    "scenarios/test/zz-meta.yaml",
    `${offenders}
---
type: trigger
name: test/meta-of-meta
description: test
filter: "evt.GetType() == 'overflow' && evt.Overflow.Alert.GetScenario() == 'test/meta'"
blackhole: 30s
labels: {remediation: true}`
  )
]

type Step =
  | {
      readonly kind: "batch"
      readonly source: string
      readonly time: "own" | "observed"
      readonly lines: ReadonlyArray<readonly [seconds: number, host: number, word: string, dated: boolean]>
    }
  | { readonly kind: "names"; readonly good: boolean }

const line = fc.tuple(
  fc.integer({ min: 0, max: 12 }),
  fc.integer({ min: 1, max: 3 }),
  fc.constantFrom("a", "b", "c", "d"),
  fc.boolean()
)
const steps: fc.Arbitrary<ReadonlyArray<Step>> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("batch" as const),
        source: fc.constantFrom("one", "two"),
        time: fc.constantFrom("own", "observed"),
        lines: fc.array(line, { maxLength: 12 })
      })
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("names" as const), good: fc.boolean() }) }
  ),
  { minLength: 2, maxLength: 12 }
)

/** The lines of every batch, for whoever restores. */
const batchesOf = (all: ReadonlyArray<Step>) => {
  let seconds = 0
  return all.map((step, index) => {
    if (step.kind === "names") return undefined
    const lines = step.lines.map(([later, host, word, dated]) => {
      seconds += later
      return `${dated ? stamp(seconds) : "-"} 192.0.2.${host} ${word}`
    })
    return {
      batch: batchOf({ id: `batch-${index}`, source: step.source, time: step.time, observedAt: stamp(seconds + 3) }),
      lines
    }
  })
}

const play = (engine: Engine, all: ReadonlyArray<Step>, from: number, to: number): ReadonlyArray<Outcome> => {
  const batches = batchesOf(all)
  return all.slice(from, to).flatMap((step, offset) => {
    const given = batches[from + offset]
    if (given !== undefined) return engine.pour(given.batch, given.lines)
    if (step.kind !== "names") throw new Error("no batch")
    return engine
      .wantedNames()
      .flatMap((question) =>
        engine.resolve(
          question === "home.example.org"
            ? hostOf(question, step.good ? "192.0.2.3" : "192.0.2.4")
            : nameOf(question, step.good ? "bot.good." : "")
        )
      )
  })
}

const { ruleset, problems } = compileRuleset(files, { names: "asked" })

test("the rules of this test are fine", () => expect(problems).toEqual([]))

test("an engine that was stopped anywhere goes on as if it never was", () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(steps, fc.nat(), (all, where) => {
      const whole = makeEngine(ruleset)
      const expected = play(whole, all, 0, all.length)
      for (const outcome of expected)
        seen.add(outcome._tag === "Overflow" ? outcome.overflow.scenario.name : outcome._tag)
      const cut = where % all.length
      const first = makeEngine(ruleset)
      const before = play(first, all, 0, cut)
      const snapshot = JSON.parse(JSON.stringify(snapshotEngine(first))) as EngineSnapshot
      const batches = batchesOf(all)
      const second = restoreEngine(ruleset, snapshot, ({ event, line }) => {
        const found = batches.find((given) => given?.batch.id === event)
        return found && { batch: found.batch.data, text: found.lines[line]! }
      })
      expect(JSON.parse(JSON.stringify(snapshotEngine(second)))).toEqual(snapshot)
      const after = play(second, all, cut, all.length)
      expect(JSON.stringify([...before, ...after])).toBe(JSON.stringify(expected))
      expect(second.counters).toEqual(whole.counters)
    }),
    { numRuns: 120, seed: 20201122 }
  )
  // Otherwise the property would hold for want of anything to happen.
  expect([...seen].sort()).toEqual([
    "NameWanted",
    "test/bayesian",
    "test/cancel",
    "test/conditional",
    "test/distinct",
    "test/leaky",
    "test/marks",
    "test/meta",
    "test/meta-of-meta"
  ])
})

test("two runs say the same, whatever they read", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const run = () => JSON.stringify(play(makeEngine(ruleset), all, 0, all.length))
      expect(run()).toBe(run())
    }),
    { numRuns: 20 }
  )
})

test("a snapshot of other rules, and one whose lines are gone, are refused", () => {
  const engine = makeEngine(ruleset)
  engine.pour(batchOf({ observedAt: stamp(0) }), ["- 192.0.2.1 d"])
  const snapshot = snapshotEngine(engine)
  expect(() => restoreEngine(ruleset, snapshot, () => undefined)).toThrow(SnapshotError)
  const other = compileRuleset(files.slice(0, 4), { names: "asked" }).ruleset
  expect(() => restoreEngine(other, snapshot, () => undefined)).toThrow(/belongs to the rules/)
})

test("a snapshot refers to lines and does not copy them", () => {
  const engine = makeEngine(ruleset)
  engine.pour(batchOf({ observedAt: stamp(0) }), ["- 192.0.2.1 d secret-of-the-line"])
  const text = JSON.stringify({ ...snapshotEngine(engine), stashes: [] })
  expect(text).toContain('"origins":["batch"],"lines":[0,0,')
  expect(text).not.toContain("secret-of-the-line")
})

test("events that other rules parsed are kept as they were", () => {
  const engine = makeEngine(ruleset)
  engine.pour(batchOf({ observedAt: stamp(0) }), ["- 192.0.2.1 d"])
  const shout = ruleFile(
    "parsers",
    "parsers/s00-raw/test/r.yaml",
    "name: test/r\nstatics: [{meta: word, value: LOUD}]\n"
  )
  const other = compileRuleset([...files, shout], { names: "asked" }).ruleset
  engine.activate(other)
  const restored = restoreEngine(
    other,
    JSON.parse(JSON.stringify(snapshotEngine(engine))) as EngineSnapshot,
    () => undefined
  )
  const more = batchOf({ id: "more", observedAt: stamp(1) })
  const outcomes = engine.pour(more, ["- 192.0.2.1 d", "- 192.0.2.1 d"])
  expect(restored.pour(more, ["- 192.0.2.1 d", "- 192.0.2.1 d"])).toEqual(outcomes)
  const leaky = outcomes.find(
    (outcome) => outcome._tag === "Overflow" && outcome.overflow.scenario.name === "test/leaky"
  )
  expect(leaky).toMatchObject({
    overflow: {
      evidence: { entries: [{ meta: { word: "d" } }, { meta: { word: "LOUD" } }, { meta: { word: "LOUD" } }] }
    }
  })
})

test("lines stay lines when scenarios, postoverflows and profiles were edited, but not when these bring data", () => {
  const edit = (text: string) =>
    compileRuleset([...files, scenarioFile("edited", `type: trigger\n${text}`)], { names: "asked" }).ruleset
  const withData = edit("data: [{dest_file: words.txt, type: string}]")
  for (const [other, isTold] of [[edit(""), false] as const, [withData, true] as const]) {
    const engine = makeEngine(ruleset)
    engine.pour(batchOf({ observedAt: stamp(0) }), ["- 192.0.2.1 d"])
    engine.activate(other)
    const snapshot = JSON.parse(JSON.stringify(snapshotEngine(engine))) as EngineSnapshot
    expect(snapshot.events.more.some(([, { content }]) => content !== undefined)).toBe(isTold)
  }
})

test("an overflow that was poured again keeps what filters wrote to it", () => {
  const { ruleset } = compileRuleset(
    [
      plainParser,
      scenarioFile("twice", "type: leaky\ncapacity: 1\nleakspeed: 10s\nreprocess: true"),
      ruleFile(
        "scenarios",
        "scenarios/test/z-again.yaml",
        `type: leaky
name: test/again
description: test
filter: "evt.GetType() == 'overflow' && evt.SetMeta('of', evt.Overflow.Alert.GetScenario())"
capacity: 1
leakspeed: 1m
labels: {remediation: true}`
      )
    ],
    { names: "off" }
  )
  const batch = batchOf({ observedAt: "2026-01-01T10:00:00Z" })
  const lines = [1, 2, 3, 4].map((second) => `2026-01-01T10:00:0${second}Z 192.0.2.1 a`)
  const from = (engine: Engine, first: number, end: number) =>
    engine.pour(
      batch,
      lines.map((line, at) => (at >= first && at < end ? line : ""))
    )
  const engine = makeEngine(ruleset)
  const before = from(engine, 0, 2)
  const again = restoreEngine(ruleset, JSON.parse(JSON.stringify(snapshotEngine(engine))), ({ line }) => ({
    batch: batch.data,
    text: lines[line]!
  }))
  const outcomes = [...before, ...from(again, 2, 4)]
  expect(outcomes).toEqual(from(makeEngine(ruleset), 0, 4))
  expect(JSON.stringify(outcomes)).toContain('"of":"test/twice"')
})
