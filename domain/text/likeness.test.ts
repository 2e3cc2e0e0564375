import * as fc from "fast-check"
import { expect, test } from "vitest"
import { lengthOf, likenessOf, restored } from "./likeness.ts"

test("gives the text back, letter by letter, whatever stands in both", () => {
  const part = fc.oneof(fc.string({ unit: "binary", maxLength: 40 }), fc.constantFrom("a".repeat(60), "ab".repeat(50)))
  let alike = 0
  fc.assert(
    fc.property(part, part, part, part, (begin, own, others, end) => {
      const [text, like] = [begin + own + end, begin + others + end]
      const likeness = likenessOf(text, like)
      if (likeness === undefined) return
      alike += 1
      expect(restored(likeness, like)).toBe(text)
      expect(likeness.own.length + lengthOf(likeness.shared)).toBe(text.length)
    }),
    { numRuns: 1_000 }
  )
  expect(alike).toBeGreaterThan(100)
})

test("lines of one offender have little of their own", () => {
  const line = (page: number) =>
    `198.51.100.7 - - [02/Mar/2026:09:00:0${page} +0000] "GET /${page}.php HTTP/1.1" 404 153 "-" "Mozilla/5.0 (X11; Linux x86_64)"`
  expect(likenessOf(line(2), line(1))).toMatchObject({ own: '2 +0000] "GET /2' })
  expect(likenessOf(line(1), line(1))).toMatchObject({ own: "" })
})

test("does not hold on to a text that is twice as long, has half in common, or is short", () => {
  const text = "x".repeat(100)
  expect(likenessOf(text, text + "y".repeat(101))).toBeUndefined()
  expect(likenessOf("x".repeat(51) + "y".repeat(49), text)).toBeDefined()
  expect(likenessOf("x".repeat(49) + "y".repeat(51), text)).toBeUndefined()
  expect(likenessOf("x".repeat(47), "x".repeat(47))).toBeUndefined()
  expect(likenessOf("x".repeat(3_000), "x".repeat(3_000))).toBeUndefined()
})
