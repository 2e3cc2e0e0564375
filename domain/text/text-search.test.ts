import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { holds, indexIn, lastIndexIn, partsOf } from "./text-search.ts"

/** Parts of few letters, so that they nearly fit everywhere, and long enough that V8 is not asked. */
const long = fc.tuple(fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 3 }), fc.integer({ min: 513, max: 700 }))
const repeated = long.map(([unit, length]) => (unit || "a").repeat(length).slice(0, length))
const edge = fc.string({ unit: fc.constantFrom("a", "b", "é"), maxLength: 4 })

describe("a long part is found where V8 finds it", () => {
  const pair = fc.record({
    before: edge,
    part: repeated,
    ending: edge,
    times: fc.integer({ min: 0, max: 3 }),
    after: edge
  })

  test("first, last and all in a row", () => {
    fc.assert(
      fc.property(pair, fc.integer({ min: 0, max: 900 }), ({ before, part, ending, times, after }, from) => {
        const whole = part + ending
        const text = `${before}${(whole + after).repeat(times)}${part}${after}`
        expect(indexIn(text, whole, from)).toBe(text.indexOf(whole, from))
        expect(holds(text, whole)).toBe(text.includes(whole))
        expect(lastIndexIn(text, whole)).toBe(text.lastIndexOf(whole))
        expect(partsOf(text, whole)).toEqual(text.split(whole))
      })
    )
  })

  test("and not where it does not stand", () => {
    const part = `${"a".repeat(600)}b`
    expect([indexIn("a".repeat(5_000), part), lastIndexIn("a", part), partsOf("aab", part)]).toEqual([-1, -1, ["aab"]])
  })
})

test("short parts, and none, are found as ever", () => {
  expect([indexIn("abcabc", "c"), indexIn("abcabc", "c", 3), lastIndexIn("abcabc", "a"), indexIn("a", "")]).toEqual([
    2, 5, 3, 0
  ])
  expect(partsOf("a,b,,c", ",")).toEqual(["a", "b", "", "c"])
})
