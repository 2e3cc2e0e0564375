import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  caseFolded,
  type CharacterSet,
  characterSet,
  complement,
  includes,
  unicodeProperty,
  union
} from "./character-set.ts"

const sets = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.nat(40)), { maxLength: 6 })
  .map((ranges) => characterSet(ranges.flatMap(([from, length]) => [from, from + length])))

const members = (set: CharacterSet): ReadonlyArray<number> =>
  Array.from({ length: 400 }, (_, codePoint) => codePoint).filter((codePoint) => includes(set, codePoint))

describe("character sets", () => {
  it("are sorted ranges that do not touch", () => {
    fc.assert(
      fc.property(sets, (set) => {
        for (let i = 1; i < set.length; i++) expect(set[i]! - set[i - 1]!).toBeGreaterThanOrEqual(i % 2 === 0 ? 2 : 0)
      })
    )
  })

  it("obey the laws of sets", () => {
    fc.assert(
      fc.property(sets, sets, (one, other) => {
        expect(complement(complement(one))).toEqual(one)
        expect(members(union(one, other))).toEqual(
          [...new Set([...members(one), ...members(other)])].sort((a, b) => a - b)
        )
        expect(union(one, complement(one))).toEqual([0, 0x10ffff])
      })
    )
  })

  it("fold case as the engine does", () => {
    for (const text of ["a", "k", "s", "é", "σ", "ß", "ı", "İ", "µ", "Ω", "1", "_", "ǆ"]) {
      const codePoint = text.codePointAt(0)!
      const folded = caseFolded([codePoint, codePoint])
      const engine = new RegExp(`^\\u{${codePoint.toString(16)}}$`, "iu")
      for (let other = 0; other < 0x2200; other++) {
        if (includes(folded, other) !== engine.test(String.fromCodePoint(other))) {
          expect.fail(`${text} and U+${other.toString(16)}`)
        }
      }
      expect(includes(folded, codePoint)).toBe(true)
    }
  })

  it("know Unicode's categories and scripts", () => {
    expect(includes(unicodeProperty("Lu")!, 0x41)).toBe(true)
    expect(includes(unicodeProperty("L")!, 0x1d400)).toBe(true)
    expect(includes(unicodeProperty("Han")!, 0x4e2d)).toBe(true)
    expect(includes(unicodeProperty("C")!, 0x07)).toBe(true)
    for (const name of ["", "X", "Nope", "ASCII", "Alphabetic", "constructor", "Script=Greek", "Cn", "LC"]) {
      expect(unicodeProperty(name)).toBeUndefined()
    }
  })
})
