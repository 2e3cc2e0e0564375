import * as fc from "fast-check"
import { expect, it } from "vitest"
import { parsePattern } from "./pattern-parser.ts"
import { spacingBefore } from "./spacing.ts"
import type { Syntax } from "./syntax.ts"

/** Of the last item of a pattern. */
const spacing = (source: string): number => {
  const { syntax } = parsePattern(source)
  const items: ReadonlyArray<Syntax> = syntax.kind === "sequence" ? syntax.items : [syntax]
  return spacingBefore(items, items.length - 1)
}

it("is the least distance of the words' ends in any text", () => {
  const texts = Array.from({ length: 1_024 }, (_, n) =>
    n.toString(2).padStart(10, "0").replaceAll("0", "a").replaceAll("1", "b")
  )
  const word = fc.array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 5 }).map((letters) => letters.join(""))
  fc.assert(
    fc.property(fc.uniqueArray(word, { minLength: 1, maxLength: 3 }), (words) => {
      let least = Number.POSITIVE_INFINITY
      for (const text of texts) {
        let last = Number.NEGATIVE_INFINITY
        for (let end = 1; end <= text.length; end++) {
          if (!words.some((each) => text.slice(0, end).endsWith(each))) continue
          least = Math.min(least, end - last)
          last = end
        }
      }
      expect(spacing(`(?:${words.join("|")}).{0,9}`)).toBe(least)
    })
  )
})

it.each([
  ["select\\b.{0,300}", 6],
  ["(?i)(union|select|insert)\\s?.{0,300}", 1],
  ["(?i)(union|select|insert).{0,300}", 5],
  ["aaa.{0,300}", 1],
  ["abab.{0,300}", 2],
  ["x*abc.{0,300}", 3],
  ["(?:abc)?.{0,300}", 1],
  ["(.*abc).{0,300}", 1],
  [".{0,300}", 1]
])("before the end of %s is %d", (source, least) => {
  expect(spacing(source)).toBe(least)
})
