import { expect, test } from "vitest"
import { overflows, rulesOf, stamp, start } from "../engine.fixture.ts"
import { makeEngine } from "../engine.ts"
import { batchOf, nameOf, passageTo, ruleFile, scenarioFile } from "../recorded.fixture.ts"

const rdns = ruleFile(
  "postoverflows",
  "postoverflows/s00-enrich/test/rdns.yaml",
  `
name: test/rdns
statics:
  - {method: reverse_dns, expression: evt.Overflow.Alert.Source.IP}
---
name: test/good
whitelist: {reason: good, expression: ["evt.Enriched.reverse_dns endsWith '.good.'"]}
`
)

test("an overflow waits for the name that its postoverflows need, and keeps its time", () => {
  const engine = makeEngine(rulesOf([scenarioFile("each", "type: trigger"), rdns]))
  const pour = (id: string, seconds: number, host: number) =>
    engine.pour(batchOf({ id, observedAt: stamp(seconds) }), [`- 192.0.2.${host} -`])
  expect(pour("a", 0, 1)).toMatchObject([{ _tag: "NameWanted", question: "192.0.2.1", causation: "a" }])
  expect(pour("b", 1, 1)).toEqual([])
  expect(pour("c", 2, 2)).toMatchObject([{ _tag: "NameWanted", question: "192.0.2.2" }])
  expect(engine.wantedNames()).toEqual(["192.0.2.1", "192.0.2.2"])
  expect(engine.resolve(nameOf("192.0.2.1", "host.bad."))).toMatchObject([
    { _tag: "Overflow", causation: "a", at: start },
    { _tag: "Overflow", causation: "b", at: start + 1_000 }
  ])
  expect(engine.resolve(nameOf("192.0.2.2", "bot.good."))).toEqual([])
  expect(engine.counters).toMatchObject({ overflows: 2, whitelistedOverflows: 1 })
  // The answer is known now, for an hour of detection time.
  expect(pour("d", 3_000, 2)).toEqual([])
  expect(pour("e", 3_000, 1)).toMatchObject([{ _tag: "Overflow" }])
  expect(pour("f", 3_700, 1)).toMatchObject([{ _tag: "NameWanted" }])
})

test.each([
  ["host.", 3_600],
  ["", 300]
])("the answer %j is that of an overflow which is later than all lines by more than it holds", (name, seconds) => {
  const engine = makeEngine(rulesOf([scenarioFile("each", `type: counter\nduration: ${seconds + 1}s`), rdns]))
  engine.pour(batchOf({ observedAt: stamp(0) }), ["- 192.0.2.1 -"])
  expect(engine.pass(passageTo(stamp(seconds + 2)))).toMatchObject([{ _tag: "NameWanted" }])
  expect(engine.resolve(nameOf("192.0.2.1", name))).toMatchObject([{ _tag: "Overflow" }])
  expect(engine.wantedNames()).toEqual([])
})

test("the answer is that of all that wait for it, also when the last line came from a source that is far behind", () => {
  const engine = makeEngine(rulesOf([scenarioFile("each", "type: trigger"), rdns]))
  engine.pour(batchOf({ source: "a", observedAt: stamp(7_000) }), ["- 192.0.2.1 -"])
  engine.pour(batchOf({ source: "b", observedAt: stamp(7_000) }), [`${stamp(0)} 192.0.2.1 -`])
  expect(engine.resolve(nameOf("192.0.2.1", "host."))).toMatchObject([
    { _tag: "Overflow", at: start + 7_000_000 },
    { _tag: "Overflow", at: start }
  ])
})

test("what waited for a name finds no bucket whose time was over before it", () => {
  const named = ruleFile(
    "postoverflows",
    "postoverflows/s00-enrich/test/rdns.yaml",
    `
name: test/rdns
filter: evt.Overflow.Alert.Source.IP == '192.0.2.2'
statics:
  - {method: reverse_dns, expression: evt.Overflow.Alert.Source.IP}
`
  )
  const counted = ruleFile(
    "scenarios",
    "scenarios/test/counted.yaml",
    `type: counter
name: test/counted
description: test
filter: "evt.GetType() == 'overflow'"
duration: 10m
labels: {}`
  )
  const engine = makeEngine(rulesOf([counted, scenarioFile("each", "type: trigger\nreprocess: true"), named]))
  engine.pour(batchOf({ source: "a", observedAt: stamp(7_000) }), ["- 192.0.2.2 -"])
  engine.pour(batchOf({ source: "b", observedAt: stamp(7_000) }), [`${stamp(0)} 192.0.2.1 -`])
  const outcomes = overflows(engine.resolve(nameOf("192.0.2.2", "host.")))
  expect(outcomes.map(({ overflow, at }) => [overflow.scenario.name, (at - start) / 1000])).toEqual([
    ["test/counted", 600],
    ["test/each", 7_000]
  ])
  expect(overflows(engine.pass(passageTo(stamp(9_000))))).toHaveLength(1)
})

test("a scope that is known is written in one way, so that profiles meet it and the offender has one dossier", () => {
  const scoped = (type: string, expression: string) =>
    scenarioFile(type, `type: trigger\nscope: {type: ${type}, expression: ${expression}}`)
  const files = [
    scoped("ip", "evt.Meta.source_ip"),
    scoped("RANGE", `"evt.Meta.source_ip + '/24'"`),
    scoped("user", "evt.Meta.word")
  ]
  const outcomes = makeEngine(rulesOf(files)).pour(batchOf({ observedAt: stamp(0) }), ["- 2001:DB8::1 bob"])
  expect(overflows(outcomes).map(({ overflow }) => overflow.source)).toEqual([
    { scope: "Range", value: "2001:DB8::1/24" },
    { scope: "Ip", value: "2001:db8::1" },
    { scope: "user", value: "bob" }
  ])
})

test("buckets that run over and name nobody are counted", () => {
  const engine = makeEngine(rulesOf([scenarioFile("each", "type: trigger")]))
  const lines = ["- nobody a", "- 192.0.2.1 a", "- 300.0.2.1 a"]
  expect(engine.pour(batchOf({ observedAt: stamp(0) }), lines)).toHaveLength(1)
  expect(engine.counters).toMatchObject({ overflows: 1, nameless: 2 })
})

test("where names are off nobody waits", () => {
  const engine = makeEngine(rulesOf([scenarioFile("each", "type: trigger"), rdns], "off"))
  expect(engine.pour(batchOf({ observedAt: stamp(0) }), ["- 192.0.2.1 -"])).toMatchObject([{ _tag: "Overflow" }])
})

const several = ruleFile(
  "scenarios",
  "scenarios/test/several.yaml",
  `type: leaky
name: test/several
description: test
filter: "evt.GetType() == 'overflow' && evt.Overflow.Alert.Remediation == true"
groupby: evt.Overflow.Alert.Source.IP
distinct: evt.Overflow.Alert.GetScenario()
capacity: 1
leakspeed: 1m
labels: {remediation: true}`
)

test("an overflow is poured again after its line, with its trigger's time", () => {
  const engine = makeEngine(
    rulesOf([
      several,
      scenarioFile("one", "type: trigger\nreprocess: true"),
      scenarioFile("two", "type: trigger\nreprocess: true")
    ])
  )
  const outcomes = overflows(
    engine.pour(batchOf({ id: "b", observedAt: stamp(5_000) }), [`${stamp(7)} 192.0.2.1 -`, `${stamp(8)} 192.0.2.9 -`])
  )
  const names = outcomes.map(({ overflow }) => overflow.scenario.name)
  expect(names).toEqual(["test/one", "test/two", "test/several", "test/one", "test/two", "test/several"])
  const [one, two, meta] = outcomes
  expect(meta).toMatchObject({
    causation: two!.id,
    correlation: "b",
    at: start + 7_000,
    overflow: {
      source: { scope: "Ip", value: "192.0.2.1" },
      trigger: { event: two!.id, line: 0 },
      evidence: {
        entries: [
          { event: one!.id, line: 0, text: "" },
          { event: two!.id, line: 0, text: "" }
        ]
      }
    }
  })
})

test("overflows that cause each other without end are cut off", () => {
  const endless = ruleFile(
    "scenarios",
    "scenarios/test/endless.yaml",
    'type: trigger\nname: test/endless\ndescription: t\nfilter: "true"\nreprocess: true\nlabels: {}'
  )
  const engine = makeEngine(rulesOf([endless, scenarioFile("other", "type: trigger\nreprocess: true")]))
  const outcomes = engine.pour(batchOf({ observedAt: stamp(0) }), ["- 192.0.2.1 -"])
  expect(outcomes.length).toBeLessThan(30)
  expect(engine.counters.cutChains).toBe(2)
})

test("a range is asked for: an overflow brings it along, or does not count", () => {
  const range = ruleFile(
    "scenarios",
    "scenarios/test/range.yaml",
    `type: leaky
name: test/range
description: test
filter: "evt.GetType() == 'overflow'"
groupby: evt.Overflow.Alert.Source.Range
distinct: evt.Overflow.Alert.Source.IP
capacity: 1
leakspeed: 1m
scope: {type: Range}
labels: {remediation: true}`
  )
  const geoParser = ruleFile(
    "parsers",
    "parsers/s00-raw/test/z-geo.yaml",
    "name: test/geo\nstatics:\n  - {method: IpToRange, expression: evt.Meta.source_ip}\n  - {meta: SourceRange, expression: evt.Enriched.SourceRange}\n"
  )
  const geo = {
    network: (address: string) =>
      address.startsWith("192.") ? { number: 64_500, organization: "Example", range: "192.0.2.0/24" } : undefined
  }
  const engine = makeEngine(rulesOf([range, geoParser, scenarioFile("each", "type: trigger\nreprocess: true")]), {
    geo
  })
  const sources = (hosts: ReadonlyArray<string>) =>
    overflows(
      engine.pour(
        batchOf({ observedAt: stamp(0) }),
        hosts.map((host) => `- ${host} -`)
      )
    )
      .filter(({ overflow }) => overflow.scenario.name === "test/range")
      .map(({ overflow }) => overflow.source)
  const [whole, ...others] = sources(["192.0.2.1", "192.0.2.2"])
  expect(others).toEqual([])
  expect(whole).toMatchObject({ scope: "Range", value: "192.0.2.0/24", range: "192.0.2.0/24" })
  // It is about no single address.
  expect(whole).not.toHaveProperty("ip")
  expect(sources(["203.0.113.1", "203.0.113.2"])).toEqual([])
})

test("an overflow that names nobody is no alert, but opens the blackhole", () => {
  const hole = ruleFile(
    "scenarios",
    "scenarios/test/hole.yaml",
    'type: trigger\nname: test/hole\ndescription: t\nfilter: "true"\nblackhole: 1m\nlabels: {}'
  )
  const engine = makeEngine(rulesOf([hole]))
  const pour = (seconds: number, ip: string) =>
    engine.pour(batchOf({ observedAt: stamp(seconds) }), [`- ${ip} -`]).length
  expect([pour(0, "no-address"), pour(59, "192.0.2.1"), pour(60, "192.0.2.1")]).toEqual([0, 0, 1])
})

test.each([
  ["len(signal.GetSources()) == 1 && '192.0.2.1' in signal.GetSources()", 1],
  ["signal.Sources['192.0.2.1'].IP == '192.0.2.1'", 1],
  ["len(signal.APIAlerts) == 1 && signal.APIAlerts[0].Scenario == 'test/each'", 1],
  ["signal.Alert.Source.IP == '192.0.2.1' && signal.Reprocess", 1],
  ["signal.Mapkey == leaky.Mapkey && signal.Mapkey != '' && not signal.Whitelisted", 1],
  ["signal.Alert.EventsCount > 1", 0]
])("an overflow_filter sees the whole overflow: %s", (filter, count) => {
  const each = scenarioFile("each", `type: trigger\nreprocess: true\noverflow_filter: "${filter}"`)
  const engine = makeEngine(rulesOf([each]))
  expect(overflows(engine.pour(batchOf({ observedAt: stamp(0) }), ["- 192.0.2.1 -"]))).toHaveLength(count)
})

test("an overflow_filter of an overflow that names nobody sees which bucket it was", () => {
  const held: Array<string> = []
  const each = scenarioFile("each", `type: trigger\noverflow_filter: "signal.Mapkey != leaky.Mapkey"`)
  const watch = { held: (_: unknown, reason: string) => held.push(reason) }
  makeEngine(rulesOf([each]), { watch }).pour(batchOf({ observedAt: stamp(0) }), ["- nobody -"])
  expect(held).toEqual(["overflow_filter"])
})

test("a scope whose expression fails names nobody; one that gives no text names an empty value", () => {
  const held: Array<string> = []
  const of = (expression: string) =>
    scenarioFile("each", `type: trigger\nscope: {type: User, expression: "${expression}"}`)
  const watch = { held: (_: unknown, reason: string) => held.push(reason) }
  const pour = (expression: string) =>
    overflows(
      makeEngine(rulesOf([of(expression)]), { watch }).pour(batchOf({ observedAt: stamp(0) }), ["- 192.0.2.1 -"])
    ).map(({ overflow }) => overflow.source)
  expect(pour("evt.Meta.source_ip")).toMatchObject([{ scope: "User", value: "192.0.2.1" }])
  expect(pour("evt.Unmarshaled.user")).toMatchObject([{ scope: "User", value: "" }])
  expect(held).toEqual([])
  expect(pour("evt.Unmarshaled.user.name")).toEqual([])
  expect(held).toEqual(["nobody"])
})

test("a line without a range does not keep the others of its bucket from being told", () => {
  const ranges = ruleFile(
    "scenarios",
    "scenarios/test/ranges.yaml",
    `type: leaky
name: test/ranges
description: test
filter: "true"
capacity: 1
leakspeed: 1m
scope: {type: Range}
labels: {remediation: true}`
  )
  const range = ruleFile(
    "parsers",
    "parsers/s00-raw/test/z-range.yaml",
    `name: test/range\nfilter: evt.Meta.word == 'known'\nstatics:\n  - {meta: SourceRange, value: 192.0.2.0/24}\n`
  )
  const pour = (...words: ReadonlyArray<string>) =>
    overflows(
      makeEngine(rulesOf([ranges, range])).pour(
        batchOf({ observedAt: stamp(0) }),
        words.map((word, host) => `- 192.0.2.${host} ${word}`)
      )
    ).map(({ overflow }) => overflow.source.value)
  expect(pour("known", "unknown")).toEqual(["192.0.2.0/24", ""])
  expect(pour("known", "known")).toEqual(["192.0.2.0/24"])
})

test("two spellings of one address in a bucket are one offender", () => {
  const many = ruleFile(
    "scenarios",
    "scenarios/test/many.yaml",
    `type: leaky
name: test/many
description: test
filter: "true"
capacity: 2
leakspeed: 1m
labels: {remediation: true}`
  )
  const lines = ["- 2001:db8::1 x", "- 2001:DB8:0::1 x", "- 192.0.2.1 x"]
  const outcomes = overflows(makeEngine(rulesOf([many])).pour(batchOf({ observedAt: stamp(0) }), lines))
  expect(outcomes.map(({ overflow }) => overflow.source.value)).toEqual(["2001:db8::1", "192.0.2.1"])
})
