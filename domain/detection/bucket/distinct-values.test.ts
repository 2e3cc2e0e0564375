import * as fc from "fast-check"
import { expect, test } from "vitest"
import { ManyValues, valuesOf, withValue } from "./distinct-values.ts"

test("knows each value once, in the order in which they came, be they few or many", () => {
  const word = fc.oneof(fc.constantFrom("a", "b", "c"), fc.string({ maxLength: 40 }))
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), (words) => {
      let values: Parameters<typeof withValue>[0] = "a"
      const expected = new Set(["a"])
      for (const each of words) {
        const more = withValue(values, each)
        expect(more !== undefined).toBe(!expected.has(each))
        values = more ?? values
        expected.add(each)
        expect([...valuesOf(values)]).toEqual([...expected])
        if (values instanceof ManyValues) expect(values.characters).toBe([...expected].join("").length)
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
  let values: Parameters<typeof withValue>[0] = texts[0]!
  const isNew = (text: string): boolean => {
    const more = withValue(values, text)
    values = more ?? values
    return more !== undefined
  }
  expect(texts.map(isNew)).toEqual([false, ...new Array(11).fill(true)])
  expect(texts.map(isNew)).toEqual(new Array(12).fill(false))
})
