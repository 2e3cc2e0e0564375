import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { remediesFor } from "../../decision/profile.ts"
import { compileProfiles } from "../../decision/profile.ts"
import { makeEngine } from "../engine.ts"
import { batchOf, passageTo, plainParser, ruleFile, scenarioFile } from "../recorded.fixture.ts"
import { compileRuleset } from "../ruleset.ts"

const context = (yaml: string, path = "contexts/test/c.yaml") => ruleFile("contexts", path, `context:\n${yaml}`)

const rulesOf = (...files: ReadonlyArray<ReturnType<typeof ruleFile>>) =>
  compileRuleset([plainParser, scenarioFile("leaky", "type: leaky\ncapacity: 2\nleakspeed: 10s"), ...files], {
    names: "off"
  })

const overflowOf = (files: ReadonlyArray<ReturnType<typeof ruleFile>>, words: ReadonlyArray<string>) => {
  const { ruleset, problems } = rulesOf(...files)
  expect(problems).toEqual([])
  const [outcome] = makeEngine(ruleset).pour(
    batchOf({ observedAt: "2026-01-01T00:00:00Z" }),
    words.map((word) => `- 192.0.2.1 ${word}`)
  )
  if (outcome?._tag !== "Overflow") throw new Error("no overflow")
  return outcome.overflow
}

describe("contexts", () => {
  it("tell each key's different results over the events, as JSON, sorted by key", () => {
    const { meta } = overflowOf(
      [
        context("  word: [evt.Meta.word]\n  both:\n    - evt.Meta.source_ip\n    - Upper(evt.Meta.word)"),
        context("  word: [evt.Meta.word + '!']\n  nothing: [evt.Meta.nope]", "contexts/test/d.yaml")
      ],
      ["a", "<b>", "a"]
    )
    expect(Object.entries(meta!)).toEqual([
      ["both", '["192.0.2.1","A","\\u003cB\\u003e"]'],
      ["word", '["a","a!","\\u003cb\\u003e","\\u003cb\\u003e!"]']
    ])
  })

  it("leave out what fails, nil and what a firewall for web applications would have seen", () => {
    const { meta } = overflowOf(
      [
        context(
          `  fails: [evt.Unmarshaled.no.thing]\n  nil: [evt.Unmarshaled.no]\n  uri: ["match.uri != nil ? match.uri : ''"]\n  host: ["req != nil ? req.Host : ''"]\n  agent: ["req.Method != '' ? req.UserAgent() + JA4H(req) : ''"]\n  count: ["len(evt.Meta.word)"]\n  list: ["Split(evt.Meta.word, ',')"]`
        )
      ],
      ["a,b", "a,b", "b"]
    )
    expect(meta).toEqual({ count: '["3","1"]', list: '["a","b"]' })
  })

  it("are cut to 4,000 bytes: values from the end, and the last one is halved", () => {
    const long = "x".repeat(3_000)
    expect(overflowOf([context("  w: [evt.Meta.word]")], [long, "y".repeat(2_000), "z"]).meta).toEqual({
      w: JSON.stringify([long])
    })
    expect(overflowOf([context("  w: [evt.Meta.word]")], ["é".repeat(3_000), "b", "c"]).meta).toEqual({
      w: JSON.stringify([`${"é".repeat(1_500)}...`])
    })
  })

  it("are told by counters too, and profiles see them", () => {
    const { ruleset } = compileRuleset(
      [plainParser, scenarioFile("counter", "type: counter\nduration: 1s"), context("  word: [evt.Meta.word]")],
      { names: "off" }
    )
    const engine = makeEngine(ruleset)
    engine.pour(batchOf({ observedAt: "2026-01-01T00:00:00Z" }), ["- 192.0.2.1 a"])
    const [outcome] = engine.pass(passageTo("2026-01-02T00:00:00Z"))
    if (outcome?._tag !== "Overflow") throw new Error("no overflow")
    expect(outcome.overflow.meta).toEqual({ word: '["a"]' })
    const { profiles } = compileProfiles([
      ruleFile(
        "profiles",
        "profiles.yaml",
        `name: p\nfilters: ["Alert.GetMeta('word') contains '\\"a\\"'"]\ndecisions: [{type: ban, duration: 1h}]\n`
      )
    ])
    expect(remediesFor(profiles, outcome.overflow)).toHaveLength(1)
  })

  it("with a mistake are named and left out; the other rules work", () => {
    const { ruleset, problems } = rulesOf(
      context("  word: [evt.Mata.word]"),
      context("  ok: [evt.Meta.word]", "contexts/o.yaml")
    )
    expect(problems).toMatchObject([
      { code: "TST-EXPR-NAME", file: "/rules/contexts/test/c.yaml", line: 2, key: "context.word[0]" }
    ])
    expect(ruleset.contexts.map(({ key }) => key)).toEqual(["ok"])
    expect(ruleset.activation.items.map(({ kind }) => kind)).toContain("contexts")
  })

  it("of CrowdSec's hub all load", () => {
    const folder = new URL("../../../../shared/hub/contexts/crowdsecurity/", import.meta.url)
    const files = readdirSync(folder).map((name) =>
      ruleFile("contexts", `contexts/crowdsecurity/${name}`, readFileSync(new URL(name, folder), "utf8"))
    )
    const { ruleset, problems } = rulesOf(...files)
    expect(problems).toEqual([])
    expect(files).toHaveLength(9)
    expect(ruleset.contexts.map(({ key }) => key)).toContain("target_fqdn")
  })
})
