import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { overflows, rulesOf, stamp, start } from "../engine.fixture.ts"
import { type Engine, makeEngine } from "../engine.ts"
import type { Outcome } from "../outcome.ts"
import { batchOf, passageTo, ruleFile, scenarioFile } from "../recorded.fixture.ts"
import { restoreEngine, snapshotEngine } from "../snapshot.ts"

const counter = scenarioFile("counter", "type: counter\nduration: 10s")

/** `192.0.2.1 n=3 0→10` for each overflow. */
const gist = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<string> =>
  overflows(outcomes).map(({ overflow: { source, eventsCount, startAt, stopAt } }) => {
    const after = (at: string) => (Date.parse(at) - start) / 1000
    return `${source.value} n=${eventsCount} ${after(startAt)}→${after(stopAt)}`
  })

const pour = (engine: Engine, seconds: number, ip = "192.0.2.1"): ReadonlyArray<Outcome> =>
  engine.pour(batchOf({ id: `b${seconds}`, observedAt: stamp(seconds) }), [`- ${ip} -`])

const pass = (engine: Engine, seconds: number): ReadonlyArray<Outcome> => engine.pass(passageTo(stamp(seconds)))

describe("a counter", () => {
  it("runs over when its time is over, told by a line of somebody else or by the passing of time alike", () => {
    const lines = (engine: Engine) => [pour(engine, 0), pour(engine, 4), pour(engine, 10)].flat()
    const engine = makeEngine(rulesOf([counter]))
    expect(lines(engine)).toEqual([])
    expect(engine.deadline).toBe(start + 10_000)
    const byLine = pour(engine, 10.001, "192.0.2.9")
    expect(gist(byLine)).toEqual(["192.0.2.1 n=3 0→10"])
    expect(engine.deadline).toBe(start + 20_001)

    const quiet = makeEngine(rulesOf([counter]))
    lines(quiet)
    expect(pass(quiet, 10)).toEqual([])
    expect(pass(quiet, 86_400)).toEqual(byLine)
    expect([pass(quiet, 86_400), quiet.deadline]).toEqual([[], Number.POSITIVE_INFINITY])
  })

  it("names its last event as its trigger, and that event's batch as its cause", () => {
    const engine = makeEngine(rulesOf([counter]))
    pour(engine, 0)
    pour(engine, 4)
    const [outcome] = overflows(pass(engine, 60))
    expect(outcome).toMatchObject({ causation: "b4", correlation: "b4", at: start + 10_000 })
    expect(outcome!.overflow).toMatchObject({ capacity: -1, trigger: { event: "b4", line: 0 }, leakspeed: "0s" })
  })

  it("begins anew with the next event, and lines that no parser takes tell the time too", () => {
    const engine = makeEngine(rulesOf([counter]))
    const outcomes = [0, 5, 11, 12].flatMap((seconds) => pour(engine, seconds))
    outcomes.push(...engine.pour(batchOf({ observedAt: stamp(30) }), ["no line of ours"]))
    expect(gist(outcomes)).toEqual(["192.0.2.1 n=2 0→10", "192.0.2.1 n=2 11→21"])
  })

  it("is judged by its overflow_filter, opens its blackhole and is poured again", () => {
    const many = scenarioFile(
      "many",
      "type: counter\nduration: 10s\noverflow_filter: leaky.Total_count > 1 && leaky.Duration.Seconds() == 10\nblackhole: 1m\nreprocess: true"
    )
    const again = ruleFile(
      "scenarios",
      "scenarios/test/again.yaml",
      `type: trigger\nname: test/again\ndescription: t\nfilter: "evt.GetType() == 'overflow'"\nlabels: {}`
    )
    const engine = makeEngine(rulesOf([many, again]))
    const outcomes = [0, 11, 12, 30, 31, 50].flatMap((seconds) => pour(engine, seconds))
    expect(overflows(outcomes).map(({ overflow }) => `${overflow.scenario.name} ${overflow.stopAt}`)).toEqual([
      "test/many 2026-01-01T10:00:21Z",
      "test/again 2026-01-01T10:00:21Z"
    ])
  })

  it("that feeds itself ends", () => {
    const itself = ruleFile(
      "scenarios",
      "scenarios/test/itself.yaml",
      `type: counter\nduration: 1ms\nname: test/itself\ndescription: t\nfilter: "true"\nreprocess: true\nlabels: {}`
    )
    const engine = makeEngine(rulesOf([itself]))
    pour(engine, 0)
    expect(pass(engine, 86_400)).toHaveLength(1_001)
    expect(engine.counters.cutChains).toBe(1)
  })
})

describe("other buckets with a duration", () => {
  it("run over when they are full, and when their time is over", () => {
    const engine = makeEngine(
      rulesOf([scenarioFile("leaky", "type: leaky\ncapacity: 2\nleakspeed: 1m\nduration: 10s")])
    )
    const outcomes = [0, 1, 2, 3, 12.9].flatMap((seconds) => pour(engine, seconds))
    outcomes.push(...pass(engine, 14))
    expect(gist(outcomes)).toEqual(["192.0.2.1 n=3 0→2", "192.0.2.1 n=2 3→13"])
  })

  it("are gone when they were cancelled", () => {
    const engine = makeEngine(
      rulesOf([scenarioFile("cancel", "type: counter\nduration: 10s\ncancel_on: evt.Meta.word == 'x'")])
    )
    pour(engine, 0)
    engine.pour(batchOf({ observedAt: stamp(1) }), ["- 192.0.2.1 x"])
    expect([pass(engine, 60), engine.deadline]).toEqual([[], Number.POSITIVE_INFINITY])
  })

  it("that had to make room do not run over", () => {
    const engine = makeEngine(rulesOf([counter]), { bucketsPerScenario: 1 })
    pour(engine, 0, "192.0.2.1")
    pour(engine, 1, "192.0.2.2")
    expect(gist(pass(engine, 60))).toEqual(["192.0.2.2 n=1 1→11"])
  })
})

describe("deadlines", () => {
  it("outlive a restart and new rules", () => {
    const rules = rulesOf([counter])
    const engine = makeEngine(rules)
    pour(engine, 0, "192.0.2.2")
    pour(engine, 0, "192.0.2.1")
    const snapshot = JSON.parse(JSON.stringify(snapshotEngine(engine)))
    const restored = restoreEngine(rules, snapshot, () => ({
      batch: batchOf({ observedAt: stamp(0) }).data,
      text: "- 192.0.2.1 -"
    }))
    restored.activate(rulesOf([counter, scenarioFile("other", "type: trigger")]))
    expect(restored.deadline).toBe(start + 10_000)
    expect(pass(restored, 60).map(({ at }) => at)).toEqual(pass(engine, 60).map(({ at }) => at))
    restored.activate(rules)
    pour(restored, 100)
    restored.activate(rulesOf([scenarioFile("other", "type: trigger")]))
    expect(restored.deadline).toBe(Number.POSITIVE_INFINITY)
  })

  /** What a counter is: windows that begin with an event and end a duration later. */
  const windows = (events: ReadonlyArray<readonly [ip: string, seconds: number]>, length: number) => {
    const open = new Map<string, { first: number; count: number }>()
    const closed: Array<string> = []
    const close = (before: number) => {
      const due = [...open].filter(([, { first }]) => first + length < before)
      due.sort(([a, { first }], [b, other]) => first - other.first || (a < b ? -1 : 1))
      for (const [ip, { first, count }] of due) {
        closed.push(`${ip} n=${count} ${first}→${first + length}`)
        open.delete(ip)
      }
    }
    for (const [ip, seconds] of events) {
      close(seconds)
      const window = open.get(ip)
      if (window === undefined) open.set(ip, { first: seconds, count: 1 })
      else window.count += 1
    }
    close(Number.POSITIVE_INFINITY)
    return closed
  }

  it("give the windows that a naive count gives, with ticks in between and a restart at any place", () => {
    const step = fc.record({
      host: fc.integer({ min: 1, max: 4 }),
      after: fc.integer({ min: 0, max: 8 }),
      tick: fc.boolean(),
      restart: fc.boolean()
    })
    const rules = rulesOf([counter])
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let engine = makeEngine(rules)
        let now = 0
        const events: Array<readonly [string, number]> = []
        const outcomes: Array<Outcome> = []
        for (const { host, after, tick, restart } of steps) {
          now += after
          if (tick) outcomes.push(...pass(engine, now))
          const ip = `192.0.2.${host}`
          events.push([ip, now])
          outcomes.push(
            ...engine.pour(batchOf({ id: `${events.length} ${ip} ${now}`, observedAt: stamp(now) }), [`- ${ip} -`])
          )
          if (!restart) continue
          engine = restoreEngine(rules, JSON.parse(JSON.stringify(snapshotEngine(engine))), ({ event }) => {
            const [, address, seconds] = event.split(" ")
            return { batch: batchOf({ observedAt: stamp(Number(seconds)) }).data, text: `- ${address} -` }
          })
        }
        outcomes.push(...pass(engine, now + 1_000))
        expect(gist(outcomes)).toEqual(windows(events, 10))
      }),
      { numRuns: 200 }
    )
  })
})
