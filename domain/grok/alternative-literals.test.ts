import fc from "fast-check"
import { expect, test } from "vitest"
import { alternativeLiterals } from "./alternative-literals.ts"
import { compilePattern } from "./pattern.ts"
import { parsePattern } from "./pattern-parser.ts"

const literalsOf = (source: string) => alternativeLiterals(parsePattern(source).syntax)

test("sees through alternatives, groups and case folding", () => {
  expect(literalsOf("(?i)Sqlmap")).toEqual(["sqlmap"])
  expect(literalsOf("^/(?:wp-admin|xmlrpc)\\.php$")).toEqual(["wp-admin", "xmlrpc"])
  expect(literalsOf("a+bcd(?:e|f)gh")).toEqual(["bcd"])
  expect(literalsOf("(abc)d\\bef")).toEqual(["abcdef"])
})

test("takes only such characters beyond ASCII as fold into the letter", () => {
  expect(literalsOf("(?i)task")).toEqual(["task"])
  expect(literalsOf("[aé]bc")).toEqual(["bc"])
  expect(literalsOf("[sſ]")).toEqual(["s"])
  expect(literalsOf("é")).toBeUndefined()
})

test("says nothing where a match may be without", () => {
  expect(literalsOf("(?:abc)?")).toBeUndefined()
  expect(literalsOf("abc|[0-9]+")).toBeUndefined()
  expect(literalsOf(".*")).toBeUndefined()
})

const piece = fc.constantFrom(
  "a",
  "B",
  "(?i:b)",
  "[ab]",
  "a*",
  "b+",
  "(?:a|bb)",
  "(?:ab)?",
  "c{2}",
  "(c)",
  "\\b",
  "^",
  "$",
  "."
)
const source = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(""))
const subject = fc.array(fc.constantFrom("a", "A", "b", "B", "c", " "), { maxLength: 8 }).map((all) => all.join(""))

test("what matches contains one of them", () => {
  fc.assert(
    fc.property(source, subject, (pattern, text) => {
      const literals = literalsOf(pattern)
      if (literals === undefined || !compilePattern(pattern).test(text)) return
      expect(literals.some((literal) => text.toLowerCase().includes(literal))).toBe(true)
    }),
    { numRuns: 2_000 }
  )
})
