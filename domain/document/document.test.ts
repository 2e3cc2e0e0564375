import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { readDocuments } from "./document.ts"
import type { Value } from "./document.ts"
import { openReport } from "./report.ts"
import { ruleCodes } from "../rules/rule-code.ts"

const read = (content: string | Uint8Array) => {
  const report = openReport("x.yaml", ruleCodes)
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content
  return { documents: readDocuments(bytes, report), problems: report.problems }
}

const plainly = (value: Value | undefined): unknown => {
  if (value === undefined) return undefined
  if (value.kind === "scalar") return value.text
  if (value.kind === "list") return value.items.map(plainly)
  return Object.fromEntries([...value.entries].map(([name, entry]) => [name, plainly(entry.value)]))
}

const only = (content: string): unknown => plainly(read(content).documents[0]?.value)

describe("a document", () => {
  it("keeps scalars as written", () => {
    const written = "a: 0123\nb: yes\nc: 1.0\nd: 'it''s'\ne: \"x\\ty\"\nf: |\n  one\n  two\ng: >-\n  one\n  two\n"
    expect(only(written)).toEqual({
      a: "0123",
      b: "yes",
      c: "1.0",
      d: "it's",
      e: "x\ty",
      f: "one\ntwo\n",
      g: "one two"
    })
  })

  it("knows the lines of keys and values", () => {
    const value = read("# a comment\r\na: 1\r\nb:\r\n  - x\r\n  -\r\n    y\r\n").documents[0]!.value
    if (value.kind !== "mapping") throw new Error("not a mapping")
    const { a, b } = Object.fromEntries(value.entries)
    expect([value.line, a!.line, b!.line, b!.value.line]).toEqual([2, 2, 3, 4])
    expect(b!.value.kind === "list" && b!.value.items.map((item) => item.line)).toEqual([4, 6])
  })

  it("knows where the text of a block begins: below its head", () => {
    const { documents } = read("---\na: x\n---\nb: 'y'\nc: |\n\n  z\nd: &d >-\n  z\ne: |2 # two\n   z\nf: *d\n")
    const { value } = documents[1]!
    if (value.kind !== "mapping") throw new Error("not a mapping")
    const lines = [...value.entries.values()].map((entry) => entry.value.kind === "scalar" && entry.value.textLine)
    expect(lines).toEqual([4, 6, 9, 11, 9])
  })

  it("is counted with the empty ones before it", () => {
    const { documents, problems } = read("---\n---\na: 1\n---\n# nothing\n---\nb: 2\n...\n")
    expect(documents.map(({ index, value }) => [index, plainly(value)])).toEqual([
      [1, { a: "1" }],
      [3, { b: "2" }]
    ])
    expect(problems).toEqual([])
  })

  it("may follow comments, directives and an end marker", () => {
    const { documents, problems } = read("# one\n%YAML 1.1\n---\na: yes\n...\n# two\n%YAML 1.2\n---\nb: |\n  --- no\n")
    expect(problems).toEqual([])
    expect(documents.map(({ index, value }) => [index, value.line, plainly(value)])).toEqual([
      [0, 4, { a: "yes" }],
      [1, 9, { b: "--- no\n" }]
    ])
  })

  it("understands anchors, aliases and merge keys; an explicit key wins", () => {
    const written =
      "base: &base\n  a: 1\n  b: 2\nmore: &more {b: 3, c: 4}\nx:\n  b: 9\n  <<: [*base, *more]\ny: *base\n"
    expect(only(written)).toMatchObject({ x: { a: "1", b: "9", c: "4" }, y: { a: "1", b: "2" } })
  })

  it("has harmless keys, whatever they are called", () => {
    const value = read("__proto__: {polluted: yes}\nconstructor: x\n").documents[0]!.value
    expect(value.kind === "mapping" && [...value.entries.keys()]).toEqual(["__proto__", "constructor"])
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined()
  })

  it("may begin with a byte order mark and may hold U+FFFD", () => {
    expect(only("\ufeffa: \ufffd\n")).toEqual({ a: "\ufffd" })
    const { documents, problems } = read("\ufeffa: 1\n\ufeff---\nb: 2\n---\r\n\ufeffc: \ufeff3\n")
    expect(problems).toEqual([])
    expect(documents.map(({ value }) => plainly(value))).toEqual([{ a: "1" }, { b: "2" }, { c: "\ufeff3" }])
  })
})

describe("what is not valid is told once, with its line, and costs the other documents nothing", () => {
  it.each([
    ["an unclosed quote", "a: 'x\n---\nb: 2\n", ruleCodes.syntax, 1],
    ["an unclosed quote further down", 'x: 1\nl:\n  - k: "y\n    z: 1\nw: 2\n---\nb: 2\n', ruleCodes.syntax, 3],
    ["a tab", "a:\n\tb: 1\n---\nb: 2\n", ruleCodes.syntax, 2],
    ["a colon in a value", "a: b: c\n---\nb: 2\n", ruleCodes.syntax, 1],
    ["a stray bracket", "a: [1, 2\nc: d\n---\nb: 2\n", ruleCodes.syntax, 2],
    ["a key twice", "a: 1\nc: 2\na: 3\n---\nb: 2\n", ruleCodes.duplicateKey, 3],
    ["an unknown alias", "a: *nobody\n---\nb: 2\n", ruleCodes.syntax, 1],
    ["an alias of what is around it", "a: &a\n  - *a\n---\nb: 2\n", ruleCodes.syntax, 2],
    ["a key that is no text", "? [x]\n: y\n---\nb: 2\n", ruleCodes.syntax, 1],
    ["a template without quotes", "a: {{ x }}\n---\nb: 2\n", ruleCodes.syntax, 1],
    ["a tag", "a: !!binary aGk=\n---\nb: 2\n", ruleCodes.syntax, 1],
    ["a merge of a text", "<<: x\n---\nb: 2\n", ruleCodes.syntax, 1],
    ["nesting without end", `a: ${"[".repeat(70)}${"]".repeat(70)}\n---\nb: 2\n`, ruleCodes.tooLarge, 1]
  ])("%s", (_, written, code, line) => {
    const { documents, problems } = read(written)
    expect(problems).toMatchObject([{ code, line, severity: "error", file: "x.yaml" }])
    expect(documents.map(({ index, value }) => [index, plainly(value)])).toEqual([[1, { b: "2" }]])
  })

  it.each([
    ["a binary file", new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 1]), ruleCodes.encoding, 1],
    ["invalid UTF-8", new Uint8Array([0x61, 0x3a, 0x20, 0x31, 0x0a, 0x62, 0x3a, 0x20, 0xff]), ruleCodes.encoding, 2],
    ["too many bytes", new Uint8Array(4 * 1024 * 1024 + 1).fill(0x61), ruleCodes.tooLarge, undefined],
    ["too many documents", "---\na: b\n".repeat(1_001), ruleCodes.tooLarge, 2001],
    ["too many pieces", "\n".repeat(1_000_000), ruleCodes.tooLarge, undefined],
    ["brackets without end", "[".repeat(1_000_000), ruleCodes.tooLarge, undefined]
  ])("%s", (_, content, code, line) => {
    const { problems } = read(content)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ code, severity: "error" })
    expect(problems[0]!.line).toBe(line)
  })
})

it.each([
  ["!evt.Whitelisted", "`!evt.Whitelisted`"],
  ["!(evt.Meta.a == 'x')", "`!(evt.Meta.a`"],
  ["! evt.Whitelisted", "`!`"],
  ["!!evt.Whitelisted", "`!!evt.Whitelisted`"]
])("a text that begins with an exclamation mark needs quotes, for to YAML it is a tag: %s", (text, tag) => {
  const message = `${tag} at the beginning is a tag in YAML, and not part of the text; put quotes around the whole text, or begin it with \`not \``
  expect(read(`filter: ${text}\n`).problems).toMatchObject([{ code: ruleCodes.syntax, line: 1, message }])
})

const quoteAll =
  "; the text as a whole needs quotes: put single quotes around it (and double those within it), or write it below a `|`"
const indentation = "; check the indentation"
const close = "; close it, or double a quote that belongs to the text"
it.each([
  ["filter: 'a' in evt.Meta\n", quoteAll, 1],
  ['filter: "evt.Meta.a == "x""\n', quoteAll, 1],
  ["filter: [1,2][0] == 1\n", quoteAll, 1],
  ["a: 1\nb:\n  - 'a' in evt.Meta\n", quoteAll, 3],
  ["filter: !(evt.Meta['a'] == 'x')\n", quoteAll, 1],
  ["statics:\n  - meta: a\n   value: b\n", indentation, 3],
  ["statics:\n  - meta: 'a'\n   value: b\n", indentation, 3],
  ["l:\n  - a: 'x'\n  - {b: 'x' in c}\n", quoteAll, 3],
  ["a: 1\nb\nc: 2\n", "; write `key: value`, or check the indentation", 2],
  ["a: 'x\nb: 1\n", close, 1],
  ["a: [1, 2\nb: 1\n", "; close it, or put quotes around a text that begins with a bracket", 2],
  ["a: [b, 'x' 'y']\n", "; put a comma there, or quotes around the whole text", 1],
  ["a: - b\n", "; begin the list on the next line", 1],
  ["a: |b\n  c\n", "; begin the text on the next line", 1]
])("says what to do about what is not valid: %j", (written, told, line) => {
  const { problems } = read(written)
  expect(problems).toMatchObject([{ code: ruleCodes.syntax, line }])
  expect(problems[0]!.message.replace(/^[^;]*/, "")).toBe(told)
})

it.each([
  ["!!binary aGk=", "!!binary"],
  ["!ours {a: b}", "!ours"]
])("a tag that is one is to be removed: %s", (text, tag) => {
  const message = `has the tag \`${tag}\`, which means nothing here; remove it`
  expect(read(`a: ${text}\n`).problems).toMatchObject([{ code: ruleCodes.syntax, line: 1, message }])
})

it("random bytes and random YAML never throw", () => {
  const piece = fc.constantFrom(
    "a",
    "b: ",
    "- ",
    "\n",
    "\n  ",
    "[",
    "]",
    "{",
    "}",
    "&x ",
    "*x",
    "<<: ",
    "'",
    '"',
    "|\n",
    "? ",
    "---\n",
    "#",
    "!t ",
    "\t",
    ",",
    "%"
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const { documents, problems } = read(pieces.join(""))
      for (const problem of problems) expect(problem.message).not.toMatch(/\n/)
      for (const { value } of documents) expect(value.line).toBeGreaterThan(0)
    }),
    { numRuns: 2_000 }
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      read(bytes)
    })
  )
})
