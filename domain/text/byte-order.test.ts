import fc from "fast-check"
import { expect, it } from "vitest"
import { byteOrder } from "./byte-order.ts"

it("byte order is that of UTF-8", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (left, right) => {
      const bytes = Buffer.compare(Buffer.from(left), Buffer.from(right))
      expect(Math.sign(byteOrder(left, right))).toBe(bytes)
    })
  )
  expect(byteOrder("\uffff", "\u{10000}")).toBeLessThan(0)
  for (const same of [1_023, 1_024, 1_025, 5_000]) {
    const begun = "a".repeat(same)
    expect(byteOrder(`${begun}b`, `${begun}c`)).toBeLessThan(0)
    expect(byteOrder(`${begun}\uffff`, `${begun}\u{10000}`)).toBeLessThan(0)
    expect(byteOrder(begun, `${begun}a`)).toBeLessThan(0)
    expect(byteOrder(begun, begun)).toBe(0)
  }
})
