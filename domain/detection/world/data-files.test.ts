import fc from "fast-check"
import { expect, test } from "vitest"
import { compilePattern } from "../../grok/pattern.ts"
import { mostData } from "../../rules/data-file.ts"
import type { DataFile } from "../../rules/rule.ts"
import { DataFileSet } from "./data-files.ts"
import { ruleFile } from "../recorded.fixture.ts"

const dataFile = (type: DataFile["type"]): DataFile => ({ destFile: "list.txt", type, sourceUrl: "", line: 1 })

const word = fc.constantFrom("bot", "Bot", "(?i)sqlmap", "(?:curl|wget)/[0-9]", "^$", "[a-c]{2}", "cla.s", "k")
const subject = fc
  .array(fc.constantFrom("bot", "SQLMap", "curl/7", "ab", "cla\u017fs", "\u212a", "x", " "), { maxLength: 4 })
  .map((parts) => parts.join(""))

test("a list of patterns matches what one of them matches", () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 40 }), fc.array(subject), (patterns, subjects) => {
      const files = new DataFileSet([ruleFile("data", "list.txt", patterns.join("\n"))])
      files.load(dataFile("regexp"))
      const each = patterns.map((source) => compilePattern(source))
      for (const text of subjects)
        expect(files.matches("list.txt", text)).toBe(each.some((pattern) => pattern.test(text)))
    })
  )
})

test.each(["string", "regexp", "map", "bots"] as const)("a file of type %s is bounded in bytes and lines", (type) => {
  const { bytes, lines } = mostData[type]
  const loaded = (content: string) => {
    const files = new DataFileSet([ruleFile("data", "list.txt", content)])
    files.load(dataFile(type))
    return files
  }
  const codes = (content: string) => loaded(content).problems.map(({ code }) => code)
  expect(codes("#\n".repeat(lines))).toEqual([])
  expect(codes("#\n".repeat(lines + 1))).toEqual(["TST-DATA-TOO-LARGE"])
  expect(codes(`${"#\n".repeat(lines)}#`)).toEqual(["TST-DATA-TOO-LARGE"])
  expect(codes("#".repeat(bytes))).toEqual([])
  expect(codes("#".repeat(bytes + 1))).toEqual(["TST-DATA-TOO-LARGE"])
  expect(loaded("a\n".repeat(lines + 1)).lines("list.txt")).toEqual(type === "string" ? [] : undefined)
})

test("of many broken lines ten are told, and how many more there are", () => {
  const files = new DataFileSet([ruleFile("data", "list.txt", "(\n".repeat(1_000))])
  files.load(dataFile("regexp"))
  expect(files.problems).toHaveLength(11)
  expect(files.problems.at(-1)!.message).toContain("990 more")
})

test("a line of a map that could never be found is told and left out", () => {
  const lines = [
    '{"pattern": "a", "tag": "first", "type": "equals"}',
    '{"pattern": "b", "tag": "x", "type": "regexp"}',
    '{"pattern": "c", "tag": "x"}',
    '{"pattern": "d", "type": "equals"}',
    '{"pattern": "", "tag": "x", "type": "contains"}',
    '{"pattern": 1, "tag": "x", "type": "contains"}',
    "[1]",
    '{"pattern": "g", "tag": "last", "type": "contains", "note": "kept", "number": 1, "list": ["x"]}'
  ]
  const files = new DataFileSet([ruleFile("data", "list.txt", lines.join("\n"))])
  files.load(dataFile("map"))
  expect(files.problems.map(({ line, code }) => `${line} ${code}`)).toEqual(
    [2, 3, 4, 5, 6, 7].map((line) => `${line} TST-DATA-LINE`)
  )
  expect(files.problems[0]!.message).toContain("`type` must be equals, contains or regex")
  expect(files.lookup("list.txt", "a") + files.lookup("list.txt", "xgx")).toBe("firstlast")
  // An expression that asks for another field of an entry gets a text, as its type says.
  expect(files.entries("list.txt")!.map((entry) => [...entry.keys()])).toEqual([
    ["pattern", "tag", "type"],
    ["pattern", "tag", "type", "note"]
  ])
})
