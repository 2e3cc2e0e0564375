import fc from "fast-check"
import { expect, test } from "vitest"
import { parse } from "../expression/parse.ts"
import { guardOf } from "./candidates.ts"
import { makeEngine } from "./engine.ts"
import { batchOf, ruleFile } from "./recorded.fixture.ts"
import { compileRuleset } from "./ruleset.ts"

const guard = (filter: string) =>
  Object.fromEntries(Array.from(guardOf(parse(filter)), ([name, values]) => [name, [...values]]))

test("a filter's beginning tells which events it can concern", () => {
  expect(guard("evt.Meta.log_type == 'a'")).toEqual({ log_type: ["a"] })
  expect(guard("evt.Meta.service == 'http' and evt.Meta.log_type in ['a', 'b'] and f(evt)")).toEqual({
    service: ["http"],
    log_type: ["a", "b"]
  })
  expect(guard("evt.Meta.status == '404' && evt.Meta.service == 'http'")).toEqual({ service: ["http"] })
})

test("what might fail, write or be true otherwise is no beginning", () => {
  for (const filter of [
    "evt.Meta.log_type == 'a' || evt.Meta.service == 'b'",
    "evt.SetMeta('x', 'y') && evt.Meta.log_type == 'a'",
    "evt.Unmarshaled.x.y == 'z' && evt.Meta.log_type == 'a'",
    "not (evt.Meta.log_type == 'a')",
    "evt.Meta.log_type == evt.Meta.service",
    "evt.Meta.log_type in ['a', evt.Meta.service]",
    "evt.Parsed.log_type == 'a'",
    "true"
  ]) {
    expect(guard(filter)).toEqual({})
  }
})

const word = fc.constantFrom("a", "b", "")
const comparison = fc.oneof(
  fc
    .tuple(fc.constantFrom("service", "log_type", "other"), word)
    .map(([name, value]) => `evt.Meta.${name} == '${value}'`),
  fc
    .tuple(fc.constantFrom("service", "log_type"), fc.array(word))
    .map(([name, values]) => `evt.Meta.${name} in [${values.map((value) => `'${value}'`)}]`),
  fc.constantFrom("evt.SetMeta('log_type', 'a')", "evt.SetMeta('other', 'b')", "evt.Unmarshaled.x.y == 'z'", "true")
)
const filter = fc.array(comparison, { minLength: 1, maxLength: 3 }).map((all) => all.join(" && "))

test("passing scenarios over changes no verdict", () => {
  const parser = ruleFile(
    "parsers",
    "parsers/s00-raw/test/p.yaml",
    "name: test/p\ngrok: {pattern: '^%{DATA:service},%{DATA:log_type}$', apply_on: Line.Raw}\nstatics:\n  - {meta: service, expression: evt.Parsed.service}\n  - {meta: log_type, expression: evt.Parsed.log_type}\n  - {meta: source_ip, value: 192.0.2.1}\n"
  )
  const verdicts = (filters: ReadonlyArray<string>, lines: ReadonlyArray<string>) => {
    const scenarios = filters.map((text, index) =>
      ruleFile(
        "scenarios",
        `scenarios/test/s${index}.yaml`,
        `type: trigger\nname: test/s${index}\ndescription: t\nfilter: ${JSON.stringify(text)}\nlabels: {}`
      )
    )
    const engine = makeEngine(compileRuleset([parser, ...scenarios], { names: "off" }).ruleset)
    const outcomes = engine.pour(batchOf({ observedAt: "2026-01-01T00:00:00Z" }), lines)
    return outcomes.map(
      (outcome) => outcome._tag === "Overflow" && [outcome.overflow.scenario.name, outcome.overflow.trigger.line]
    )
  }
  fc.assert(
    fc.property(
      fc.array(filter, { minLength: 1, maxLength: 5 }),
      fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 4 }),
      (filters, events) => {
        const lines = events.map((event) => event.join(","))
        // With `true` in front nothing is known beforehand.
        expect(verdicts(filters, lines)).toEqual(
          verdicts(
            filters.map((text) => `(true) && ${text}`),
            lines
          )
        )
      }
    ),
    { numRuns: 60 }
  )
})
