import fc from "fast-check"
import { expect, test } from "vitest"
import { parsePattern } from "./pattern-parser.ts"
import { beginsWithLiteral, requiredLiterals } from "./required-literals.ts"
import { searchFor } from "./search.ts"
import { tailOf } from "./tail.ts"
import { translate } from "./translation.ts"

const searches = (pattern: string) => {
  const { syntax } = parsePattern(pattern, { captureAt: () => 1 })
  const source = translate(syntax).source
  const known = { literals: requiredLiterals(syntax), begins: beginsWithLiteral(syntax), tail: tailOf(syntax) }
  return { ...known, fast: searchFor(source, known, true), plain: searchFor(source, known, false) }
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
  "(?:ab|b) x",
  "(a|ab)(b?) - (a+|x.x)\\b",
  "(?:(a) - )?(b+)x? - $",
  "b*(- x|)(?: - a){2}"
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

test("a tail begins with the first text that surely stands in a match, behind its beginning", () => {
  expect(searches("(?P<a>\\d+) - (?P<b>[a-z]+)(x|y)").tail).toEqual({ literal: " - ", source: " - [a-z]+(?:x|y)" })
  for (const none of ["ab(c)", "a.b", "(?:a - )?b", "(?i)a - b|c"]) expect(searches(none).tail).toBeUndefined()
})

test("a literal that comes too early is none", () => {
  const { fast, literals } = searches("from (\\d+) to (\\d+)")
  expect(literals).toEqual(["from ", " to "])
  expect(fast.test(" to from 1")).toBe(false)
  expect(fast.exec("nothing")).toBeNull()
  expect(fast.exec(" to from 1")).toBeNull()
  expect(fast.exec("from 1 to 2")?.[0]).toBe("from 1 to 2")
})

test.each(["(\\d+) to (\\d+)", "from (\\d+) to (\\d+)"])(
  "%s: after very many matches a text that is none is refused, and a match found again",
  (pattern) => {
    const { fast } = searches(pattern)
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 40; i++) expect(fast.exec(`from ${i} to ${round}`)?.slice(1)).toEqual([`${i}`, `${round}`])
      for (const none of ["nothing", " to from 1", "from 1 to ", "from x to 2"]) expect(fast.exec(none)).toBeNull()
    }
  }
)

test("V8 looks for a beginning that every match has", () => {
  for (const pattern of ["from (\\d+)", "(fa+)", "(?:x)y"]) expect(searches(pattern).begins).toBe(true)
  for (const pattern of ["(f|g)x", "\\d+ to", "f?x", "\\bx", "^x"]) expect(searches(pattern).begins).toBe(false)
})
