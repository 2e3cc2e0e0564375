import { describe, expect, it, test } from "vitest"
import { type GeoLookup, makeEngine } from "../engine.ts"
import type { PipelineEvent } from "../event/pipeline-event.ts"
import { batchOf, ruleFile } from "../recorded.fixture.ts"
import { compileRuleset } from "../ruleset.ts"

/** Runs one line through a parser and tells what the root nodes made of it, and the event. */
const parse = (yaml: string, text = "line", geo: GeoLookup = {}) => {
  const { ruleset, problems } = compileRuleset([ruleFile("parsers", "parsers/s00-raw/test/node.yaml", yaml)], {
    names: "off"
  })
  expect(problems.filter(({ severity }) => severity === "error")).toEqual([])
  const states: Array<boolean> = []
  let seen: PipelineEvent | undefined
  const engine = makeEngine(ruleset, {
    geo,
    watch: {
      node: (_stage, _node, event, success) => {
        states.push(success)
        seen = event
      }
    }
  })
  engine.pour(batchOf({ observedAt: "2026-01-01T00:00:00Z" }), [text])
  return { states, event: seen!, counters: engine.counters }
}

const child = (state: string): string =>
  `  - {filter: "${state === "T"}", statics: [{meta: "ran_${state}", value: "yes"}]}`
const groks: Record<string, string> = {
  none: "",
  ok: "grok: {pattern: '%{WORD:w}', apply_on: Line.Raw}\n",
  failed: "grok: {pattern: '%{INT:i}', apply_on: Line.Raw}\n"
}

test.each([
  ["none", "next_stage", "FTT", true],
  ["none", "continue", "TF", false],
  ["none", "continue", "FT", true],
  ["none", "continue", "", true],
  ["ok", "continue", "FF", true],
  ["ok", "next_stage", "FF", true],
  ["failed", "continue", "", false],
  ["failed", "continue", "T", true],
  ["failed", "continue", "TF", false]
])("grok %s, onsuccess %s, children %s: %s (appendix A.5)", (grok, onsuccess, children, expected) => {
  const nodes = children === "" ? "" : `nodes:\n${[...children].map(child).join("\n")}\n`
  const { states, event } = parse(
    `name: n\nonsuccess: ${onsuccess}\n${groks[grok]}${nodes}statics:\n  - {meta: own, value: "yes"}\n`
  )
  expect(states).toEqual([expected])
  expect(event.Meta.get("own")).toBe(expected ? "yes" : undefined)
})

test("with next_stage no child runs after the first that succeeds", () => {
  const { event } = parse(
    `name: n\nonsuccess: next_stage\nnodes:\n${child("T")}\n  - statics: [{meta: second, value: "yes"}]\n`
  )
  expect([...event.Meta.keys()]).toEqual(["ran_T"])
})

test("statics: empty values are skipped, floats have six decimals, errors skip the static, a bool ends the parsing", () => {
  const { event } = parse(
    `
name: n
filter: UnmarshalJSON(evt.Line.Raw, evt.Unmarshaled, "j") in ["", nil]
statics:
  - {meta: kept, value: before}
  - {meta: kept, expression: evt.Parsed.nothing}
  - {meta: port, expression: evt.Unmarshaled.j.port}
  - {meta: lost, expression: evt.Unmarshaled.j.none.deeper}
  - {meta: int, expression: 6 * 7}
  - {meta: after, value: "yes"}
`,
    '{"port": 443}'
  )
  expect(Object.fromEntries(event.Meta)).toEqual({ kept: "before", port: "443.000000", int: "42", after: "yes" })
  expect(parse("name: n\nstatics:\n  - {meta: b, expression: 1 == 1}\n").counters).toMatchObject({
    lines: 1,
    parsed: 0,
    unparsed: 1
  })
})

describe("what expressions write to one event", () => {
  const statics = (count: number, expression: string, target = "parsed: m") =>
    `name: n\nstatics:\n${Array.from({ length: count }, (_, n) => `  - {${target}${n}, expression: "${expression}"}\n`).join("")}`
  const room = 4_194_304

  it("ends at four million characters; statics beyond are left out as if they failed", () => {
    const { event } = parse(`${statics(100, "repeat('x', 1000000)")}  - {meta: kept, value: "yes"}\n`)
    expect([...event.Parsed.keys()]).toEqual(["m0", "m1", "m2", "m3"])
    expect(event.Meta.get("kept")).toBe("yes")
  })

  it("begins anew with each line", () => {
    const { ruleset } = compileRuleset(
      [ruleFile("parsers", "parsers/s00-raw/test/node.yaml", statics(10, "repeat(evt.Line.Raw, 1000000)"))],
      { names: "off" }
    )
    const sizes: Array<number> = []
    const engine = makeEngine(ruleset, { watch: { node: (_stage, _node, { Parsed }) => sizes.push(Parsed.size) } })
    engine.pour(batchOf({ observedAt: "2026-01-01T00:00:00Z" }), ["a", "b"])
    expect(sizes).toEqual([4, 4])
  })

  it("does not count what is moved", () => {
    const { event } = parse(statics(200, "evt.Line.Raw"), "x".repeat(60_000))
    expect(event.Parsed.size).toBe(200)
    expect(200 * 60_000).toBeGreaterThan(room)
  })

  it("ends there for SetMeta and SetParsed, whose expression then fails", () => {
    const { event } = parse(statics(10, "string(evt.SetMeta('k', repeat('x', 1000000)))"))
    expect(event.Parsed.size).toBe(4)
    expect(parse(statics(10, "string(evt.SetParsed('k', repeat('x', 1000000)))")).event.Parsed.size).toBe(5)
  })

  it("ends at four million characters that are read as JSON or pairs", () => {
    const json = "UnmarshalJSON('[' + repeat('1,', 499998) + '1]', evt.Unmarshaled, string(len(evt.Unmarshaled)))"
    const pairs = "ParseKV(repeat('a=b ', 250000), evt.Unmarshaled, string(len(evt.Unmarshaled)))"
    for (const expression of [json, pairs]) expect(parse(statics(10, expression)).event.Unmarshaled.size).toBe(4)
    const methods = `name: n\nstatics:\n${"  - {method: UnmarshalJSON, expression: evt.Line.Raw}\n".repeat(100)}`
    expect(
      parse(`${methods}  - {parsed: m, expression: "${json}"}\n`, `{"a": "${"x".repeat(60_000)}"}`).event.Unmarshaled
        .size
    ).toBe(1)
  })
})

test("a grok on a field that is not there fails; unmatched names are written empty", () => {
  expect(parse("name: n\ngrok: {pattern: '%{DATA:d}', apply_on: absent}\n").states).toEqual([false])
  const { event } = parse("name: n\ngrok: {pattern: '%{WORD:w}( %{INT:i})?', apply_on: Line.Raw}\n")
  expect(event.Parsed.get("i")).toBe("")
})

test("a whitelist marks the event and succeeds either way; its statics run for listed events only", () => {
  const yaml = (cidr: string) =>
    `name: n\nwhitelist: {reason: ours, cidr: ["${cidr}"]}\nstatics: [{meta: listed, value: "yes"}]\n`
  const run = (cidr: string, address = "10.1.2.3") =>
    parse(`name: m\nstatics: [{meta: source_ip, value: "${address}"}]\n---\n${yaml(cidr)}`)
  const listed = run("10.0.0.0/8")
  expect(listed.states).toEqual([true, true])
  expect(listed.event).toMatchObject({ Whitelisted: true, WhitelistReason: "ours" })
  expect(listed.event.Meta.get("listed")).toBe("yes")
  expect(listed.counters).toMatchObject({ parsed: 1, whitelisted: 1 })
  // The same host, written in IPv6.
  expect(run("10.0.0.0/8", "::ffff:10.1.2.3").event.Whitelisted).toBe(true)
  const other = run("11.0.0.0/8")
  expect(other.states).toEqual([true, true])
  expect(other.event.Whitelisted).toBe(false)
  expect(other.event.Meta.has("listed")).toBe(false)
})

test("stages: the last one must take the line too, and nobody moving it on ends the way", () => {
  const run = (first: string, second: string) => {
    const files = [
      ruleFile("parsers", "parsers/s00-raw/t/a.yaml", first),
      ruleFile("parsers", "parsers/s01-parse/t/b.yaml", second)
    ]
    const engine = makeEngine(compileRuleset(files, { names: "off" }).ruleset)
    engine.pour(batchOf({ observedAt: "2026-01-01T00:00:00Z" }), ["line", "", "line"])
    return engine.counters
  }
  const yes = "name: n\nonsuccess: next_stage\nstatics: [{meta: a, value: b}]\n"
  const stays = "name: n\nstatics: [{meta: a, value: b}]\n"
  const no = `name: n\nfilter: "false"\nstatics: [{meta: a, value: b}]\n`
  expect(run(yes, yes)).toMatchObject({ lines: 2, parsed: 2, unparsed: 0 })
  expect(run(yes, no)).toMatchObject({ lines: 2, parsed: 0, unparsed: 2 })
  expect(run(stays, yes)).toMatchObject({ lines: 2, parsed: 0, unparsed: 2 })
})

test("patterns see the first 8,192 characters of a line", () => {
  const yaml = "name: n\ngrok: {pattern: '%{WORD:w} end', apply_on: Line.Raw}\n"
  expect(parse(yaml, `${" ".repeat(8_000)}the end`)).toMatchObject({ states: [true], counters: { oversized: 0 } })
  expect(parse(yaml, `${" ".repeat(8_192)}the end`)).toMatchObject({ states: [false], counters: { oversized: 1 } })
})

test.each(["garbage", "192.0.2.1/24", "192.0.2.1 ", "192.0.2", "[::1]", "fe80::1%eth0"])(
  "methods: %s is no address, and nothing is said of it",
  (text) => {
    const methods = ["GeoIpCity", "GeoIpASN", "IpToRange"]
    const statics = methods.map((method) => `  - {method: ${method}, expression: evt.Line.Raw}`).join("\n")
    const { event } = parse(`name: n\nstatics:\n${statics}\n`, text, {
      city: () => ({ country: "FR", inEuropeanUnion: true, latitude: 48.5, longitude: 2 }),
      network: () => ({ number: 64_500, organization: "Example", range: "192.0.2.0/24" })
    })
    expect(event.Enriched.size).toBe(0)
  }
)

test("methods: JSON of the line, places, networks, names that are known or not", () => {
  const methods = ["UnmarshalJSON", "GeoIpCity", "GeoIpASN", "IpToRange", "reverse_dns"]
  const statics = methods.map((method) => `  - {method: ${method}, value: 192.0.2.1}`).join("\n")
  const { event } = parse(`name: n\nstatics:\n${statics}\n`, '{"user": {"name": "eve"}}', {
    city: () => ({ country: "FR", inEuropeanUnion: true, latitude: 48.5, longitude: 2 }),
    network: () => ({ number: 64_500, organization: "Example", range: "192.0.2.0/24" })
  })
  expect(event.Unmarshaled.get("user")).toEqual(new Map([["name", "eve"]]))
  expect(Object.fromEntries(event.Enriched)).toEqual({
    IsoCode: "FR",
    IsInEU: "true",
    Latitude: "48.500000",
    Longitude: "2.000000",
    ASNNumber: "64500",
    ASNumber: "64500",
    ASNOrg: "Example",
    SourceRange: "192.0.2.0/24"
  })
  const nothing = parse(`name: n\nstatics:\n${statics}\n`, "no json", {
    city: () => undefined,
    network: () => undefined
  }).event
  expect(nothing.Unmarshaled.size).toBe(0)
  expect(Object.fromEntries(nothing.Enriched)).toMatchObject({
    IsoCode: "",
    IsInEU: "false",
    Latitude: "0.000000",
    ASNumber: "0"
  })
  expect(parse(`name: n\nstatics:\n${statics}\n`).event.Enriched.size).toBe(0)
})
