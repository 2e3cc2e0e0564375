import fc from "fast-check"
import { expect, test } from "vitest"
import { makeEngine } from "../engine.ts"
import { batchOf, bayesian, plainParser, scenarioFile } from "../recorded.fixture.ts"
import { compileRuleset } from "../ruleset.ts"

const start = Date.UTC(2020, 0, 1, 10)

/** Seconds after the start, each with an optional word: `3a`. */
const lineOf = (event: string): string => {
  const [, seconds, word] = /^([\d.]+)(\w*)$/.exec(event)!
  return `${new Date(start + Number(seconds) * 1000).toISOString()} 1.2.3.4 ${word || "-"}`
}

/** `n=3 q=0,1,2 0→2` for each alert. */
const alertsOf = (scenario: string, events: string): ReadonlyArray<string> => {
  const { ruleset, problems } = compileRuleset([plainParser, scenarioFile("t", scenario)], { names: "off" })
  expect(problems).toEqual([])
  const batch = batchOf({ observedAt: "2026-01-01T00:00:00Z", time: "own" })
  const after = (stamp: string): number => (Date.parse(stamp) - start) / 1000
  return makeEngine(ruleset)
    .pour(batch, events.split(",").map(lineOf))
    .map((outcome) => {
      if (outcome._tag !== "Overflow") throw new Error("no overflow")
      const { eventsCount, evidence, startAt, stopAt } = outcome.overflow
      return `n=${eventsCount} q=${evidence.entries.map(({ line }) => line)} ${after(startAt)}→${after(stopAt)}`
    })
}

test.each([
  ["type: leaky\ncapacity: 2\nleakspeed: 10s", "0,1,2", ["n=3 q=0,1,2 0→2"]],
  ["type: leaky\ncapacity: 2\nleakspeed: 10s", "0,1,11,12", ["n=4 q=1,2,3 0→12"]],
  ["type: leaky\ncapacity: 2\nleakspeed: 10s", "0,30,30.5,31", ["n=4 q=1,2,3 0→31"]],
  ["type: leaky\ncapacity: 2\nleakspeed: 10s", "0,30.001,31,32", ["n=3 q=1,2,3 30.001→32"]],
  ["type: leaky\ncapacity: 2\nleakspeed: 10s", "10,5,6", ["n=3 q=0,1,2 10→6"]],
  ["type: leaky\ncapacity: 2\nleakspeed: 10s\ncache_size: 1", "0,1,2", ["n=3 q=1,2 0→2"]],
  [
    "type: leaky\ncapacity: 1\nleakspeed: 10s\ndistinct: evt.Meta.word",
    "0a,1a,2b,3a,4b",
    ["n=2 q=0,2 0→2", "n=2 q=3,4 3→4"]
  ],
  ["type: leaky\ncapacity: 1\nleakspeed: 10s\nblackhole: 1m", "0,1,2,3,61,62,63", ["n=2 q=0,1 0→1", "n=2 q=4,5 61→62"]],
  ["type: leaky\ncapacity: 1\nleakspeed: 10s\ncancel_on: evt.Meta.word == 'x'", "0,1x,2,3", ["n=2 q=2,3 2→3"]],
  ["type: trigger", "0,1", ["n=1 q=0 0→0", "n=1 q=1 1→1"]],
  ["type: trigger\nblackhole: 1m", "0,1,61", ["n=1 q=0 0→0", "n=1 q=2 61→61"]],
  [
    "type: conditional\ncapacity: -1\nleakspeed: 1m\ncondition: len(queue.Queue) >= 3",
    "0,1,2,63,64",
    ["n=3 q=0,1,2 0→2"]
  ],
  ["type: conditional\ncapacity: -1\nleakspeed: 1m\ncondition: len(queue.Queue) >= 3", "0,1,61.5,62", []],
  [bayesian, "0a,1b", ["n=2 q=0,1 0→1"]],
  ["type: counter\nduration: 5m", "0,1,2,300", []],
  // A deliberate difference: CrowdSec has no time in a replay that would end a counter.
  ["type: counter\nduration: 5m", "0,1,2,300.001", ["n=3 q=0,1,2 0→300"]]
])("%s\n<- %s (appendix A.1)", (scenario, events, alerts) => {
  expect(alertsOf(scenario, events)).toEqual(alerts)
})

test("the message of an alert, and what a trigger says of its leak", () => {
  const overflows = (scenario: string, events: string) => {
    const { ruleset } = compileRuleset([plainParser, scenarioFile("t", scenario)], { names: "off" })
    return makeEngine(ruleset)
      .pour(batchOf({ observedAt: "2026-01-01T00:00:00Z", time: "own" }), events.split(",").map(lineOf))
      .flatMap((outcome) => (outcome._tag === "Overflow" ? [outcome.overflow] : []))
  }
  expect(overflows("type: leaky\ncapacity: 2\nleakspeed: 10s", "0,1,2")[0]).toMatchObject({
    message: "Ip 1.2.3.4 performed 'test/t' (3 events over 2s) at 2020-01-01 10:00:02 +0000 UTC",
    capacity: 2,
    leakspeed: "10s",
    remediation: true,
    source: { scope: "Ip", value: "1.2.3.4" }
  })
  expect(overflows("type: leaky\ncapacity: 2\nleakspeed: 10s", "10,5,6")[0]!.message).toContain("(3 events over -4s)")
  expect(overflows("type: trigger", "0")[0]).toMatchObject({ capacity: 0, leakspeed: "0s", eventsCount: 1 })
})

test("scenarios of one name and filter share their buckets, as in CrowdSec", () => {
  const scenario = scenarioFile("t", "type: leaky\ncapacity: 3\nleakspeed: 10s")
  const other = { ...scenarioFile("t", "type: leaky\ncapacity: 9\nleakspeed: 10s"), path: "scenarios/test/u.yaml" }
  const { ruleset } = compileRuleset([plainParser, scenario, other], { names: "off" })
  const outcomes = makeEngine(ruleset).pour(
    batchOf({ observedAt: "2026-01-01T00:00:00Z", time: "own" }),
    ["0", "1"].map(lineOf)
  )
  expect(outcomes).toMatchObject([{ overflow: { capacity: 3, eventsCount: 4 } }])
})

interface Event {
  /** Milliseconds. */
  readonly at: number
  readonly ip: string
  readonly word: string
}

/** A leaky bucket as one would explain it: every event in it leaks at its own time, in whole milliseconds. */
const model = (
  events: ReadonlyArray<Event>,
  rule: { readonly capacity: number; readonly leak: number; readonly blackhole: number; readonly distinct: boolean }
): ReadonlyArray<string> => {
  const { capacity, leak, blackhole, distinct } = rule
  const alerts: Array<string> = []
  const open = new Map<string, { fill: number; since: number; last: number; all: Array<number>; seen: Set<string> }>()
  const closedUntil = new Map<string, number>()
  for (const [index, { at, ip, word }] of events.entries()) {
    let bucket = open.get(ip)
    if (bucket === undefined || at > bucket.last + (capacity + 1) * leak)
      bucket = { fill: 0, since: at, last: at, all: [], seen: new Set() }
    open.set(ip, bucket)
    if (distinct && bucket.seen.has(word)) continue
    bucket.seen.add(word)
    // In milliseconds of leaking: a full bucket holds `capacity * leak`.
    bucket.fill = Math.max(0, bucket.fill - (at - bucket.since)) + leak
    bucket.last = at
    bucket.all.push(index)
    if (bucket.fill <= capacity * leak) {
      bucket.since = at
      continue
    }
    open.delete(ip)
    if ((closedUntil.get(ip) ?? Number.NEGATIVE_INFINITY) > at) continue
    closedUntil.set(ip, at + blackhole)
    alerts.push(`${ip} n=${bucket.all.length} q=${bucket.all.slice(-(capacity + 1))}`)
  }
  return alerts
}

test("a leaky bucket does what a simple model of one does", () => {
  const event = fc.record({
    after: fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 0, max: 60_000 })),
    ip: fc.constantFrom("192.0.2.1", "192.0.2.2"),
    word: fc.constantFrom("a", "b", "c", "d")
  })
  const rule = fc.record({
    capacity: fc.integer({ min: 1, max: 4 }),
    leak: fc.integer({ min: 1, max: 12 }).map((seconds) => seconds * 1_000),
    blackhole: fc.constantFrom(0, 30_000),
    distinct: fc.boolean()
  })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), rule, (steps, given) => {
      let at = 0
      const events = steps.map(({ after, ip, word }) => {
        at += after
        return { at, ip, word }
      })
      const { capacity, leak, blackhole, distinct } = given
      const scenario = scenarioFile(
        "t",
        `type: leaky\ncapacity: ${capacity}\nleakspeed: ${leak}ms\nblackhole: ${blackhole}ms${distinct ? "\ndistinct: evt.Meta.word" : ""}`
      )
      const { ruleset } = compileRuleset([plainParser, scenario], { names: "off" })
      const lines = events.map((each) => `${new Date(start + each.at).toISOString()} ${each.ip} ${each.word}`)
      const outcomes = makeEngine(ruleset).pour(batchOf({ observedAt: "2026-01-01T00:00:00Z", time: "own" }), lines)
      const alerts = outcomes.map((outcome) => {
        if (outcome._tag !== "Overflow") throw new Error("no overflow")
        const { source, eventsCount, evidence } = outcome.overflow
        return `${source.value} n=${eventsCount} q=${evidence.entries.map(({ line }) => line)}`
      })
      expect(alerts).toEqual(model(events, given))
    }),
    { numRuns: 200 }
  )
})

test("remembers the last 10,000 distinct values", () => {
  const { ruleset } = compileRuleset(
    [plainParser, scenarioFile("t", "type: leaky\ncapacity: 100000\nleakspeed: 10h\ndistinct: evt.Meta.word")],
    { names: "off" }
  )
  const engine = makeEngine(ruleset)
  const batch = batchOf({ observedAt: "2026-01-01T00:00:00Z", time: "own" })
  const poured = (words: ReadonlyArray<string>): number => {
    engine.pour(
      batch,
      words.map((word) => lineOf(`0${word}`))
    )
    const [bucket] = [...engine.buckets.values()].flatMap((buckets) => [...buckets.open()])
    return bucket!.Total_count
  }
  const words = Array.from({ length: 10_003 }, (_, number) => `w${number}`)
  expect(poured(words)).toBe(10_003)
  expect(poured(["w3", "w10002"])).toBe(10_003) // still known
  expect(poured(["w2", "w0", "w1"])).toBe(10_006) // forgotten, and known again
  expect(poured(["w0", "w1", "w2", "w10002", "w6"])).toBe(10_006)
  expect(poured(["w3", "w4", "w5"])).toBe(10_009) // they had to go for those
})

test("a group has a bucket of its own in each of very many scenarios", () => {
  const capacities = Array.from({ length: 20 }, (_, n) => n + 1)
  const outcomesOf = (shortcuts: boolean) => {
    const files = capacities.map((capacity) =>
      scenarioFile(`n${capacity}`, `type: leaky\ncapacity: ${capacity}\nleakspeed: 1h`)
    )
    const { ruleset } = compileRuleset([plainParser, ...files], { names: "off", shortcuts })
    const lines = Array.from({ length: 120 }, (_, second) =>
      lineOf(`${second}`).replace("1.2.3.4", `1.2.3.${second % 3}`)
    )
    return makeEngine(ruleset).pour(batchOf({ observedAt: "2026-01-01T00:00:00Z", time: "own" }), lines)
  }
  const plain = outcomesOf(false)
  // Each of three sources pours 40 events.
  expect(plain).toHaveLength(capacities.reduce((sum, capacity) => sum + 3 * Math.floor(40 / (capacity + 1)), 0))
  expect(outcomesOf(true)).toEqual(plain)
})
