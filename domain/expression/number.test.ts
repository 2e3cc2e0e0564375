import { expect, it } from "vitest"
import { nearestFloat, parseFloatText } from "./number.ts"

// As the tests of Go's `strconv` have them.
it.each([
  ["1_23.50_0_0e+1_2", 1.235e14],
  ["0x_1_2.3_4_5p+1_2", 74_565],
  ["0x1p-2", 0.25],
  ["-0X.8p1", -1],
  [".5", 0.5],
  ["5.", 5],
  ["+Inf", Number.POSITIVE_INFINITY],
  ["nan", Number.NaN]
])("%s is %d", (text, value) => {
  expect(parseFloatText(text)).toBe(value)
})

it.each(
  ["", ".", "_1", "1__2", "1_", "1_.5", "1._5", "1e_5", "1e5_", "0x1", "0xp1", "1e400", "0x1p2000", " 1", "-nan"].map(
    (text) => [text]
  )
)("%j is no number", (text) => {
  expect(parseFloatText(text)).toBeUndefined()
})

it.each([
  ["1e999", Number.POSITIVE_INFINITY],
  ["-1e999", Number.NEGATIVE_INFINITY],
  ["0x1p2000", Number.POSITIVE_INFINITY],
  ["0x0p2000", 0],
  ["-inf", Number.NEGATIVE_INFINITY],
  ["1.5", 1.5],
  ["x", 0],
  ["", 0]
])("the nearest that %j is to a float is %d", (text, value) => {
  expect(nearestFloat(text)).toBe(value)
})
