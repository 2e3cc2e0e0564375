/** What rules and lines could make endless ends, after so much work as is counted. */
import { describe, expect, it, test } from "vitest"
import { eventEnvironment } from "./environment/event.ts"
import { EvaluationError } from "./error.ts"
import { exampleEvent } from "./example.fixture.ts"
import { compileExpression, emptyContext } from "./expression.ts"
import { compileXmlPath, findElement } from "./xml-path.ts"
import type { Element } from "./xml.ts"

const value = (expression: string, raw = ""): unknown => {
  const Line = { ...exampleEvent().Line, Raw: raw }
  return compileExpression(expression, { environment: eventEnvironment }).evaluate({ evt: exampleEvent({ Line }) })
}

const failing = (expression: string, raw?: string): string => {
  try {
    return `gives ${value(expression, raw)}`
  } catch (error) {
    expect(error).toBeInstanceOf(EvaluationError)
    return (error as Error).message
  }
}

describe("a list that holds itself twice, sixty times over", () => {
  const doubled = (first: string) => `reduce(1..60, [#acc, #acc], ${first})`

  it.each([
    [`flatten(${doubled("[1]")})`, "500000 items"],
    [`flatten(${doubled("[]")})`, "500000 items"],
    [`FlattenDistinct(${doubled("[]")})`, "500000 items"],
    [`max(${doubled("[1]")})`, "500000 items"],
    [`median(${doubled("[1]")})`, "500000 items"],
    [
      `let one = ${doubled("[1]")}; let other = ${doubled("[1]")}; one == other`,
      "500000 items would have to be compared"
    ],
    [`let one = ${doubled("[1]")}; let other = ${doubled("[1]")}; {"a": one} == {"a": other}`, "500000 items would"],
    [`let one = ${doubled("[1]")}; let other = ${doubled("[1]")}; one in [other]`, "500000 items would"],
    [`uniq([${doubled("[1]")}, ${doubled("[1]")}])`, "500000 items would"],
    [`toJSON(${doubled("[]")})`, "1048576 characters"],
    [`ToJsonString(${doubled("[]")}) == ""`, "gives true"]
  ])("%s", (expression, message) => {
    expect(failing(expression)).toContain(message)
  })
})

test("indentation counts as text that toJSON makes", () => {
  const deep = `${"[".repeat(250)}${"1,".repeat(20_000)}1${"]".repeat(250)}`
  expect(failing("toJSON(fromJSON(evt.Line.Raw))", deep)).toContain("1048576 characters")
  expect(value("len(ToJsonString(fromJSON(evt.Line.Raw)))", deep)).toBe(deep.length)
})

test("numbers are told apart by hash, however many they are", () => {
  expect(value("len(uniq(1..200000))")).toBe(200_000)
  expect(
    value("len(Distinct(fromJSON(evt.Line.Raw)))", `[${Array.from({ length: 30_000 }, (_, n) => n % 9_000)}]`)
  ).toBe(9_000)
  expect(value("uniq([1, 1.0, 2.5, 2.5, '1', true, nil, nil, [1], [1.0]])")).toHaveLength(6)
})

test("lists are told apart by comparing them, as long as they are few", () => {
  const lists = (count: number) => `[${Array.from({ length: count }, (_, n) => `[${n}]`)}]`
  expect(value("len(uniq(fromJSON(evt.Line.Raw)))", lists(600))).toBe(600)
  expect(failing("len(uniq(fromJSON(evt.Line.Raw)))", lists(5_000))).toContain("would have to be compared")
})

test("a pattern of stars that nearly fits everywhere is given up", () => {
  const nearly = `*${"a".repeat(16_000)}b`
  expect(failing(`Match(evt.Line.Raw, repeat("a", 40000))`, nearly)).toBe("Match took more than 2097152 steps")
  expect(value(`Match(evt.Line.Raw, repeat("a", 16000) + "b")`, nearly)).toBe(true)
})

test("a path into JSON that is deeper than any JSON that is read finds nothing", () => {
  const deep = (levels: number) => `{"a":${"[".repeat(levels)}7${"]".repeat(levels)}}`
  const find = (levels: number) => value(`JsonExtract(evt.Line.Raw, "a${"[0]".repeat(levels)}")`, deep(levels))
  expect([find(200), find(300)]).toEqual(["7", ""])
})

test("what is in an element is looked through once, however many elements around it are asked for what is in them", () => {
  let looks = 0
  const element = (children: Array<Element>): Element => ({
    space: "",
    name: "a",
    attributes: [],
    parent: undefined,
    get children() {
      looks += 1
      return children
    },
    text: ""
  })
  let comb = element(Array.from({ length: 1_000 }, () => element([])))
  for (let level = 0; level < 200; level++) comb = element([comb])
  expect(findElement(element([comb]), compileXmlPath("//a//a//b"))).toBeUndefined()
  expect(looks).toBeLessThan(8 * 1_300)
})

describe("a text that is a format costs steps", () => {
  it.each([
    ["Sprintf(evt.Line.Raw, Split(repeat('x', 60000), ''))", "%.0[1]s".repeat(9_000)],
    ["Sprintf(evt.Line.Raw, Split(repeat('x', 60000), ''))", "%.0[1]x".repeat(9_000)],
    ["Sprintf(evt.Line.Raw, {(repeat('k', 60000) + '1'): 1, (repeat('k', 60000) + '2'): 2})", "%.0[1]s".repeat(9_000)],
    ["Sprintf(repeat(evt.Line.Raw, 16))", "%s".repeat(30_000)]
  ])("%s", (expression, raw) => {
    expect(failing(expression, raw)).toBe("the evaluation took more than 500000 steps")
  })

  it.each([
    ["len(Sprintf(evt.Line.Raw, 1, 'x'))", "%[1]d%[2]s".repeat(6_000), 12_000],
    ["len(Sprintf('%s%[1]s%[1]s', evt.Line.Raw))", "x".repeat(65_536), 196_608],
    ["len(Sprintf('%v', fromJSON(evt.Line.Raw)))", `[${"1,".repeat(30_000)}1]`, 60_003],
    ["count(Split(evt.Line.Raw, ' '), {Sprintf('%s!', #) == 'xyz!'})", "xyz ".repeat(16_000), 16_000]
  ])("but not more than any that is ordinary has room for: %s", (expression, raw, expected) => {
    expect(value(expression, raw)).toBe(expected)
  })
})

describe("what a predicate repeats costs steps", () => {
  const words = (count: number) => Array.from({ length: count }, (_, n) => `w${n}`).join(" ")

  it.each([
    ['any(Split(evt.Line.Raw, " "), {evt.Line.Raw contains (# + "!")})', words(9_000)],
    ['let all = Split(evt.Line.Raw, " "); any(all, {(# + "!") in all})', words(9_000)],
    ["let all = fromJSON(evt.Line.Raw); any(all, {max(all) < #})", `[${Array.from({ length: 9_000 }, (_, n) => n)}]`],
    ["let all = fromJSON(evt.Line.Raw); any(all, {all == [#]})", `[${Array.from({ length: 9_000 }, (_, n) => n)}]`],
    ["any(1..50000, {(evt.Line.Raw + string(#)) == 'x'})", "x".repeat(60_000)],
    ["any(1..50000, {evt.Line.Raw[#:60000] == 'x'})", "x".repeat(60_000)],
    ['any(Split(evt.Line.Raw, " "), {# matches "(x+x+)+y"})', `${"x".repeat(60)} `.repeat(1_000)],
    ['any(Split(evt.Line.Raw, " "), {"text" matches #})', words(9_000)],
    ['any(Split(evt.Line.Raw, " "), {"text" matches #})', `${"a{1000}b{1000} ".repeat(60)}`],
    ["any(1..20, {XMLGetNodeValue(evt.Line.Raw + string(#), '/a/b') == 'x'})", `<a>${"<b/>".repeat(15_000)}</a>`],
    ["any(1..20, {len(ParseQuery(evt.Line.Raw + string(#))) > 2})", "a=%41&".repeat(10_000)],
    ["any(1..99, {JsonExtract(evt.Line.Raw, 'a' + string(#)) == 'x'})", `{"b":"${"x".repeat(60_000)}"}`],
    ["any(1..30, {Sprintf(evt.Line.Raw, #) == ''})", "%[1]s".repeat(12_000)],
    ["any(1..30, {Sprintf(evt.Line.Raw, #) == ''})", "%.0[1]q".repeat(9_000)]
  ])("%s", (expression, raw) => {
    expect(failing(expression, raw)).toBe("the evaluation took more than 500000 steps")
  })

  it.each([
    ["let all = fromJSON(evt.Line.Raw); count(1..999, {get(all, #).value == all[# - 1].value + 1})", 999],
    ["let all = fromJSON(evt.Line.Raw); count(all, {.text startsWith 'te' && .text matches '^te(x|s)t$'})", 1_000]
  ])("but not more than an ordinary list has room for: %s", (expression, expected) => {
    const raw = JSON.stringify(Array.from({ length: 1_000 }, (_, n) => ({ value: n, text: "text" })))
    expect(value(expression, raw)).toBe(expected)
  })

  it("nor than an ordinary line has room for", () => {
    const fields = Array.from({ length: 100 }, (_, n) => `field${n}`)
    const json = JSON.stringify(Object.fromEntries(fields.map((name) => [name, "x".repeat(30)])))
    expect(value(`count(1..99, {JsonExtract(evt.Line.Raw, "field" + string(#)) != ""})`, json)).toBe(99)
    const xml = `<Event>${fields.map((name) => `<${name}>${"x".repeat(20)}</${name}>`).join("")}</Event>`
    expect(value(`count(1..99, {XMLGetNodeValue(evt.Line.Raw, "/Event/field" + string(#)) != ""})`, xml)).toBe(99)
  })

  it("and what is the same for all items is made once", () => {
    let asked = 0
    const lookup = () => {
      asked += 1
      return "found"
    }
    const context = { ...emptyContext, files: { ...emptyContext.files, lookup } }
    const evaluate = (expression: string): unknown =>
      compileExpression(expression, { environment: eventEnvironment, context }).evaluate({ evt: exampleEvent() })
    expect(evaluate("count(1..100, {LookupFile(evt.Line.Raw, 'file') == 'found' && # > 50})")).toBe(50)
    expect(asked).toBe(1)
    expect(evaluate("count(1..100, {LookupFile(string(#), 'file') == 'found'})")).toBe(100)
    expect(asked).toBe(101)
    expect(value("count(1..100, {Upper(evt.Line.Raw) contains string(#)})", `${"x".repeat(60_000)}77`)).toBe(2)
  })
})
