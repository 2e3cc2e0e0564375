import fc from "fast-check"
import { expect, test } from "vitest"
import { makeEngine } from "../engine.ts"
import { batchOf, ruleFile } from "../recorded.fixture.ts"
import { compileRuleset } from "../ruleset.ts"

const word = fc.constantFrom("a", "b", "", "claSS", "cla\u017fs", "%61", "classs")
const field = fc.constantFrom("evt.Meta.log_type", "evt.Parsed.log_type", "evt.Meta.service")
const text = fc.oneof(
  field,
  fc.tuple(fc.constantFrom("Upper", "Lower", "PathUnescape", "Upper(PathUnescape"), field).map(([name, of]) => {
    return name.includes("(") ? `${name}(${of}))` : `${name}(${of})`
  })
)
const quoted = (value: string) => JSON.stringify(value)
const comparison: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(text, fc.constantFrom("==", "!=", "contains", "startsWith", "endsWith", "matches"), word)
    .map(([of, operator, value]) => `${of} ${operator} ${quoted(value)}`),
  fc.tuple(text, fc.array(word)).map(([of, values]) => `${of} in [${values.map(quoted)}]`),
  fc.tuple(text, fc.array(word)).map(([of, values]) => `any([${values.map(quoted)}], {${of} contains Lower(#)})`),
  fc.tuple(text, word).map(([of, value]) => `(let x = ${of}; x contains ${quoted(value)} || x == "b")`),
  fc.tuple(text, word).map(([of, value]) => `(${of} endsWith ${quoted(value)} ? evt.SetMeta("log_type", "b") : false)`),
  fc.tuple(text, word).map(([of, value]) => `not (${of} == ${quoted(value)})`),
  fc.constantFrom(
    "evt.SetMeta('log_type', 'a')",
    "evt.SetParsed('log_type', 'class')",
    "evt.SetMeta('other', 'b')",
    "evt.Unmarshaled.x.y == 'z'",
    "evt.Meta.service + evt.Meta.log_type == 'ab'",
    "true"
  )
)
const filter = fc
  .array(fc.tuple(comparison, fc.constantFrom(" && ", " || ")), { minLength: 1, maxLength: 3 })
  .map((all) => all.map(([each, glue], index) => `(${each})${index < all.length - 1 ? glue : ""}`).join(""))

const parser = ruleFile(
  "parsers",
  "parsers/s00-raw/test/p.yaml",
  "name: test/p\ngrok: {pattern: '^%{DATA:service},%{DATA:log_type}$', apply_on: Line.Raw}\nstatics:\n  - {meta: service, expression: evt.Parsed.service}\n  - {meta: log_type, expression: evt.Parsed.log_type}\n  - {meta: source_ip, value: 192.0.2.1}\n"
)

const verdicts = (filters: ReadonlyArray<string>, lines: ReadonlyArray<string>, shortcuts: boolean) => {
  const scenarios = filters.map((text, index) =>
    ruleFile(
      "scenarios",
      `scenarios/test/s${index}.yaml`,
      `type: trigger\nname: test/s${index}\ndescription: t\nfilter: ${quoted(text)}\ngroupby: evt.Meta.log_type + '!'\nlabels: {}`
    )
  )
  const { ruleset, problems } = compileRuleset([parser, ...scenarios], { names: "off", shortcuts })
  expect(problems).toEqual([])
  const engine = makeEngine(ruleset)
  const outcomes = engine.pour(batchOf({ observedAt: "2026-01-01T00:00:00Z" }), lines)
  return { outcomes, counters: engine.counters }
}

test("passing scenarios over changes no verdict and no count", () => {
  fc.assert(
    fc.property(
      fc.array(filter, { minLength: 1, maxLength: 5 }),
      fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 4 }),
      (filters, events) => {
        const lines = events.map((event) => event.join(","))
        expect(verdicts(filters, lines, true)).toEqual(verdicts(filters, lines, false))
      }
    ),
    { numRuns: 300 }
  )
})

test("a field with many values is not asked any more", () => {
  const lines = Array.from({ length: 300 }, (_, index) => `v${index},${index % 3}`)
  const filters = ["evt.Meta.service == 'v7' && evt.Meta.log_type == '1'", "evt.Meta.service startsWith 'v29'"]
  const { outcomes, counters } = verdicts(filters, lines, true)
  expect(counters.poured).toBe(12)
  expect(outcomes).toEqual(verdicts(filters, lines, false).outcomes)
})

test("of many scenarios those concern an event that need no text of it, or whose text it holds, in their order", () => {
  const filters = Array.from({ length: 70 }, (_, index) =>
    index % 7 === 0 ? "evt.Meta.log_type != ''" : `evt.Meta.service contains 'w${index}x'`
  )
  const lines = [0, 1, 30, 31, 32, 33, 62, 63, 64, 69].map((index) => `w${index}xw${69 - index}x,a`)
  const { outcomes, counters } = verdicts(filters, ["nothing,a", ...lines], true)
  expect(counters.poured).toBeGreaterThan(11 * 10 + 10)
  expect(outcomes).toEqual(verdicts(filters, ["nothing,a", ...lines], false).outcomes)
})
