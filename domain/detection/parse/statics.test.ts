import fc from "fast-check"
import { expect, test } from "vitest"
import { makeEngine } from "../engine.ts"
import { batchOf, ruleFile } from "../recorded.fixture.ts"
import { compileRuleset } from "../ruleset.ts"
import { TextPlace } from "../event/text-place.ts"
import { PipelineEvent } from "../event/pipeline-event.ts"

const name = fc.constantFrom("a", "b", "c")
const field = fc.tuple(fc.constantFrom("Parsed", "Meta", "Enriched"), name).map(([map, key]) => `evt.${map}.${key}`)
const text = fc.oneof(
  field,
  fc.constantFrom("evt.StrTime", "evt.Line.Raw", "evt.Line.Src", "evt.Line.Labels.type", "evt.Stage")
)
const expression = fc.oneof(
  text,
  text.map((of) => `len(${of})`),
  text.map((of) => `Upper(${of}) in ['A', 'LONGER', ''] ? 'yes' : Lower(${of})`),
  text.map((of) => `${of} == '' ? nil : ${of}`),
  text.map((of) => `${of} == 'a'`),
  field.map((of) => `${of} != 'longer than a short text' ? ${of} : 'short'`),
  name.map((key) => `"${key}" in evt.Parsed ? 'there' : 'not'`),
  field.map((of) => `int(${of}) + 1`),
  fc.tuple(text, text).map(([one, other]) => `${one} + ${other}`)
)
const target = fc.oneof(
  fc.tuple(fc.constantFrom("meta", "parsed"), name).map(([map, key]) => `${map}: ${key}`),
  fc
    .constantFrom(
      "evt.StrTime",
      "evt.Enriched.a",
      "evt.Meta.a",
      "Parsed.b",
      "evt.Line.Labels.type",
      "evt.Unmarshaled.x",
      "Line.Src"
    )
    .map((path) => `target: ${path}`),
  fc.constantFrom("GeoIpCity", "GeoIpASN", "IpToRange", "ParseDate").map((method) => `method: ${method}`)
)
const quoted = (value: string) => JSON.stringify(value)
const source = fc.oneof(
  fc.constantFrom("value: a", "value: '2026-01-02'"),
  expression.map((each) => `expression: ${quoted(each)}`)
)
const statics = fc
  .array(fc.tuple(target, source), { minLength: 1, maxLength: 6 })
  .map((all) => `[${all.map(([to, from]) => `{${to}, ${from}}`).join(", ")}]`)
const filter = fc.oneof(
  fc.tuple(text, fc.constantFrom("==", "!="), fc.constantFrom("", "a")).map((all) => {
    return `${all[0]} ${all[1]} ${quoted(all[2])}`
  }),
  expression.map((each) => `string(${each}) == 'yes'`)
)
const node = fc.tuple(filter, statics).map(([holds, all]) => `  - {filter: ${quoted(holds)}, statics: ${all}}`)
const parser = fc
  .tuple(statics, fc.array(node, { maxLength: 3 }))
  .map(
    ([first, nodes]) =>
      `name: test/p\ngrok: {pattern: '^%{DATA:a},%{DATA:b}$', apply_on: Line.Raw, statics: ${first}}\nnodes:\n${["  - {statics: [{meta: z, value: z}]}", ...nodes].join("\n")}\n`
  )

const word = fc.constantFrom(
  "a",
  "b",
  "",
  "7",
  "A",
  "longer",
  "longer than a short text",
  "é",
  "192.0.2.7",
  "2026-01-03"
)

/** Without a comma the grok does not match, and there are no fields. */
const line = fc.tuple(word, fc.constantFrom(",", " "), word).map((all) => all.join(""))

/** What the lines became, each as a text. */
const events = (yaml: string, lines: ReadonlyArray<string>, shortcuts: boolean): ReadonlyArray<string> => {
  const { ruleset, problems } = compileRuleset([ruleFile("parsers", "parsers/s00-raw/test/p.yaml", yaml)], {
    names: "off",
    shortcuts
  })
  expect(problems.filter(({ severity }) => severity === "error")).toEqual([])
  const seen: Array<string> = []
  const city = (address: string) =>
    address === "a" ? undefined : { country: address, inEuropeanUnion: false, latitude: 0, longitude: 0 }
  const engine = makeEngine(ruleset, {
    geo: { city },
    watch: {
      node: (_stage, _node, event, success) => {
        const { Parsed, Meta, Enriched, Unmarshaled, Line, StrTime, MarshaledTime, at } = event
        const maps = [Parsed, Meta, Enriched, Unmarshaled, Line.Labels].map((map) => [...map])
        seen.push(JSON.stringify([success, maps, Line.Raw, Line.Src, StrTime, MarshaledTime, at]))
      }
    }
  })
  engine.pour(batchOf({ observedAt: "2026-01-05T00:00:00Z" }), lines)
  return seen
}

test("what statics write is the same with every shortcut and without any", () => {
  let most = 0
  fc.assert(
    fc.property(parser, fc.array(line, { minLength: 1, maxLength: 8 }), (yaml, some) => {
      const lines = [...some, ...some]
      const found = events(yaml, lines, true)
      expect(found).toEqual(events(yaml, lines, false))
      most = Math.max(most, found.length)
    }),
    { numRuns: 500 }
  )
  expect(most).toBeGreaterThan(8)
})

test.each([
  "Parsed.a",
  "Meta.a.b",
  "Enriched.a",
  "Line.Labels.type",
  "StrTime",
  "StrTimeFormat",
  "MarshaledTime",
  "Stage",
  "WhitelistReason",
  "Line.Raw",
  "Line.Src",
  "Line.Module"
])("%s is a place of its own", (path) => {
  const event = PipelineEvent.kept()
  const place = TextPlace.at(path)!
  expect(place.read(event)).toBe("")
  const others = ["Parsed.x", "Meta.x", "Enriched.x", "Line.Labels.x", "StrTime", "Stage", "Line.Src", "Line.Module"]
    .filter((other) => other !== path)
    .map((other) => TextPlace.at(other)!)
  place.write(event, "text")
  expect(place.read(event)).toBe("text")
  expect(others.map((other) => other.read(event))).toEqual(others.map(() => ""))
})

test.each([
  "Parsed",
  "Meta.",
  "Line",
  "Line.Labels",
  "Line.Labels.a.b",
  "Whitelisted",
  "Overflow.Mapkey",
  "Unmarshaled.x",
  ""
])("no text stands at %j", (path) => expect(TextPlace.at(path)).toBeUndefined())

test("a label that is written is none of the other lines of the batch", () => {
  const labels = new Map([["type", "nginx"]])
  const place = TextPlace.at("Line.Labels.type")!
  const [one, other] = [PipelineEvent.kept(), PipelineEvent.kept()]
  one.Line.Labels = labels
  other.Line.Labels = labels
  expect(place.read(one)).toBe("nginx")
  place.write(one, "other")
  expect([place.read(one), place.read(other), place.read(one)]).toEqual(["other", "nginx", "other"])
})

test("a target within a map ends with its key, and names of parsed and meta are whole", () => {
  const yaml = `name: test/p
statics:
  - {target: evt.Parsed.a.b, value: one}
  - {target: Meta.c.d, value: two}
  - {target: evt.Unmarshaled.e.f, value: three}
  - {target: evt.Line.Labels.g.h, value: four}
  - {parsed: i.j, value: five}
  - {meta: k.l, value: six}
`
  const [seen] = events(yaml, ["line"], true)
  const [, [parsed, meta, , unmarshaled, labels]] = JSON.parse(seen!)
  expect(parsed).toEqual([
    ["a", "one"],
    ["i.j", "five"]
  ])
  expect(meta).toEqual([
    ["c", "two"],
    ["k.l", "six"]
  ])
  expect(unmarshaled).toEqual([["e", "three"]])
  expect(labels).toEqual([
    ["type", "test"],
    ["g", "four"]
  ])
})
