import * as fc from "fast-check"
import { expect, test } from "vitest"
import { type DistinctValues, ManyValues, valuesOf, withValue } from "./distinct-values.ts"

const isNewTo = (values: { known: DistinctValues | undefined }, value: string): boolean => {
  const more = withValue(values.known, value)
  values.known = more ?? values.known
  return more !== undefined
}

test("knows each value once, in the order in which they came, be they few or many, and whatever stands in them", () => {
  const word = fc.oneof(
    fc.constantFrom("", "a", "b", "ab", "a\0b", "\0", "ſ"),
    fc.string({ unit: fc.constantFrom("a", "b", "\0"), maxLength: 4 }),
    fc.string({ maxLength: 40, unit: "binary" })
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), (words) => {
      const values: { known: DistinctValues | undefined } = { known: undefined }
      const expected = new Set<string>()
      for (const each of words) {
        expect(isNewTo(values, each)).toBe(!expected.has(each))
        expected.add(each)
        expect([...valuesOf(values.known)]).toEqual([...expected])
        if (values.known instanceof ManyValues) expect(values.known.characters).toBe([...expected].join("").length)
      }
    })
  )
})

test("holds few values in one text, and many of them in a set", () => {
  const values: { known: DistinctValues | undefined } = { known: undefined }
  for (let number = 0; number < 40; number++) isNewTo(values, `/page/${number}`)
  expect(typeof values.known).toBe("string")
  for (let number = 40; number < 80; number++) isNewTo(values, `/page/${number}`)
  expect(values.known).toBeInstanceOf(ManyValues)
  expect([...valuesOf(values.known)]).toEqual(Array.from({ length: 80 }, (_, number) => `/page/${number}`))
})
