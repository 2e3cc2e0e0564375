/** What parsers leave out changes no verdict, and nothing that an alert shows. */
import { afterEach, describe, expect, it, vi } from "vitest"
import type { RuleFile } from "../../rules/rule.ts"
import { lookups } from "./enrichment.ts"
import { type GeoLookup, makeEngine } from "../engine.ts"
import { Explainer } from "../explanation.ts"
import { LineParser } from "./line-parser.ts"
import { batchOf, ruleFile } from "../recorded.fixture.ts"
import { compileRuleset } from "../ruleset.ts"
import { restoreEngine, snapshotEngine } from "../snapshot.ts"

/** Reads `2026-01-01T10:00:00Z 192.0.2.1 word tail` and writes much that nobody needs. */
const parser = (more = "") =>
  ruleFile(
    "parsers",
    "parsers/s00-raw/test/lines.yaml",
    `
name: test/lines
grok:
  pattern: '^%{NOTSPACE:stamp} %{NOTSPACE:ip} %{NOTSPACE:word} %{WORD:tail}'
  apply_on: Line.Raw
  statics:
    - parsed: copied
      expression: evt.Parsed.tail
nodes:
  - grok:
      pattern: '^(%{NOTSPACE:first})?(%{INT:number})?$'
      apply_on: word
    nodes:
      - filter: evt.Parsed.first != 'a'
        statics: [{meta: nested, expression: evt.Parsed.first}]
statics:
  - {meta: source_ip, expression: evt.Parsed.ip}
  - {meta: word, expression: evt.Parsed.word}
  - {meta: word_again, expression: evt.Meta.word}
  - {target: evt.Meta.tail, expression: evt.Parsed.copied}
  - {meta: kind, value: line}
  - {meta: length, expression: len(evt.Parsed.tail)}
  - {target: evt.StrTime, expression: evt.Parsed.stamp}
${more}
---
name: test/place
statics:
  - {method: GeoIpCity, expression: evt.Meta.source_ip}
  - {method: GeoIpASN, expression: evt.Meta.source_ip}
  - {method: IpToRange, expression: evt.Meta.source_ip}
  - {meta: IsoCode, expression: evt.Enriched.IsoCode}
  - {meta: Country, expression: evt.Meta.IsoCode}
  - {meta: SourceRange, expression: evt.Enriched.SourceRange}
---
name: test/date
filter: evt.StrTime != ''
statics:
  - {method: ParseDate, expression: evt.StrTime}
  - {target: MarshaledTime, expression: evt.Enriched.MarshaledTime}
`
  )

const geo: GeoLookup = {
  city: (address) => ({
    country: address.endsWith("1") ? "FR" : "DE",
    inEuropeanUnion: true,
    latitude: 48.5,
    longitude: 2.25
  }),
  network: (address) => ({ number: 64_496, organization: "Example", range: address.replace(/\d+$/, "0/24") })
}

const scenario = (fields: string, name = "s") =>
  ruleFile("scenarios", `scenarios/test/${name}.yaml`, `name: test/${name}\ndescription: test\n${fields}\nlabels: {}\n`)

const postoverflow = (fields: string) =>
  ruleFile("postoverflows", "postoverflows/s00-enrich/test/p.yaml", `name: test/p\n${fields}\n`)

const leaky = "type: leaky\ncapacity: 3\nleakspeed: 1m"
const byAddress = "groupby: evt.Meta.source_ip"

const words = ["a", "b", "c", "d7", "x", "a", "e", "b"]
const lines = Array.from({ length: 96 }, (_, n) => {
  const time = new Date(Date.UTC(2026, 0, 1, 10, 0, n)).toISOString()
  const word = words[(n * 5 + (n >>> 3)) % words.length]
  return `${time} 192.0.2.${n % 3} ${word} t${n % 4}${n % 17 === 0 ? ` ${"long ".repeat(600)}` : ""}`
})

const rulesOf = (files: ReadonlyArray<RuleFile>, shortcuts = true) => {
  const { ruleset, problems } = compileRuleset(files, { names: "off", shortcuts })
  expect(problems.filter(({ severity }) => severity === "error")).toEqual([])
  return ruleset
}

const batch = batchOf({ observedAt: "2026-02-01T00:00:00Z", time: "own" })

const outcomes = (files: ReadonlyArray<RuleFile>, shortcuts: boolean) =>
  makeEngine(rulesOf(files, shortcuts), { geo }).pour(batch, lines)

const readsOf = (files: ReadonlyArray<RuleFile>, fields: ReadonlyArray<string>) => {
  const { liveness } = rulesOf(files)
  if (liveness === undefined) return "everything"
  return fields.filter((field) => {
    const [map, key] = field.split(".") as ["Meta" | "Parsed" | "Enriched", string]
    return liveness.isRead(map, key)
  })
}

afterEach(() => void vi.restoreAllMocks())

describe("what may be read", () => {
  const watched = ["Meta.word", "Meta.tail", "Meta.nested", "Meta.Country", "Parsed.tail", "Enriched.IsoCode"]
  // The length of the tail is evaluated, and that may fail: it is never left out, nor what it reads.
  const always = ["Parsed.tail"]
  const all = watched

  it.each([
    ["true", always],
    ["evt.Meta.word == 'a'", ["Meta.word", ...always]],
    ["evt.Meta.tail == 'a'", ["Meta.tail", ...always]],
    ["evt.Meta.Country == 'FR'", ["Meta.Country", ...always, "Enriched.IsoCode"]],
    ["evt.GetMeta('nested') == 'a'", ["Meta.nested", ...always]],
    ["'word' in evt.Meta", ["Meta.word", ...always]],
    ["evt.Meta['word'] == 'a'", ["Meta.word", ...always]],
    ["evt.SetMeta('mark', evt.Meta.word)", ["Meta.word", ...always]],
    ["len(evt.ParseIPSources()) > 0", always],
    ["let meta = evt.Meta; meta.word == 'a'", [...all.slice(0, 5), "Enriched.IsoCode"]],
    ["evt.Meta[evt.Parsed.tail] == 'a'", all],
    ["evt.GetMeta(evt.Parsed.word) == 'a'", all],
    ["toJSON(evt.Meta) contains 'a'", all],
    ["evt.Meta?.word == 'a'", all],
    ["any(['word'], {# in evt.Meta})", all],
    ["any(keys(evt.Enriched), {# == 'IsoCode'})", [...always, "Enriched.IsoCode"]],
    ["evt.Unmarshaled.Meta == nil", all],
    // An event that is handed on is looked into by any name.
    ["get([evt, 1][0], evt.Line.Raw) == nil", all],
    ["{e: evt}.e[evt.Line.Raw] == nil", all],
    ["get($env, 'evt')[evt.Line.Raw] == nil", all],
    ["Split(evt.Line.Raw, ' ')[len(evt.Line.Raw)] == 'a'", always],
    ["get(evt.Unmarshaled, 'x') == 'a'", always]
  ])("by %s", (filter, expected) => {
    const rule = scenario(`type: trigger\nfilter: ${JSON.stringify(filter)}`)
    expect(readsOf([parser(), rule], watched)).toEqual(expected)
  })

  it.each([
    "distinct: evt.Meta.word",
    "cancel_on: evt.Meta.word == 'x'",
    "condition: any(queue.Queue, {.Meta.word == 'x'})",
    "overflow_filter: any(queue.Queue, {.Meta.word == 'x'})",
    "groupby: evt.Meta.word",
    "scope: {type: Word, expression: evt.Meta.word}",
    "bayesian_prior: 0.5\nbayesian_threshold: 0.9\nbayesian_conditions:\n  - {condition: evt.Meta.word == 'x', prob_given_evil: 0.9, prob_given_benign: 0.1}"
  ])("by %s", (field) => {
    const type = field.startsWith("bayesian") ? "bayesian" : field.startsWith("condition") ? "conditional" : "leaky"
    const rule = scenario(
      `type: ${type}\ncapacity: ${type === "leaky" ? 3 : -1}\nleakspeed: 1m\nfilter: "true"\n${field}`
    )
    expect(readsOf([parser(), rule], ["Meta.word", "Meta.tail"])).toEqual(["Meta.word"])
  })

  it.each([
    ["whitelist: {reason: r, expression: [\"evt.Meta.nested == 'x'\"]}", ["Meta.source_ip", "Meta.nested"]],
    ["whitelist: {reason: r, ip: [192.0.2.9]}", ["Meta.source_ip"]],
    ["grok: {pattern: '%{WORD:w}', apply_on: copied}", ["Parsed.copied"]],
    ["grok: {pattern: '%{WORD:w}', expression: evt.Meta.Country}", ["Meta.source_ip", "Meta.Country"]],
    [
      "stash: [{name: s, key: evt.Meta.word_again, value: evt.Meta.nested, ttl: 1h, size: 9}]\nstatics: [{meta: k, value: v}]",
      ["Meta.word_again", "Meta.nested"]
    ],
    ["statics: [{target: evt.Stage, expression: evt.Meta.nested}]", ["Meta.nested"]],
    ["statics: [{target: evt.Unmarshaled.x, expression: evt.Meta.nested}]", ["Meta.nested"]],
    ["statics: [{meta: more, expression: \"evt.Meta.nested + '!'\"}]", ["Meta.nested"]],
    ["statics: [{meta: more, expression: evt.Meta.nested}]", []],
    ["statics: [{method: GeoIpCity, expression: evt.Meta.nested}]", []],
    ["statics: [{method: ParseDate, expression: evt.Meta.nested}]", ["Meta.nested"]]
  ])("by a parser's %s", (fields, expected) => {
    const node = ruleFile("parsers", "parsers/s00-raw/test/n.yaml", `name: test/n\n${fields}\n`)
    const watched = ["Meta.source_ip", "Meta.nested", "Meta.Country", "Parsed.copied", "Meta.word_again"]
    expect(readsOf([parser(), node], watched)).toEqual(watched.filter((field) => expected.includes(field)))
  })

  it.each([
    "filter: GetFromStash('s', evt.Parsed.ip) == ''\nstatics: [{meta: k, value: v}]",
    "statics: [{meta: now, expression: TimeNow()}]",
    "statics: [{meta: now, expression: \"true ? TimeNow() : ''\"}]",
    "statics: [{method: reverse_dns, expression: evt.Meta.source_ip}]",
    "statics: [{target: evt.Line.Raw, value: other}]"
  ])("is everything where a line cannot be parsed again: %s", (fields) => {
    const node = ruleFile("parsers", "parsers/s00-raw/test/n.yaml", `name: test/n\n${fields}\n`)
    expect(readsOf([parser(), node], [])).toBe("everything")
  })

  it("is everything without shortcuts", () => {
    expect(rulesOf([parser()], false).liveness).toBeUndefined()
  })
})

it("look-ups add what they say that they add", () => {
  for (const { adds, find } of lookups.values()) {
    const rule = [...lookups].find(([, each]) => each.find === find)![0]
    const ruleset = rulesOf([
      ruleFile("parsers", "parsers/s00-raw/n.yaml", `name: n\nstatics: [{method: ${rule}, value: 192.0.2.1}]`)
    ])
    let found: ReadonlyArray<string> = []
    const watch = {
      node: (_: string, __: string, event: { readonly Enriched: Map<string, string> }) => {
        found = [...event.Enriched.keys()]
      }
    }
    makeEngine(ruleset, { geo, watch }).pour(batch, ["line"])
    expect(found).toEqual(adds)
  }
})

const rulesets: ReadonlyArray<readonly [string, ...ReadonlyArray<RuleFile>]> = [
  ["an ordinary scenario", scenario(`${leaky}\nfilter: evt.Meta.word in ['a', 'b']\n${byAddress}`)],
  [
    "a filter that writes",
    scenario(`${leaky}\nfilter: evt.Meta.word == 'a' && evt.SetMeta('word', 'z')\n${byAddress}`)
  ],
  [
    "a filter that writes what nobody reads",
    scenario(`${leaky}\nfilter: evt.SetMeta('tail', 'z') && evt.SetMeta('new', 'n')\n${byAddress}`)
  ],
  [
    "a filter that writes to Parsed",
    scenario(
      `${leaky}\nfilter: evt.SetParsed('ip', 'z')\ngroupby: evt.Parsed.ip\nscope: {type: Word, expression: evt.Parsed.word}`
    )
  ],
  [
    "a trigger that writes",
    scenario(`type: trigger\nfilter: evt.Meta.word == 'x' && evt.SetMeta('mark', evt.Meta.word)`)
  ],
  [
    "two that see what the other wrote",
    scenario(`type: trigger\nfilter: evt.Meta.word == 'x'`, "1"),
    scenario(`type: trigger\nfilter: evt.Meta.word == 'x' && evt.SetMeta('tail', 'z')`, "2"),
    scenario(`type: trigger\nfilter: evt.Meta.tail == 'z'`, "3")
  ],
  ["a map as a whole", scenario(`${leaky}\nfilter: "toJSON(evt.Meta) contains 'nested'"\n${byAddress}`)],
  [
    "computed keys",
    scenario(`${leaky}\nfilter: "evt.Meta[evt.Parsed.word == 'a' ? 'tail' : 'nested'] != ''"\n${byAddress}`)
  ],
  ["GetMeta of a computed key", scenario(`${leaky}\nfilter: "evt.GetMeta(['word', 'tail'][0]) == 'a'"\n${byAddress}`)],
  ["what stands in it", scenario(`${leaky}\nfilter: "'nested' in evt.Meta"\n${byAddress}`)],
  [
    "distinct texts of a copy of a copy",
    scenario(`${leaky}\nfilter: "true"\n${byAddress}\ndistinct: evt.Meta.word_again`)
  ],
  ["GeoIP", scenario(`${leaky}\nfilter: evt.Meta.Country == 'FR'\ngroupby: evt.Enriched.ASNOrg`)],
  ["cancel_on", scenario(`${leaky}\nfilter: "true"\n${byAddress}\ncancel_on: evt.Meta.nested == 'x'`)],
  [
    "the queue",
    scenario(
      `type: conditional\ncapacity: -1\nleakspeed: 1h\nfilter: "true"\n${byAddress}\ncondition: "count(queue.Queue, {.Meta.tail == 't1'}) > 2 && queue.Queue[-1].Parsed.copied != ''"`
    )
  ],
  [
    "maps in the queue",
    scenario(
      `type: conditional\ncapacity: -1\nleakspeed: 1h\nfilter: "true"\n${byAddress}\ncondition: "len(filter(queue.Queue, {toJSON(.Meta) contains 'FR'})) > 2"`
    )
  ],
  [
    "a condition that writes",
    scenario(
      `type: conditional\ncapacity: -1\nleakspeed: 1h\nfilter: "true"\n${byAddress}\ncondition: "any(queue.Queue, {.Meta.word == 'x' && .SetMeta('seen', 'yes')})"`
    )
  ],
  [
    "an overflow filter",
    scenario(
      `${leaky}\nfilter: "true"\n${byAddress}\noverflow_filter: "any(queue.Queue, {.Enriched.ASNumber == '64496' && .Meta.nested != 'x'})"`
    )
  ],
  [
    "an overflow filter that sees the alert",
    scenario(
      `${leaky}\nfilter: "true"\n${byAddress}\noverflow_filter: "any(signal.Alert.Events, {.GetMeta('tail') == 't1'})"`
    )
  ],
  ["a scope", scenario(`${leaky}\nfilter: "true"\n${byAddress}\nscope: {type: Country, expression: evt.Meta.Country}`)],
  ["a range", scenario(`${leaky}\nfilter: "true"\n${byAddress}\nscope: {type: Range}`)],
  ["TimeNow", scenario(`${leaky}\nfilter: TimeNow() != ''\n${byAddress}`)],
  [
    "a bayesian bucket",
    scenario(
      `type: bayesian\nbayesian_prior: 0.5\nbayesian_threshold: 0.8\ncapacity: -1\nleakspeed: 1h\nfilter: "true"\n${byAddress}\nbayesian_conditions:\n  - {condition: "any(queue.Queue, {.Meta.tail == 't3'})", prob_given_evil: 0.9, prob_given_benign: 0.2}`
    )
  ],
  [
    "a whitelist by expression",
    ruleFile(
      "parsers",
      "parsers/s00-raw/test/z.yaml",
      `name: w\nwhitelist: {reason: r, expression: ["evt.Meta.tail == 't2'"]}`
    ),
    scenario(`${leaky}\nfilter: "true"\n${byAddress}`)
  ],
  [
    "a parser that writes by an expression",
    ruleFile(
      "parsers",
      "parsers/s00-raw/test/z.yaml",
      `name: w\nfilter: evt.SetMeta('nested', evt.Meta.word)\nstatics: [{meta: k, value: v}]`
    ),
    scenario(`${leaky}\nfilter: evt.Meta.nested == 'a'\n${byAddress}`)
  ],
  [
    "a stash",
    ruleFile(
      "parsers",
      "parsers/s00-raw/test/z.yaml",
      `name: st\nstash: [{name: s, key: evt.Meta.source_ip, value: evt.Meta.tail, ttl: 1h, size: 9}]\nstatics: [{meta: before, expression: "GetFromStash('s', evt.Meta.source_ip)"}]`
    ),
    scenario(`${leaky}\nfilter: evt.Meta.before != 't2'\n${byAddress}`)
  ],
  [
    "a stash that a scenario asks",
    ruleFile(
      "parsers",
      "parsers/s00-raw/test/z.yaml",
      `name: st\nstash: [{name: s, key: evt.Meta.source_ip, value: evt.Meta.tail, ttl: 1h, size: 9}]\nstatics: [{meta: k, value: v}]`
    ),
    scenario(`${leaky}\nfilter: "GetFromStash('s', evt.Meta.source_ip) != 't2'"\n${byAddress}`)
  ],
  [
    "a postoverflow that looks at events",
    scenario(`${leaky}\nfilter: "true"\n${byAddress}`),
    postoverflow(`whitelist: {reason: r, expression: ["evt.Overflow.Alert.Events[0].GetMeta('tail') == 't1'"]}`)
  ],
  [
    "an overflow that is poured again",
    scenario(`${leaky}\nfilter: evt.GetType() == 'log'\n${byAddress}\nreprocess: true`, "1"),
    scenario(
      `type: leaky\ncapacity: 1\nleakspeed: 1h\nfilter: "evt.GetType() == 'overflow' && evt.GetMeta('nested') != ''"`,
      "2"
    )
  ],
  [
    "contexts",
    scenario(`${leaky}\nfilter: "true"\n${byAddress}`),
    ruleFile(
      "contexts",
      "contexts/c.yaml",
      "context:\n  tail: [evt.Meta.tail]\n  place: [evt.Enriched.IsoCode]\n  parsed: [evt.Parsed.number]"
    )
  ]
]

describe.each(rulesets.map(([name, ...files]) => ({ name, files })))("with $name", ({ files }) => {
  it("overflows and their evidence are those of whole events", () => {
    const whole = outcomes([parser(), ...files], false)
    expect(whole.length).toBeGreaterThan(1)
    expect(outcomes([parser(), ...files], true)).toEqual(whole)
  })

  it("so they are after a restart", () => {
    const whole = outcomes([parser(), ...files], false)
    const ruleset = rulesOf([parser(), ...files])
    const engine = makeEngine(ruleset, { geo })
    const before = engine.pour(batch, lines.slice(0, 40))
    const find = ({ line }: { readonly line: number }) => ({ batch: batch.data, text: lines[line]! })
    const again = restoreEngine(ruleset, JSON.parse(JSON.stringify(snapshotEngine(engine))), find, { geo })
    // Empty lines keep the numbers of the others.
    const after = again.pour(
      batch,
      lines.map((line, number) => (number < 40 ? "" : line))
    )
    expect([...before, ...after]).toEqual(whole)
  })
})

it("with all of them together", () => {
  const named = rulesets.flatMap(([, ...files], number) =>
    files.map(({ kind, path, content }) =>
      ruleFile(
        kind,
        path.replace(/[^/]*$/, `${number}-$&`),
        new TextDecoder().decode(content).replace(/^name: /m, `name: ${number}-`)
      )
    )
  )
  // A stash's answer cannot be had again: without that, and with it.
  for (const files of [
    named,
    named.filter(({ content }) => !new TextDecoder().decode(content).includes("FromStash"))
  ]) {
    const whole = outcomes([parser(), ...files], false)
    expect(whole.length).toBeGreaterThan(100)
    expect(outcomes([parser(), ...files], true)).toEqual(whole)
  }
})

it("a line that only passes is parsed once, and one that is shown once more", () => {
  const again = vi.spyOn(LineParser.prototype, "parseAgain")
  const rules = [parser(), scenario(`type: trigger\nfilter: evt.Meta.word == 'x'`)]
  const engine = makeEngine(rulesOf(rules), { geo })
  expect(engine.pour(batch, ["2026-01-01T10:00:00Z 192.0.2.1 a t"])).toHaveLength(0)
  expect(again).not.toHaveBeenCalled()
  const [outcome] = engine.pour(batch, ["2026-01-01T10:00:00Z 192.0.2.1 x t"])
  expect(again).toHaveBeenCalledTimes(1)
  expect(outcome).toMatchObject({
    overflow: {
      source: { asName: "Example", country: "FR", range: "192.0.2.0/24" },
      evidence: { entries: [{ meta: { Country: "FR", kind: "line", nested: "x", tail: "t", word_again: "x" } }] }
    }
  })
})

it("who asks for an explanation sees the whole event", () => {
  const explainer = new Explainer(rulesOf([parser(), scenario(`${leaky}\nfilter: "true"`)]), { geo })
  const explanation = explainer.explain(batch, "2026-01-01T10:00:00Z 192.0.2.1 a t")
  const changed = explanation?.stages.flatMap(({ nodes }) => nodes.flatMap(({ changes }) => changes))
  expect(changed?.map(({ field }) => field)).toEqual(
    expect.arrayContaining(["evt.Meta.Country", "evt.Parsed.first", "evt.Enriched.ASNOrg", "evt.Meta.kind"])
  )
})
