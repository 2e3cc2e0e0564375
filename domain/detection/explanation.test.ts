import { expect, test } from "vitest"
import { Explainer, type LineExplanation } from "./explanation.ts"
import { batchOf, bayesian, plainParser, ruleFile, scenarioFile } from "./recorded.fixture.ts"
import { compileRuleset } from "./ruleset.ts"

const explained = (
  files: ReadonlyArray<ReturnType<typeof ruleFile>>,
  ...lines: ReadonlyArray<string>
): ReadonlyArray<LineExplanation> => {
  const { ruleset, problems } = compileRuleset([plainParser, ...files], { names: "off" })
  expect(problems.filter(({ severity }) => severity === "error")).toEqual([])
  const explainer = new Explainer(ruleset)
  const batch = batchOf({ observedAt: "2026-01-01T00:00:00Z", time: "own" })
  return lines.map((line) => explainer.explain(batch, line)!)
}

const at = (second: number, word = "login", address = "192.0.2.1") =>
  `2020-01-01T10:00:${String(second).padStart(2, "0")}Z ${address} ${word}`

const leaky = (name: string, more = "") => scenarioFile(name, `type: leaky\ncapacity: 2\nleakspeed: 10s\n${more}`)

test("tells which node took the line in which stage, and what it set", () => {
  const [line] = explained([], at(1))
  expect(line).toMatchObject({ parsed: true, whitelisted: false, time: "2020-01-01T10:00:01Z" })
  expect(line!.stages.map(({ stage, nodes }) => [stage, nodes.map(({ name, success }) => [name, success])])).toEqual([
    [
      "s00-raw",
      [
        ["test/plain", true],
        ["test/date", true]
      ]
    ]
  ])
  expect(line!.stages[0]!.nodes[0]!.changes).toEqual([
    { kind: "created", field: "evt.StrTime", after: "2020-01-01T10:00:01Z" },
    { kind: "created", field: "evt.Parsed.stamp", after: "2020-01-01T10:00:01Z" },
    { kind: "created", field: "evt.Parsed.ip", after: "192.0.2.1" },
    { kind: "created", field: "evt.Parsed.word", after: "login" },
    { kind: "created", field: "evt.Meta.source_ip", after: "192.0.2.1" },
    { kind: "created", field: "evt.Meta.word", after: "login" }
  ])
  expect(line!.stages[0]!.nodes[1]!.changes.map(({ field }) => field)).toContain("evt.MarshaledTime")
})

test("tells what was changed and what was emptied", () => {
  const later = ruleFile(
    "parsers",
    "parsers/s00-raw/test/zz-later.yaml",
    `
name: test/later
filter: "1 == 1"
grok:
  pattern: '^(?:%{IP:word})?'
  apply_on: word
statics:
  - { meta: word, value: changed }
  - { target: evt.Line.Src, value: /elsewhere }
`
  )
  const [line] = explained([later], at(1))
  expect(line!.stages[0]!.nodes.find(({ name }) => name === "test/later")!.changes).toEqual([
    { kind: "updated", field: "evt.Meta.word", before: "login", after: "changed" },
    { kind: "updated", field: "evt.Line.Src", before: "/var/log/test.log", after: "/elsewhere" },
    { kind: "deleted", field: "evt.Parsed.word", before: "login" }
  ])
})

test("tells where a line came to its end", () => {
  const [line] = explained([leaky("bf")], "nonsense")
  expect(line).toMatchObject({ parsed: false, buckets: [] })
  expect(line!.stages).toMatchObject([
    {
      stage: "s00-raw",
      nodes: [
        { name: "test/plain", success: false, changes: [] },
        { name: "test/date", success: false, changes: [] }
      ]
    }
  ])
})

test("tells who whitelisted it and why", () => {
  const whitelist = ruleFile(
    "parsers",
    "parsers/s00-raw/test/zz-whitelist.yaml",
    "name: test/friends\nwhitelist: { reason: a friend, ip: [192.0.2.1] }\n"
  )
  const [line] = explained([whitelist, leaky("bf")], at(1))
  expect(line).toMatchObject({ parsed: true, whitelisted: true, whitelistReason: "a friend", buckets: [] })
  expect(line!.stages[0]!.nodes.find(({ name }) => name === "test/friends")!.changes).toMatchObject([
    { kind: "created", field: "evt.Whitelisted" },
    { kind: "created", field: "evt.WhitelistReason", after: "a friend" }
  ])
})

test("tells how full the buckets are, line by line, until one runs over", () => {
  const lines = explained([leaky("bf")], at(0), at(5), at(5), at(6))
  expect(lines.map(({ buckets }) => buckets[0])).toMatchObject([
    {
      scenario: "test/bf",
      type: "leaky",
      group: "192.0.2.1",
      outcome: "filling",
      events: 1,
      level: 1,
      capacity: 2,
      leakspeed: "10s"
    },
    { outcome: "filling", events: 2, level: 1.5 },
    { outcome: "overflowed", events: 3, level: 3 },
    { outcome: "filling", events: 1, level: 1 }
  ])
  expect(lines[2]!.buckets[0]!.overflow).toMatchObject({
    held: undefined,
    whitelisted: false,
    alerts: [{ scope: "Ip", value: "192.0.2.1", remediation: true }]
  })
  expect(lines.filter((_, index) => index !== 2).map(({ buckets }) => buckets[0]!.overflow)).toEqual([
    undefined,
    undefined,
    undefined
  ])
})

test("tells an event that distinct knows already, and a bucket that was cancelled", () => {
  const lines = explained(
    [leaky("words", "distinct: evt.Meta.word"), leaky("calm", "cancel_on: evt.Meta.word == 'bye'")],
    at(0, "a"),
    at(1, "a"),
    at(2, "bye")
  )
  const outcomes = (name: string) =>
    lines
      .map(({ buckets }) => buckets.find(({ scenario }) => scenario === name)!)
      .map(({ outcome, events }) => [outcome, events])
  expect(outcomes("test/words")).toEqual([
    ["filling", 1],
    ["repeated", 1],
    ["filling", 2]
  ])
  expect(outcomes("test/calm")).toEqual([
    ["filling", 1],
    ["filling", 2],
    ["cancelled", 2]
  ])
})

test("tells what held an overflow back", () => {
  const trigger = (name: string, more: string) => scenarioFile(name, `type: trigger\n${more}`)
  const nobody = trigger("nobody", "")
  const lines = explained(
    [trigger("hole", "blackhole: 1m"), trigger("filtered", 'overflow_filter: "false"'), nobody],
    at(0),
    at(1),
    at(2, "x", "no-address")
  )
  const held = (name: string) =>
    lines.map(({ buckets }) => buckets.find(({ scenario }) => scenario === name)!.overflow!.held)
  expect(held("test/hole")).toEqual([undefined, "blackhole", "nobody"])
  expect(held("test/filtered")).toEqual(["overflow_filter", "overflow_filter", "overflow_filter"])
  expect(held("test/nobody")).toEqual([undefined, undefined, "nobody"])
})

test("follows an overflow through the postoverflows and into the buckets that it is poured into again", () => {
  const widen = ruleFile(
    "postoverflows",
    "postoverflows/s00-enrich/test/widen.yaml",
    'name: test/widen\nonsuccess: next_stage\nfilter: "1 == 1"\nstatics:\n  - { target: evt.Overflow.Alert.Source.Range, value: 192.0.2.0/24 }\n'
  )
  const friends = ruleFile(
    "postoverflows",
    "postoverflows/s01-whitelist/test/friends.yaml",
    "name: test/friends\nwhitelist: { reason: a friend, ip: [192.0.2.7] }\n"
  )
  const meta = ruleFile(
    "scenarios",
    "scenarios/test/meta.yaml",
    `
name: test/meta
description: again
type: leaky
filter: "evt.Overflow.Alert.Scenario == 'test/seen'"
groupby: evt.Overflow.Alert.Source.Value
capacity: 5
leakspeed: 1h
labels: {}
`
  )
  const seen = scenarioFile("seen", "type: trigger\nreprocess: true")
  const [line, friend] = explained([widen, friends, meta, seen], at(0), at(1, "login", "192.0.2.7"))
  const { overflow } = line!.buckets.find(({ scenario }) => scenario === "test/seen")!
  expect(overflow!.stages).toEqual([
    {
      stage: "s00-enrich",
      nodes: [
        {
          name: "test/widen",
          success: true,
          changes: [
            { kind: "updated", field: "evt.Stage", before: "s00-enrich", after: "s01-whitelist" },
            { kind: "created", field: "evt.Overflow.Alert.Source.Range", after: "192.0.2.0/24" }
          ]
        }
      ]
    },
    { stage: "s01-whitelist", nodes: [{ name: "test/friends", success: true, changes: [] }] }
  ])
  expect(overflow).toMatchObject({ held: undefined, whitelisted: false })
  expect(overflow!.buckets).toMatchObject([{ scenario: "test/meta", outcome: "filling", level: 1, capacity: 5 }])
  expect(line!.buckets.map(({ scenario }) => scenario)).toEqual(["test/seen"])
  const ofFriend = friend!.buckets[0]!.overflow
  expect(ofFriend).toMatchObject({ whitelisted: true, whitelistReason: "a friend", buckets: [] })
})

test("is as quiet as the engine about an empty line", () => {
  const { ruleset } = compileRuleset([plainParser], { names: "off" })
  expect(new Explainer(ruleset).explain(batchOf({ observedAt: "2026-01-01T00:00:00Z" }), "")).toBeUndefined()
})

test("tells when a bucket runs over by itself, and of the line that shows that its time was over", () => {
  const counter = scenarioFile("counter", "type: counter\nduration: 10s")
  const [first, second, other] = explained([counter], at(1), at(5), at(30, "login", "192.0.2.9"))
  expect(first!.buckets).toMatchObject([{ outcome: "filling", events: 1, due: "2020-01-01T10:00:11Z" }])
  expect(second!.buckets).toMatchObject([{ outcome: "filling", events: 2, due: "2020-01-01T10:00:11Z" }])
  expect(other!.buckets).toMatchObject([
    {
      outcome: "expired",
      group: "192.0.2.1",
      events: 2,
      overflow: { held: undefined, alerts: [{ value: "192.0.2.1", remediation: true }] }
    },
    { outcome: "filling", group: "192.0.2.9", due: "2020-01-01T10:00:40Z" }
  ])
})

test("tells what contexts tell about an overflow", () => {
  const words = ruleFile("contexts", "contexts/test/c.yaml", "context:\n  word: [evt.Meta.word]\n")
  const [, , third] = explained([leaky("burst"), words], at(1, "a"), at(2, "b"), at(3, "a"))
  expect(third!.buckets).toMatchObject([{ overflow: { alerts: [{ context: { word: '["a","b"]' } }] } }])
})

test("tells how likely a bayesian bucket takes an attack to be", () => {
  const likely = scenarioFile("likely", bayesian)
  const [first, second] = explained([likely], at(0, "a"), at(1, "b")).map(({ buckets }) => buckets[0]!)
  // 0.5·0.8 of 0.5·0.8 + 0.5·0.2, and then no b: 0.8·0.1 of 0.8·0.1 + 0.2·0.5.
  expect(first).toMatchObject({ outcome: "filling", events: 1, threshold: 0.8 })
  expect(first!.probability).toBeCloseTo(0.08 / 0.18, 6)
  expect(second).toMatchObject({ outcome: "overflowed", events: 2 })
  expect(second!.probability).toBeCloseTo(0.72 / 0.82, 6)
  expect(explained([leaky("other")], at(0))[0]!.buckets[0]).toMatchObject({ probability: undefined })
})
