import { expect, test } from "vitest"
import { rulesOf, stamp } from "../engine.fixture.ts"
import { makeEngine } from "../engine.ts"
import { batchOf, hostOf, nameOf, plainParser, ruleFile, scenarioFile } from "../recorded.fixture.ts"
import { compileRuleset } from "../ruleset.ts"

const each = scenarioFile("each", "type: trigger")

const whitelist = (...expressions: ReadonlyArray<string>) =>
  ruleFile(
    "postoverflows",
    "postoverflows/s01-whitelist/test/own.yaml",
    `name: test/own\nwhitelist:\n  reason: own\n  expression:\n${expressions.map((text) => `    - ${text}\n`).join("")}`
  )

const own = "evt.Overflow.Alert.Source.IP in LookupHost('home.example.org')"

const play = (names: "asked" | "off", ...expressions: ReadonlyArray<string>) => {
  const engine = makeEngine(rulesOf([each, whitelist(...expressions)], names))
  const pour = (seconds: number, host: number) =>
    engine.pour(batchOf({ id: `at-${seconds}`, observedAt: stamp(seconds) }), [`- 192.0.2.${host} -`])
  return { engine, pour }
}

test("an overflow waits for the addresses of a host that a whitelist asks about", () => {
  const { engine, pour } = play("asked", own)
  expect(pour(0, 1)).toMatchObject([{ _tag: "NameWanted", question: "home.example.org", causation: "at-0" }])
  expect(pour(1, 2)).toEqual([])
  expect(engine.wantedNames()).toEqual(["home.example.org"])
  const found = engine.resolve(hostOf("home.example.org", "192.0.2.1", "2001:db8::1"))
  expect(found).toMatchObject([{ _tag: "Overflow", causation: "at-1" }])
  expect(engine.counters).toMatchObject({ whitelistedOverflows: 1, overflows: 1 })
  // The answer is known now, for five minutes of detection time: another address may stand behind the name then.
  expect(pour(200, 1)).toEqual([])
  expect(pour(310, 1)).toMatchObject([{ _tag: "NameWanted" }])
})

test("a host that is not known lets nobody off, and is asked for again", () => {
  const { engine, pour } = play("asked", own)
  pour(0, 1)
  expect(engine.resolve(hostOf("home.example.org"))).toMatchObject([{ _tag: "Overflow" }])
  expect(pour(200, 1)).toMatchObject([{ _tag: "Overflow" }])
  expect(pour(310, 1)).toMatchObject([{ _tag: "NameWanted" }])
})

test("several hosts are asked for in turn, each once, however it is written", () => {
  const { engine, pour } = play("asked", own, `"evt.Overflow.Alert.Source.IP in LookupHost('Other.Example.org.')"`)
  pour(0, 2)
  expect(engine.resolve(hostOf("home.example.org", "192.0.2.1"))).toMatchObject([
    { _tag: "NameWanted", question: "other.example.org" }
  ])
  expect(engine.resolve(hostOf("other.example.org", "192.0.2.2"))).toEqual([])
  expect(engine.counters.whitelistedOverflows).toBe(1)
  expect(pour(1, 1)).toEqual([])
  expect(pour(2, 3)).toMatchObject([{ _tag: "Overflow" }])
})

test("an address is its own, and where names are off nobody waits", () => {
  const address = "evt.Overflow.Alert.Source.IP in LookupHost('192.0.2.1')"
  expect(play("asked", address).pour(0, 1)).toEqual([])
  expect(play("off", address).pour(0, 1)).toEqual([])
  expect(play("off", own).pour(0, 1)).toMatchObject([{ _tag: "Overflow" }])
})

test("reverse DNS is not asked about what is no address: it would be taken for a host name", () => {
  const rdns = ruleFile(
    "postoverflows",
    "postoverflows/s00-enrich/test/rdns.yaml",
    "name: test/rdns\nstatics: [{method: reverse_dns, expression: evt.Overflow.Alert.Source.Value}]\n"
  )
  const users = scenarioFile("users", "type: trigger\nscope: {type: User, expression: evt.Meta.word}")
  const engine = makeEngine(rulesOf([users, rdns]))
  const outcomes = engine.pour(batchOf({ observedAt: stamp(0) }), ["- 192.0.2.1 evil.example.org"])
  expect(outcomes).toMatchObject([{ _tag: "Overflow" }])
})

test("a name that was asked for is not the answer about a host", () => {
  const { engine, pour } = play("asked", own)
  pour(0, 1)
  expect(engine.resolve(nameOf("192.0.2.1", "home.example.org."))).toEqual([])
  expect(engine.wantedNames()).toEqual(["home.example.org"])
})

const told = (...files: Parameters<typeof compileRuleset>[0]) =>
  compileRuleset([plainParser, each, ...files], { names: "asked" }).problems.map(({ code, message }) => [code, message])

test("only postoverflows ask, and only for a name that the rule writes out", () => {
  const only = "only postoverflows may ask for the addresses of a host, because a line cannot wait for the answer"
  const parser = ruleFile(
    "parsers",
    "parsers/s02-enrich/test/own.yaml",
    "name: test/own\nwhitelist: {reason: own, expression: [\"evt.Meta.source_ip in LookupHost('home.example.org')\"]}\n"
  )
  expect(told(parser)).toEqual([["TST-EXPR-NAME", `\`whitelist.expression[0]\`: LookupHost is not available: ${only}`]])
  expect(told(whitelist("evt.Overflow.Alert.Source.IP in LookupHost(evt.Overflow.Alert.Source.Value)"))).toEqual([
    [
      "TST-EXPR-TYPE",
      '`whitelist.expression[0]`: LookupHost takes a text that is written out, such as LookupHost("host.example.org")'
    ]
  ])
  expect(told(whitelist("evt.Overflow.Alert.Source.IP in LookupHost('https://example.org/')"))).toEqual([
    ["TST-EXPR-TYPE", '`whitelist.expression[0]`: "https://example.org/" is no host name']
  ])
})
