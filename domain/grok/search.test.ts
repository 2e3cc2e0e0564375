import fc from "fast-check"
import { expect, test } from "vitest"
import { parsePattern } from "./pattern-parser.ts"
import { requiredLiterals } from "./required-literals.ts"
import { searchFor } from "./search.ts"
import { translate } from "./translation.ts"

const searches = (pattern: string) => {
  const { syntax } = parsePattern(pattern, { captureAt: () => 1 })
  const source = translate(syntax).source
  const literals = requiredLiterals(syntax)
  return { literals, fast: searchFor(source, literals, true), plain: searchFor(source, literals, false) }
}

const patterns = [
  "a b",
  "(a+) - (b+)",
  "^a.*b",
  "\\bab\\b",
  "(a|b)- (a?)b-",
  "(ab )?(a|b+)- x",
  "a{2}.*?- b$",
  "[ab]+ x.x",
  "(?:ab|b) x"
] as const

const piece = fc.constantFrom("a", "b", "ab", " ", "- ", " - ", "x", "x.x", "é", "ſ", "\n", "a".repeat(40))
const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""))

test.each(patterns)("%s: refusing early finds what the expression alone finds, whatever came before", (pattern) => {
  const { fast, plain } = searches(pattern)
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 20 }), (texts) => {
      for (const each of texts) {
        const [found, wanted] = [fast.exec(each), plain.exec(each)]
        expect(found && [...found, found.index]).toEqual(wanted && [...wanted, wanted.index])
        expect(fast.test(each)).toBe(plain.test(each))
      }
    }),
    { numRuns: 300 }
  )
})

test("a literal that comes too early is none", () => {
  const { fast, literals } = searches("from (\\d+) to (\\d+)")
  expect(literals).toEqual(["from ", " to "])
  expect(fast.test(" to from 1")).toBe(false)
  expect(fast.exec("nothing")).toBeNull()
  expect(fast.exec(" to from 1")).toBeNull()
  expect(fast.exec("from 1 to 2")?.[0]).toBe("from 1 to 2")
})
