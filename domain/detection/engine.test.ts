import { expect, test } from "vitest"
import { burst, overflows, rulesOf, stamp, start } from "./engine.fixture.ts"
import { lineTime, makeEngine } from "./engine.ts"
import type { Outcome } from "./outcome.ts"
import { eventField } from "./event/event-field.ts"
import { PipelineEvent } from "./event/pipeline-event.ts"
import { batchOf, ruleFile, scenarioFile } from "./recorded.fixture.ts"

test("a live line counts from when it was observed, unless it waited; a line from the future counts as now", () => {
  const engine = makeEngine(rulesOf([scenarioFile("each", "type: trigger")]))
  const times = (own: ReadonlyArray<string>) =>
    engine
      .pour(
        batchOf({ observedAt: stamp(100), time: "observed" }),
        own.map((time) => `${time} 192.0.2.1 -`)
      )
      .map(({ at }) => (at - start) / 1000)
  expect(times([stamp(99), stamp(95), stamp(94.999), stamp(10), stamp(7_000), "-", "nonsense"])).toEqual([
    100, 100, 94.999, 10, 100, 100, 100
  ])
})

test("a cold line counts from its own time, whatever the clock says, one without from the line before it in its source", () => {
  const engine = makeEngine(rulesOf([scenarioFile("each", "type: trigger")]))
  const times = (source: string, own: ReadonlyArray<string>) =>
    engine
      .pour(
        batchOf({ source, observedAt: stamp(100), time: "own" }),
        own.map((time) => `${time} 192.0.2.1 -`)
      )
      .map(({ at }) => (at - start) / 1000)
  expect(times("one", ["-", stamp(99), "-", stamp(3), "-", stamp(7_000)])).toEqual([100, 99, 99, 3, 3, 7_000])
  expect(times("two", ["-"])).toEqual([100])
  expect(times("one", ["nonsense"])).toEqual([7_000])
})

test("a backlog bans exactly whom steady reading bans", () => {
  const rules = rulesOf([burst])
  const lines = [0, 1, 2, 40, 80, 120, 160, 161, 162].map((seconds) => ({
    seconds,
    text: `${stamp(seconds)} 192.0.2.1 -`
  }))
  const live = makeEngine(rules)
  const steady = lines.flatMap(({ seconds, text }) =>
    live.pour(batchOf({ id: `b${seconds}`, observedAt: stamp(seconds) }), [text])
  )
  const waited = makeEngine(rules).pour(
    batchOf({ observedAt: stamp(300_000) }),
    lines.map(({ text }) => text)
  )
  const cold = makeEngine(rules).pour(
    batchOf({ observedAt: stamp(300_000), time: "own" }),
    lines.map(({ text }) => text)
  )
  const gist = (outcomes: ReadonlyArray<Outcome>) =>
    overflows(outcomes).map(({ at, overflow }) => [at, overflow.eventsCount, overflow.startAt])
  expect(gist(steady)).toHaveLength(2)
  expect(gist(waited)).toEqual(gist(steady))
  expect(gist(cold)).toEqual(gist(steady))
})

test("the line's own time stamp stays what it says, whenever it counts as detected", () => {
  const engine = makeEngine(
    rulesOf([
      scenarioFile(
        "each",
        "type: trigger\noverflow_filter: queue.Queue[0].MarshaledTime == '2026-01-01T11:01:39+01:00'"
      )
    ])
  )
  const outcomes = engine.pour(batchOf({ observedAt: stamp(100) }), ["2026-01-01T11:01:39+01:00 192.0.2.1 -"])
  expect(outcomes).toMatchObject([{ at: start + 100_000, overflow: { startAt: "2026-01-01T10:01:40Z" } }])
})

test("lineTime is the line's own time", () => {
  const rules = rulesOf([])
  const origin = { path: "x", labels: {}, zone: "UTC", observedAt: stamp(0), time: "own" as const }
  expect(lineTime(rules, origin, `${stamp(7_000)} 192.0.2.1 -`)).toBe(start + 7_000_000)
  expect(lineTime(rules, origin, "- 192.0.2.1 -")).toBeUndefined()
  expect(lineTime(rules, origin, "nonsense")).toBeUndefined()
})

test("an overflow says what it rests on", () => {
  const engine = makeEngine(rulesOf([burst]))
  const lines = [
    "",
    `${stamp(0)} 2001:DB8::0:1 a`,
    `${stamp(1)} 2001:DB8::0:1 ${"x".repeat(2_000)}`,
    `${stamp(2)} 2001:DB8::0:1 c`
  ]
  const [outcome] = overflows(engine.pour(batchOf({ id: "the-batch", observedAt: stamp(100), time: "own" }), lines))
  expect(outcome).toMatchObject({ causation: "the-batch", correlation: "the-batch", at: start + 2_000 })
  const { overflow } = outcome!
  expect(overflow).toMatchObject({
    source: { scope: "Ip", value: "2001:db8::1" },
    trigger: { event: "the-batch", line: 3 },
    ruleset: engine.ruleset.hash
  })
  expect(overflow.evidence.entries.map(({ line, at }) => [line, at])).toEqual([
    [1, "2026-01-01T10:00:00Z"],
    [2, "2026-01-01T10:00:01Z"],
    [3, "2026-01-01T10:00:02Z"]
  ])
  expect(overflow.evidence.entries[1]!.text).toHaveLength(1_024)
  expect(overflow.evidence.entries[1]!.meta["word"]).toHaveLength(512)
  expect(overflow.bucket).toMatch(/^[0-9a-f]{40}$/)
})

test("ids follow from rules, bucket, trigger and source", () => {
  const pour = (id: string, word: string) => {
    const engine = makeEngine(rulesOf([scenarioFile("each", "type: trigger")]))
    return overflows(
      engine.pour(batchOf({ id, observedAt: stamp(0) }), [`- 192.0.2.1 ${word}`, `- 192.0.2.2 ${word}`])
    ).map((outcome) => outcome.id)
  }
  expect(new Set([...pour("a", "x"), ...pour("b", "x")]).size).toBe(4)
  expect(pour("a", "x")).toEqual(pour("a", "y"))
})

test("a line at which the engine itself fails is left out, and the others are judged", () => {
  const engine = makeEngine(rulesOf([burst]), {
    watch: {
      node: (_stage, _node, event) => {
        if (event.Line.Raw.includes("poison")) throw new TypeError("a fault of our own")
      }
    }
  })
  const line = "- 192.0.2.1 -"
  const batch = batchOf({ observedAt: stamp(0) })
  const outcomes = engine.pour(batch, [line, "- 192.0.2.9 poison", line, line])
  expect(overflows(outcomes)).toHaveLength(1)
  expect(engine.counters).toMatchObject({ lines: 4, parsed: 3, unparsed: 1, faults: 1 })
  expect(engine.fault).toEqual({ reference: { event: batch.id, line: 1 }, message: "a fault of our own" })
})

test("new rules keep the buckets and blackholes of scenarios that say the same", () => {
  const hole = scenarioFile("hole", "type: trigger\nblackhole: 1m")
  const engine = makeEngine(rulesOf([burst, hole]))
  const names = (seconds: number) =>
    overflows(engine.pour(batchOf({ observedAt: stamp(seconds) }), ["- 192.0.2.1 -"])).map(
      ({ overflow }) => overflow.scenario.name
    )
  expect([names(0), names(1)]).toEqual([["test/hole"], []])
  // A comment more and another scenario beside them change neither; another capacity does.
  const same = ruleFile("scenarios", "scenarios/test/burst.yaml", `# moved\n${new TextDecoder().decode(burst.content)}`)
  engine.activate(rulesOf([same, hole, scenarioFile("new", "type: leaky\ncapacity: 50\nleakspeed: 1s")]))
  expect(names(2)).toEqual(["test/burst"])
  names(3)
  names(4)
  engine.activate(rulesOf([scenarioFile("burst", "type: leaky\ncapacity: 1\nleakspeed: 10s"), hole]))
  expect([names(5), names(6)]).toEqual([[], ["test/burst"]])
})

test("a filter that fails counts as no match, and the scenarios after it are asked all the same", () => {
  const fails = ruleFile(
    "scenarios",
    "scenarios/test/a.yaml",
    "type: trigger\nname: test/a\ndescription: t\nfilter: evt.Unmarshaled.no.thing == 1\nlabels: {}"
  )
  const engine = makeEngine(rulesOf([fails, scenarioFile("each", "type: trigger")]))
  expect(engine.pour(batchOf({ observedAt: stamp(0) }), ["- 192.0.2.1 -"])).toHaveLength(1)
  expect(engine.counters).toMatchObject({ failedFilters: 1, poured: 1 })
})

test("an attacker with countless addresses cannot open countless buckets; the one left alone longest goes", () => {
  const engine = makeEngine(rulesOf([burst]), { bucketsPerScenario: 3 })
  const pour = (...hosts: ReadonlyArray<number>) =>
    overflows(
      engine.pour(
        batchOf({ observedAt: stamp(0) }),
        hosts.map((host) => `- 192.0.2.${host} -`)
      )
    ).length
  expect(pour(1, 2, 3, 1, 4, 5, 1)).toBe(1)
  expect(engine.counters.evicted).toBe(2)
  expect(pour(2, 2)).toBe(0)
})

test("an attacker with long lines cannot fill the memory; the bucket left alone longest goes", () => {
  const engine = makeEngine(rulesOf([burst]), { charactersPerScenario: 1_000 })
  const pour = (length: number, ...hosts: ReadonlyArray<number>) =>
    overflows(
      engine.pour(
        batchOf({ observedAt: stamp(0) }),
        hosts.map((host) => `- 192.0.2.${host} -`.padEnd(length, "x"))
      )
    ).length
  expect([pour(300, 1, 2, 3), engine.counters.evicted]).toEqual([0, 0])
  expect([pour(900, 4), engine.counters.evicted]).toEqual([0, 3])
  // One alone may be as large as it is.
  expect([pour(2_000, 5), engine.counters.evicted]).toEqual([0, 4])
  expect([pour(20, 5, 5), engine.counters.evicted]).toEqual([1, 4])
  // What overflowed is not counted any more.
  expect([pour(450, 6, 7), engine.counters.evicted]).toEqual([0, 4])
})

test("names such as __proto__ are data like any other", () => {
  const engine = makeEngine(
    rulesOf([
      ruleFile(
        "scenarios",
        "scenarios/test/p.yaml",
        'type: leaky\ncapacity: 1\nleakspeed: 10s\nname: test/p\ndescription: t\nfilter: "true"\ngroupby: evt.Meta.word\nscope: {type: Word, expression: evt.Meta.word}\nlabels: {}'
      )
    ])
  )
  const outcomes = overflows(
    engine.pour(batchOf({ observedAt: stamp(0) }), [
      "- 192.0.2.1 __proto__",
      "- 192.0.2.1 constructor",
      "- 192.0.2.1 __proto__"
    ])
  )
  expect(outcomes.map(({ overflow }) => overflow.source)).toEqual([{ scope: "Word", value: "__proto__" }])
})

test("ended buckets are swept away, but not those that a backlog read beside still needs", () => {
  const openBuckets = (besides: boolean) => {
    const engine = makeEngine(rulesOf([scenarioFile("slow", "type: leaky\ncapacity: 2\nleakspeed: 10m")]))
    const backlog = (seconds: number, host: number) =>
      overflows(
        engine.pour(batchOf({ source: "backlog", observedAt: stamp(90_000) }), [`${stamp(seconds)} 192.0.2.${host} -`])
      )
    const live = Array.from({ length: 9_998 }, () => `${stamp(90_000)} 198.51.100.1 -`)
    backlog(0, 1)
    backlog(1, 1)
    engine.pour(batchOf({ source: "live", observedAt: stamp(90_000) }), live)
    if (!besides)
      engine.pour(
        batchOf({ source: "live", observedAt: stamp(90_000) }),
        Array.from({ length: 100_000 }, () => "no line of ours")
      )
    return {
      open: [...engine.buckets.values()].flatMap((buckets) => [...buckets.open()].map(({ group }) => group)),
      later: backlog(2, 1).length
    }
  }
  const beside = openBuckets(true)
  expect(beside.open).toContain("192.0.2.1")
  expect(beside.later).toBe(1)
  expect(openBuckets(false).open).not.toContain("192.0.2.1")
})

test("in a test of rules, lines without a time end no bucket, however many they are", () => {
  const engine = makeEngine(rulesOf([scenarioFile("slow", "type: leaky\ncapacity: 1\nleakspeed: 10m")]), {
    time: "said"
  })
  const lines = [`${stamp(0)} 192.0.2.1 -`, ...Array<string>(10_000).fill("untimed"), `${stamp(1)} 192.0.2.1 -`]
  expect(overflows(engine.pour(batchOf({ observedAt: stamp(90_000) }), lines))).toHaveLength(1)
})

test("rules that judge no more forget what they remembered of texts, although a bucket still holds their lines", () => {
  const rules = rulesOf([burst])
  let looks = 0
  const looked = rules.world.answers(eventField("Meta", "source_ip")).remembered(() => {
    looks += 1
    return true
  })
  const event = PipelineEvent.kept()
  event.Meta.set("source_ip", "192.0.2.1")
  const engine = makeEngine(rules)
  const pour = (seconds: number) => engine.pour(batchOf({ observedAt: stamp(seconds) }), ["- 192.0.2.1 word"])
  pour(0)
  pour(1)
  looked(event)
  engine.activate(rules)
  looked(event)
  expect(looks).toBe(1)
  engine.activate(rulesOf([burst, scenarioFile("new", "type: leaky\ncapacity: 50\nleakspeed: 1s")]))
  looked(event)
  expect(looks).toBe(2)
  const [overflow] = overflows(pour(2))
  expect(overflow?.overflow.eventsCount).toBe(3)
  expect(overflow?.overflow.evidence.entries).toHaveLength(3)
})
