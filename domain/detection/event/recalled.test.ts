import { afterEach, describe, expect, it, vi } from "vitest"
import { makeEngine } from "../engine.ts"
import { LineParser } from "../parse/line-parser.ts"
import { entriesIn } from "./recalled.ts"
import { batchOf, plainParser, ruleFile, scenarioFile } from "../recorded.fixture.ts"
import { compileRuleset } from "../ruleset.ts"
import { parse } from "../../expression/parse.ts"
import { fieldNames } from "../../text/fields.ts"
import type { RuleFile } from "../../rules/rule.ts"

const conditional = (name: string, condition: string, filter = "true") =>
  ruleFile(
    "scenarios",
    `scenarios/test/${name}.yaml`,
    `name: test/${name}
description: test
type: conditional
capacity: -1
leakspeed: 1h
filter: ${JSON.stringify(filter)}
groupby: evt.Meta.source_ip
condition: ${JSON.stringify(condition)}
labels: {remediation: true}`
  )

const lineOf = (word: string, second: number): string =>
  `2020-01-01T10:00:${String(second).padStart(2, "0")}Z 1.2.3.4 ${word}`

/** The lines whose event made a bucket run over. */
const overflowsOf = (words: ReadonlyArray<string>, shortcuts: boolean, ...scenarios: ReadonlyArray<RuleFile>) => {
  const { ruleset, problems } = compileRuleset([plainParser, ...scenarios], { names: "off", shortcuts })
  expect(problems).toEqual([])
  return makeEngine(ruleset)
    .pour(batchOf({ observedAt: "2026-01-01T00:00:00Z", time: "own" }), words.map(lineOf))
    .map((outcome) => (outcome._tag === "Overflow" ? outcome.overflow.trigger.line : outcome._tag))
}

afterEach(() => void vi.restoreAllMocks())

describe("what conditions ask of the events in a bucket", () => {
  const words = ["a", "b", "c", "a", "d", "e", "f"]

  it.each([
    ["any(queue.Queue, {.Meta.word == 'e'})", [5]],
    ["count(queue.Queue, {.Meta.word == 'a'}) >= 2", [3]],
    ["len(queue.Queue) >= 2 && queue.Queue[-1].Meta.word > queue.Queue[-2].Meta.word", [1, 4, 6]],
    ["all(queue.Queue, {.Parsed.word in ['a', 'b', 'c', 'd']}) && len(queue.Queue) > 4", [4]],
    ["any(queue.Queue, {.GetMeta('word') == 'd'})", [4]],
    ["len(filter(queue.Queue, {.Meta.word == 'a'})) >= 2", [3]],
    ["any(queue.Queue, {.Meta.nothing != ''})", []],
    ["any(queue.Queue[:-1], {.Line.Raw endsWith ' ' + evt.Meta.word})", [3]]
  ])("is known without parsing their lines again: %s", (condition, expected) => {
    const again = vi.spyOn(LineParser.prototype, "parseAgain")
    expect(overflowsOf(words, true, conditional("s", `${condition} && 1 > 2`))).toEqual([])
    expect(again).not.toHaveBeenCalled()
    expect(overflowsOf(words, true, conditional("s", condition))).toEqual(expected)
    expect(overflowsOf(words, false, conditional("s", condition))).toEqual(expected)
  })

  it.each([
    ["any(queue.Queue[:-1], {.Parsed[evt.Parsed.ip == '' ? 'x' : 'word'] == evt.Meta.word})", [3]],
    ["any(queue.Queue[:-1], {.Unmarshaled.word?.in == evt.Meta.word})", [3]],
    ["len(uniq(map(queue.Queue, {.Unmarshaled.word.in}))) == 6", [6]],
    ["any(queue.Queue[:-1], {.GetMeta(evt.Meta.word == '' ? 'x' : 'word') == evt.Meta.word})", [3]],
    ["any(queue.Queue[:-1], {.Line.Labels.type == 'test' && .Line.Raw endsWith evt.Meta.word})", [3]]
  ])("is kept, where more than a name is asked for: %s", (condition, expected) => {
    const unmarshals = ruleFile(
      "parsers",
      "parsers/s00-raw/test/z-json.yaml",
      `name: test/json\nfilter: "true"\nstatics:\n  - {meta: j, expression: "UnmarshalJSON('{\\"in\\":\\"' + evt.Meta.word + '\\"}', evt.Unmarshaled, 'word')"}\n`
    )
    const again = vi.spyOn(LineParser.prototype, "parseAgain")
    const of = (shortcuts: boolean) => overflowsOf(words, shortcuts, unmarshals, conditional("s", condition))
    expect(of(true)).toEqual(expected)
    // Once for each line at most, which is then whole.
    expect(again.mock.calls.length).toBeLessThanOrEqual(words.length)
    expect(of(false)).toEqual(expected)
  })

  it("counts for what it holds, where it is kept", () => {
    const json = ruleFile(
      "parsers",
      "parsers/s00-raw/test/z-json.yaml",
      `name: test/json\nfilter: "true"\nstatics:\n  - {meta: j, expression: "UnmarshalJSON(evt.Meta.word, evt.Unmarshaled, 'j')"}\n`
    )
    const held = (condition: string) => {
      const { ruleset } = compileRuleset([plainParser, json, conditional("s", condition)], { names: "off" })
      const engine = makeEngine(ruleset)
      engine.pour(batchOf({ observedAt: "2026-01-01T00:00:00Z" }), [`- 192.0.2.1 [${"1,".repeat(800)}1]`])
      const [buckets] = engine.buckets.values()
      return [...buckets!.open()][0]!.held
    }
    expect(held("any(queue.Queue, {.Meta.word == 'x'})")).toBeLessThan(2_000)
    expect(held("any(queue.Queue, {.Unmarshaled.j == evt.Unmarshaled.j && 1 > 2})")).toBeGreaterThan(20_000)
  })

  it("is asked once of each, so that a long queue of long texts takes no more than its last event", () => {
    const long = Array.from({ length: 12 }, (_, n) => `${"a".repeat(8_000)}${n % 2 === 0 ? "b" : "c"}`)
    for (const shortcuts of [true, false]) {
      const found = (condition: string) => overflowsOf(long, shortcuts, conditional("s", condition))
      expect(found("count(queue.Queue, {.Meta.word matches '^(a|x)+b$'}) == 5")).toEqual([8])
      expect(found("len(queue.Queue) > 9 && none(queue.Queue, {.Meta.word matches '^(a|x)+d$'})")).toEqual([9])
      expect(found("one(queue.Queue, {.Meta.word matches '^(a|x)+c$'})")).toEqual([1, 3, 5, 7, 9, 11])
    }
  })

  it("is what another scenario wrote to the event meanwhile", () => {
    const reads = (name: string) => conditional(name, "any(queue.Queue, {.Meta.word == 'x'})")
    const writes = (name: string) => conditional(name, "false", "evt.Meta.word == 'c' && evt.SetMeta('word', 'x')")
    for (const shortcuts of [true, false]) {
      // Scenarios go by their names: the first sees the event as it is before the second writes to it.
      expect(overflowsOf(words, shortcuts, reads("1"), writes("2"))).toEqual([3])
      expect(overflowsOf(words, shortcuts, writes("1"), reads("2"))).toEqual([2])
    }
  })

  it("is found wherever an expression names it", () => {
    const names = (text: string) => entriesIn(parse(text)).map(({ map, slot }) => `${map}.${fieldNames[map].at(slot)}`)
    expect(names("any(queue.Queue, {.Meta.exe == evt.Parsed.exe})")).toEqual(["Meta.exe", "Parsed.exe"])
    expect(names("queue.Queue[0].GetMeta('a') == queue.Queue[0].Enriched['b']")).toEqual(["Meta.a", "Enriched.b"])
    expect(names("filter(queue.Queue, {.Meta.exe == 'a'}) | map(.Meta.uid)")).toEqual(["Meta.uid"])
    expect(names("filter(queue.Queue, {.Meta.exe == evt.Meta.exe})")).toEqual(["Meta.exe", "Meta.exe"])
    expect(names(Array.from({ length: 12_000 }, () => "1==1").join("||"))).toEqual([])
    expect(names("evt.Line.Labels.type + queue.Queue[0].Meta[evt.StrTime] + leaky.Meta")).toEqual([])
  })
})

it("shows of long lines in an alert what they said, without parsing them again", () => {
  const long = "x".repeat(5_000)
  const words = [`a ${long}`, `b ${long}`, "c", `d ${long}`]
  const again = vi.spyOn(LineParser.prototype, "parseAgain")
  const { ruleset } = compileRuleset([plainParser, scenarioFile("s", "type: leaky\ncapacity: 3\nleakspeed: 1h")], {
    names: "off"
  })
  const engine = makeEngine(ruleset)
  const batch = batchOf({ observedAt: "2026-01-01T00:00:00Z", time: "own" })
  const [outcome] = engine.pour(batch, words.map(lineOf))
  expect(outcome).toMatchObject({ _tag: "Overflow", overflow: { eventsCount: 4 } })
  const { overflow } = outcome as Extract<typeof outcome, { _tag: "Overflow" }>
  expect(overflow.evidence.entries.map(({ meta }) => meta["word"])).toEqual(["a", "b", "c", "d"])
  expect(overflow.evidence.entries.map(({ text }) => text.length)).toEqual([1024, 1024, 30, 1024])
  expect(again).toHaveBeenCalledTimes(1) // the short one
})
