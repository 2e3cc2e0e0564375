/** A run of thousands of operands is no deep tree: whoever walks over expressions has stack enough. */
import { expect, it } from "vitest"
import { plainParser, ruleFile, scenarioFile } from "./recorded.fixture.ts"
import { compileRuleset } from "./ruleset.ts"

const run = (operand: string, operator: string, count: number): string =>
  JSON.stringify(Array.from({ length: count }, () => operand).join(operator))

const parser = (fields: string) =>
  ruleFile("parsers", "parsers/s01-parse/test/x.yaml", `name: test/x\nstatics: [{meta: a, value: b}]\n${fields}`)

const truths = run("1==1", "||", 12_000)
const queued = run(".Meta.a=='a'", "||", 3_000).slice(1, -1)

it.each([
  ["a parser's filter", parser(`filter: ${truths}`)],
  ["a filter that is remembered", parser(`filter: ${run("Upper(evt.Meta.a)=='x'", "||", 4_000)}`)],
  ["an expression of statics", parser(`nodes: [{statics: [{meta: c, expression: ${run("'a'", "+", 8_000)}}]}]`)],
  ["a whitelist", parser(`whitelist: {reason: r, expression: [${truths}]}`)],
  ["a condition", scenarioFile("x", `type: conditional\ncapacity: -1\nleakspeed: 1m\ncondition: ${truths}`)],
  [
    "a predicate",
    scenarioFile(
      "x",
      `type: conditional\ncapacity: -1\nleakspeed: 1m\ncondition: "any(queue.Queue, {${queued}}) && len(filter(queue.Queue, {${queued}})) > 3"`
    )
  ],
  ["an overflow filter", scenarioFile("x", `type: leaky\ncapacity: 2\nleakspeed: 1m\noverflow_filter: ${truths}`)]
])("%s may be long", (_, file) => {
  const { problems } = compileRuleset([plainParser, file], { names: "off" })
  expect(problems.filter(({ severity }) => severity === "error")).toEqual([])
})
