import fc from "fast-check"
import { expect, test } from "vitest"
import { Recent } from "./recent.ts"

test("gives what was found, whatever texts come in between", () => {
  const text = fc.oneof(fc.string({ maxLength: 2 }), fc.string({ maxLength: 40 }))
  fc.assert(
    fc.property(fc.array(text, { maxLength: 500 }), (texts) => {
      const recent = new Recent<string>()
      for (const each of [...texts, ...texts])
        expect(recent.of(each, (given) => `found ${given}`, each)).toBe(`found ${each}`)
    }),
    { numRuns: 100 }
  )
})

test("asks once about short texts that come again and again, and each time about long ones", () => {
  const recent = new Recent<number>()
  let asked = 0
  const ask = () => (asked += 1)
  for (let round = 0; round < 10; round++) for (const text of ["200", "404", "302"]) recent.of(text, ask, undefined)
  expect(asked).toBe(3)
  for (let round = 0; round < 10; round++) recent.of("a text of a line's length", ask, undefined)
  expect(asked).toBe(13)
})

test("knows that nothing was found", () => {
  const recent = new Recent<undefined>()
  let asked = 0
  const ask = () => {
    asked += 1
    return undefined
  }
  for (let round = 0; round < 10; round++) recent.of("", ask, undefined)
  expect(asked).toBe(1)
})
