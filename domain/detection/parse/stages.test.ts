import { expect, test } from "vitest"
import { makeEngine } from "../engine.ts"
import { batchOf, ruleFile } from "../recorded.fixture.ts"
import { compileRuleset } from "../ruleset.ts"

/** Whether the second node of a stage takes a line that the first one wrote to. */
const taken = (first: string, filter: string, shortcuts: boolean): boolean => {
  const parser = (text: string) => ruleFile("parsers", "parsers/s00-raw/test/p.yaml", text)
  const second = `name: second\nfilter: "${filter}"\nstatics: [{meta: seen, value: yes}]`
  const scenario = `type: trigger\nname: test/seen\ndescription: t\nfilter: "evt.Meta.seen == 'yes'"\nscope: {type: Word, expression: "'w'"}\nlabels: {}`
  const { ruleset, problems } = compileRuleset(
    [parser(`${first}\n---\n${second}`), ruleFile("scenarios", "scenarios/test/seen.yaml", scenario)],
    { names: "off", shortcuts }
  )
  expect(problems.filter(({ severity }) => severity === "error")).toEqual([])
  const city = () => ({ country: "FR", inEuropeanUnion: true, latitude: 0, longitude: 0 })
  const engine = makeEngine(ruleset, { geo: { city } })
  return engine.pour(batchOf({ observedAt: "2026-01-01T00:00:00Z" }), ["word"]).length > 0
}

const nodeWith = (text: string): string => `name: first\nstatics: [${text}]`

test.each([
  ["a static", nodeWith("{meta: a, value: x}"), "evt.Meta.a == 'x'"],
  ["a target", nodeWith("{target: evt.Parsed.a, value: x}"), "evt.Parsed.a == 'x'"],
  ["a label", nodeWith("{target: evt.Line.Labels.a, value: x}"), "evt.Line.Labels.a == 'x'"],
  ["a method", nodeWith("{method: GeoIpCity, value: 192.0.2.1}"), "evt.Enriched.IsoCode == 'FR'"],
  ["a grok", "name: first\ngrok: {pattern: '%{WORD:a}', apply_on: Line.Raw}", "evt.Parsed.a == 'word'"],
  [
    "a static of a grok",
    "name: first\ngrok: {pattern: '%{WORD:a}', apply_on: Line.Raw, statics: [{meta: b, value: x}]}",
    "evt.Meta.b == 'x'"
  ],
  ["a node in it", "name: first\nnodes: [{statics: [{meta: a, value: x}]}]", "evt.Meta.a == 'x'"],
  ["a filter", "name: first\nfilter: \"evt.SetMeta('a', 'x')\"\nstatics: [{meta: b, value: y}]", "evt.Meta.a == 'x'"],
  [
    "a filter that then fails",
    "name: first\nfilter: \"evt.SetMeta('a', 'x') && false\"\nstatics: [{meta: b, value: y}]",
    "evt.Meta.a == 'x'"
  ]
])("a node sees what %s before it wrote", (_what, first, filter) => {
  expect(taken(first, filter, false)).toBe(true)
  expect(taken(first, filter, true)).toBe(true)
})
