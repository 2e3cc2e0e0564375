import * as fc from "fast-check"
import { expect, test } from "vitest"
import { DistinctValues } from "./distinct-values.ts"

test("knows each value once, in the order in which they came, be they few or many", () => {
  const word = fc.oneof(fc.constantFrom("a", "b", "c"), fc.string({ maxLength: 40 }))
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), (words) => {
      const values = new DistinctValues("a", "bb")
      const expected = new Set(["a", "bb"])
      for (const each of words) {
        expect(values.add(each)).toBe(!expected.has(each))
        expected.add(each)
        expect([...values]).toEqual([...expected])
        expect(values.characters).toBe([...expected].join("").length)
      }
    })
  )
})

test("tells texts of one hash apart", () => {
  // The middle of a long text is not looked at: these differ there alone.
  const texts = Array.from(
    { length: 12 },
    (_, number) => `${"x".repeat(101)}${number % 10}${"y".repeat(98 + (number > 9 ? 1 : 0))}`
  )
  const values = new DistinctValues(texts[0]!, texts[1]!)
  expect(texts.map((text) => values.add(text))).toEqual([false, false, ...new Array(10).fill(true)])
  expect(texts.map((text) => values.add(text))).toEqual(new Array(12).fill(false))
})
