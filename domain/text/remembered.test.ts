import fc from "fast-check"
import { expect, test } from "vitest"
import { Remembered } from "./remembered.ts"

test("remembers what was found, whatever texts come in between", () => {
  const text = fc.oneof(fc.string({ maxLength: 3 }), fc.string({ minLength: 40, maxLength: 120 }))
  fc.assert(
    fc.property(fc.array(text, { maxLength: 2_000 }), (texts) => {
      const remembered = new Remembered<string>(512)
      for (const each of [...texts, ...texts])
        expect(remembered.of(each, (asked) => `found ${asked}`)).toBe(`found ${each}`)
    }),
    { numRuns: 50 }
  )
})

test("asks once about texts that come again and again, and holds no more than its bound", () => {
  const remembered = new Remembered<number>(1_024)
  let asked = 0
  const ask = () => (asked += 1)
  for (let round = 0; round < 10; round++)
    for (let address = 0; address < 100; address++) remembered.of(`198.51.100.${address}`, ask)
  expect(asked).toBeLessThan(110)
  // Ten times as many as there is room for: the last of them are known, most others were forgotten.
  for (let address = 0; address < 10_240; address++) remembered.of(`2001:db8::${address.toString(16)}`, ask)
  asked = 0
  for (let address = 10_240; address-- > 0; ) remembered.of(`2001:db8::${address.toString(16)}`, ask)
  expect(asked).toBeGreaterThanOrEqual(10_240 - 1_024)
  expect(asked).toBeLessThan(10_240 - 300)
})
