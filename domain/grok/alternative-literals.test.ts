import fc from "fast-check"
import { expect, test } from "vitest"
import { neededLiterals } from "./needed-literals.ts"
import { compilePattern } from "./pattern.ts"
import { parsePattern } from "./pattern-parser.ts"

const needed = (source: string) => neededLiterals(parsePattern(source).syntax)

test("sees through alternatives, groups and case folding", () => {
  expect(needed("(?i)Sqlmap")).toEqual(["sqlmap"])
  expect(needed("^/(?:wp-admin|xmlrpc)\\.php$")).toEqual(["wp-admin", "xmlrpc"])
  expect(needed("a+bcd(?:e|f)gh")).toEqual(["bcd"])
  expect(needed("(abc)d\\bef")).toEqual(["abcdef"])
})

test("takes only such characters beyond ASCII as fold into the letter", () => {
  expect(needed("(?i)task")).toEqual(["task"])
  expect(needed("[aé]bc")).toEqual(["bc"])
  expect(needed("[sſ]")).toEqual(["s"])
  expect(needed("é")).toBeUndefined()
})

test("says nothing where a match may be without", () => {
  expect(needed("(?:abc)?")).toBeUndefined()
  expect(needed("abc|[0-9]+")).toBeUndefined()
  expect(needed(".*")).toBeUndefined()
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
      const literals = needed(pattern)
      if (literals === undefined || !compilePattern(pattern).test(text)) return
      expect(literals.some((literal) => text.toLowerCase().includes(literal))).toBe(true)
    }),
    { numRuns: 2_000 }
  )
})
