import fc from "fast-check"
import { expect, test } from "vitest"
import type { RecordedEvent } from "../../events/event.ts"
import { type Overflow, OverflowRaised } from "../../events/overflow.ts"
import { overflows, rulesOf, stamp } from "../engine.fixture.ts"
import { type Engine, makeEngine } from "../engine.ts"
import type { OverflowOutcome } from "../outcome.ts"
import { batchOf, ruleFile, scenarioFile } from "../recorded.fixture.ts"
import { restoreEngine, snapshotEngine } from "../snapshot.ts"

/** Different addresses of one network that ran over. */
const network = ruleFile(
  "scenarios",
  "scenarios/test/network.yaml",
  `type: leaky
name: test/network
description: test
filter: "evt.GetType() == 'overflow' && evt.Overflow.Alert.GetScope() == 'Ip'"
groupby: IpToRange(evt.Overflow.Alert.Source.IP, '/24')
distinct: evt.Overflow.Alert.Source.IP
capacity: 2
leakspeed: 30s
reprocess: true
scope: {type: Range, expression: "IpToRange(evt.Overflow.Alert.Source.IP, '/24')"}
labels: {remediation: true}`
)
/** Its bucket holds events of several addresses: one overflow about all of them. */
const crowd = scenarioFile("crowd", "type: leaky\ncapacity: 3\nleakspeed: 10s\nreprocess: true").content
const crowded = ruleFile(
  "scenarios",
  "scenarios/test/crowd.yaml",
  new TextDecoder().decode(crowd).replace("groupby: evt.Meta.source_ip", "groupby: evt.Meta.word")
)
const networks = ruleFile(
  "scenarios",
  "scenarios/test/networks.yaml",
  `type: trigger
name: test/networks
description: test
filter: "evt.GetType() == 'overflow' && evt.Overflow.Alert.GetScope() == 'Range'"
scope: {type: Range, expression: evt.Overflow.Alert.GetValue()}
labels: {}`
)

const rules = rulesOf([
  network,
  networks,
  crowded,
  scenarioFile("burst", "type: leaky\ncapacity: 1\nleakspeed: 5s\nreprocess: true"),
  scenarioFile("quiet", "type: trigger\nblackhole: 1m")
])

/** As the log has it: what JSON keeps of it, checked by the schema. */
const raised = ({
  id,
  overflow,
  causation,
  correlation
}: OverflowOutcome): RecordedEvent<"OverflowRaised", Overflow> => {
  const event = OverflowRaised.propose(id, overflow, { causation, correlation })
  const data = OverflowRaised.decode(JSON.parse(JSON.stringify(event.data)))
  return { ...event, data, stream: "offender", revision: 0, position: 0, recordedAt: 0 }
}

interface Line {
  readonly seconds: number
  readonly host: string
  readonly word: string
}

const line = fc.record({
  seconds: fc.integer({ min: 0, max: 60 }),
  host: fc.constantFrom("192.0.2.1", "192.0.2.2", "192.0.2.3", "198.51.100.1", "2001:db8::1"),
  word: fc.constantFrom("a", "b")
})

const batches = (lines: ReadonlyArray<Line>) =>
  lines.map(({ seconds, host, word }, n) => ({
    batch: batchOf({ id: `b${n}`, observedAt: stamp(seconds) }),
    lines: [`${stamp(seconds)} ${host} ${word}`]
  }))

const isMeta = ({ overflow }: OverflowOutcome): boolean => overflow.scenario.name.startsWith("test/network")

const byOneEngine = (lines: ReadonlyArray<Line>): ReadonlyArray<OverflowOutcome> => {
  const engine = makeEngine(rules)
  return batches(lines).flatMap(({ batch, lines }) => overflows(engine.pour(batch, lines)))
}

const byTwo = (lines: ReadonlyArray<Line>, next: (meta: Engine) => Engine = (meta) => meta) => {
  const agent = makeEngine(rules, { metaBuckets: "elsewhere" })
  let meta = makeEngine(rules)
  const own = batches(lines).flatMap(({ batch, lines }) => overflows(agent.pour(batch, lines)))
  const further = own.flatMap((outcome) => {
    meta = next(meta)
    return overflows(meta.pourAgain(raised(outcome)))
  })
  return { own, further }
}

test("meta-buckets of another engine raise the same overflows as those of the engine itself, with the same ids", () => {
  let seen = 0
  fc.assert(
    fc.property(fc.array(line, { minLength: 20, maxLength: 60 }), (unordered) => {
      const lines = unordered.toSorted((a, b) => a.seconds - b.seconds)
      const expected = byOneEngine(lines).filter(isMeta)
      seen += expected.length
      expect(byTwo(lines).further).toEqual(expected)
    }),
    { numRuns: 100 }
  )
  expect(seen).toBeGreaterThan(50)
})

test("what is to be poured again says so, once for all overflows of a bucket; nothing else changes", () => {
  const lines = [0, 1, 2, 3].map((seconds) => ({ seconds, host: `192.0.2.${seconds + 1}`, word: "a" }))
  const { own } = byTwo(lines)
  const shown = own.map(({ overflow }) => [
    overflow.scenario.name,
    overflow.reprocess?.sources.map(({ value }) => value)
  ])
  const hosts = lines.map(({ host }) => host)
  expect(shown.filter(([name]) => name === "test/crowd")).toEqual([
    ["test/crowd", hosts],
    ...hosts.slice(1).map(() => ["test/crowd", undefined])
  ])
  expect(shown.filter(([name]) => name === "test/quiet")).toEqual(hosts.map(() => ["test/quiet", undefined]))
  const inOne = byOneEngine(lines)
  expect(inOne.filter(({ overflow }) => overflow.reprocess !== undefined)).toEqual([])
  expect(own.map(({ overflow: { reprocess: _, ...rest }, ...outcome }) => ({ ...outcome, overflow: rest }))).toEqual(
    inOne.filter((outcome) => !isMeta(outcome))
  )
})

test("an engine of meta-buckets goes on from its snapshot, without any line", () => {
  const lines = [1, 2, 3, 1, 2, 3].map((host, n) => ({ seconds: n, host: `192.0.2.${host}`, word: String(n) }))
  const restored = byTwo(lines, (meta) =>
    restoreEngine(rules, JSON.parse(JSON.stringify(snapshotEngine(meta))), () => undefined)
  )
  expect(restored.further.map(({ overflow }) => overflow.scenario.name)).toEqual(["test/network", "test/networks"])
  expect(restored).toEqual(byTwo(lines))
})
