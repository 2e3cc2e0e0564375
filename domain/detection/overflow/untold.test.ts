/** What waits until a batch is through is told as if it had been told at its line: the same rules without any shortcut. */
import { describe, expect, it } from "vitest"
import { overflows, rulesOf, stamp } from "../engine.fixture.ts"
import { type Engine, type GeoLookup, makeEngine } from "../engine.ts"
import { batchOf, passageTo, plainParser, ruleFile, scenarioFile } from "../recorded.fixture.ts"
import { compileRuleset } from "../ruleset.ts"
import type { RuleFile } from "../../rules/rule.ts"

const each = (name: string, more = "") => scenarioFile(name, `type: trigger\n${more}`)

const postoverflow = (text: string): RuleFile =>
  ruleFile("postoverflows", "postoverflows/s01-whitelist/test/p.yaml", `name: test/p\n${text}`)

const context = (expression: string): RuleFile =>
  ruleFile("contexts", "contexts/c.yaml", `context:\n  told: [${JSON.stringify(expression)}]`)

/** A scenario that writes to the event that it looks at. */
const marks = (name: string): RuleFile =>
  ruleFile(
    "scenarios",
    `scenarios/test/${name}.yaml`,
    `type: trigger\nname: test/${name}\ndescription: test\nfilter: evt.SetMeta('mark', evt.Meta.word) && evt.Meta.word == 'm'\nlabels: {}\n`
  )

const lines = Array.from({ length: 1_000 }, (_, number) => {
  const word = ["a", "b", "m"][number % 3]!
  return `${stamp(number)} 192.0.2.${number % 7} ${word}`
})

const told = (files: ReadonlyArray<RuleFile>, shortcuts: boolean) => {
  const { ruleset, problems } = compileRuleset([plainParser, ...files], { names: "off", shortcuts })
  expect(problems.filter(({ severity }) => severity === "error")).toEqual([])
  const engine = makeEngine(ruleset)
  const outcomes = engine.pour(batchOf({ observedAt: stamp(1_000) }), lines)
  const late = engine.pass(passageTo(stamp(10_000)))
  return { waits: ruleset.alertsWait, outcomes: [...outcomes, ...late], counters: engine.counters }
}

const leaky = "type: leaky\ncapacity: 2\nleakspeed: 10m"

const cases: ReadonlyArray<readonly [name: string, waits: boolean, ...files: ReadonlyArray<RuleFile>]> = [
  ["more overflows than may wait", true, each("one"), each("two", "blackhole: 3s")],
  ["a scenario that writes to the event behind one that ran over", true, each("a"), marks("b"), each("c")],
  ["events that were written to at their lines", true, marks("b"), scenarioFile("c", leaky)],
  [
    "a scenario that writes to events of the past",
    false,
    scenarioFile("a", leaky),
    scenarioFile(
      "b",
      "type: conditional\ncapacity: -1\nleakspeed: 1h\ncondition: \"any(queue.Queue, {#.SetMeta('seen', 'yes') && false})\""
    )
  ],
  [
    "an overflow filter between others",
    true,
    each("a"),
    each("b", "overflow_filter: signal.Alert.Events[0].GetMeta('word') == 'a'"),
    each("c")
  ],
  [
    "overflows that others take",
    true,
    each("a", "reprocess: true"),
    each("b"),
    ruleFile(
      "scenarios",
      "scenarios/test/z.yaml",
      "type: leaky\nname: test/z\ndescription: test\ncapacity: 5\nleakspeed: 1h\nfilter: evt.GetType() == 'overflow'\nlabels: {}\n"
    )
  ],
  ["overflows that nobody takes", true, each("a", "reprocess: true"), scenarioFile("b", leaky)],
  [
    "more events together than the alerts of one line show",
    true,
    ...Array.from({ length: 15 }, (_, number) =>
      scenarioFile(`s${number}`, "type: leaky\ncapacity: 45\nleakspeed: 10h")
    )
  ],
  ["a time that is over between two lines", true, scenarioFile("a", "type: counter\nduration: 20s"), each("b")],
  ["an alert that names nobody", true, each("a", "scope: {type: Range}"), each("b")],
  [
    "a scope that goes by the time",
    true,
    each("a", "scope: {type: Moment, expression: TimeNow()}"),
    scenarioFile("b", leaky)
  ],
  ["contexts", true, each("a"), context("evt.Meta.word")],
  ["a context that goes by the time", false, each("a"), context("TimeNow()")],
  [
    "a postoverflow",
    true,
    each("a"),
    postoverflow(`whitelist: {reason: r, expression: ["evt.Overflow.Alert.Events[0].GetMeta('word') == 'a'"]}`)
  ],
  [
    "a postoverflow that counts in a stash",
    false,
    ruleFile(
      "scenarios",
      "scenarios/test/a.yaml",
      "type: trigger\nname: test/a\ndescription: test\nfilter: \"GetFromStash('s', evt.Meta.source_ip) == ''\"\nlabels: {}\n"
    ),
    postoverflow(
      "statics: [{meta: k, value: v}]\nstash: [{name: s, key: evt.Overflow.Alert.Source.IP, value: \"'x'\", ttl: 30s, size: 9}]"
    )
  ]
]

describe.each(cases.map(([name, waits, ...files]) => ({ name, waits, files })))("with $name", ({ waits, files }) => {
  it("alerts are those that are told at once", () => {
    const atOnce = told(files, false)
    const later = told(files, true)
    expect(atOnce.waits).toBe(false)
    expect(later.waits).toBe(waits)
    expect(atOnce.outcomes.length).toBeGreaterThan(10)
    expect(later).toEqual({ ...atOnce, waits })
  })
})

it("what is poured again is poured again at once", () => {
  const files = cases.find(([name]) => name === "overflows that others take")!.slice(2) as ReadonlyArray<RuleFile>
  const scenarios = overflows(told(files, true).outcomes).map(({ overflow }) => overflow.scenario.name)
  expect(scenarios.slice(0, 13)).toEqual([...Array.from({ length: 6 }, () => ["test/a", "test/b"]).flat(), "test/z"])
})

it("a fault while one alert is told leaves the others", () => {
  const geoip = ruleFile(
    "parsers",
    "parsers/s00-raw/test/z.yaml",
    "name: test/geo\nfilter: evt.Meta.word != 'never'\nstatics:\n  - {method: GeoIpCity, expression: evt.Meta.source_ip}\n  - {meta: country, expression: evt.Enriched.IsoCode}\n"
  )
  const geo: GeoLookup = {
    city: (address) => {
      if (address.endsWith(".3")) throw new TypeError("a fault of our own")
      return { country: "DE", inEuropeanUnion: true, latitude: 0, longitude: 0 }
    }
  }
  const engine: Engine = makeEngine(rulesOf([each("a"), geoip]), { geo })
  const batch = batchOf({ observedAt: stamp(10) })
  const found = overflows(engine.pour(batch, lines.slice(0, 6)))
  expect(found.map(({ overflow }) => overflow.source.value)).toEqual(
    ["0", "1", "2", "4", "5"].map((host) => `192.0.2.${host}`)
  )
  expect(engine.counters).toMatchObject({ lines: 6, parsed: 6, overflows: 5, faults: 1 })
  expect(engine.fault).toEqual({ reference: { event: batch.id, line: 3 }, message: "a fault of our own" })
})
