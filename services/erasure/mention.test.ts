import { describe, expect, it } from "vitest"
import { mentionOf } from "./mention.ts"

const cases: ReadonlyArray<readonly [value: string, mentioned: ReadonlyArray<string>, not: ReadonlyArray<string>]> = [
  [
    "203.0.113.9",
    [
      "203.0.113.9",
      "from 203.0.113.9 port 22",
      "203.0.113.9:4001",
      "[203.0.113.9]",
      "at 203.0.113.9.",
      "::ffff:203.0.113.9",
      "ip=203.0.113.9,"
    ],
    ["203.0.113.90", "1203.0.113.9", "203.0.113.9.5", "5.203.0.113.9", "203.0.113.19", "203a0b113c9"]
  ],
  [
    "2001:db8::1",
    ["2001:db8::1", "2001:DB8:0:0:0:0:0:1", "[2001:db8::1]:443", "from 2001:db8::1: refused", "2001:0db8::0001"],
    ["2001:db8::11", "2001:db8::2", "a2001:db8::1", "db8::1"]
  ],
  ["2001:DB8:0::1", ["2001:db8::1"], ["2001:db8::"]],
  ["203.0.113.0/24", ["range 203.0.113.0/24 of"], ["203.0.113.0/2", "203.0.113.0"]],
  ["grün", ["for grün from", "grün"], ["grüner", "immergrün", "x-grün"]],
  ["john-doe", ["for john-doe from", "(john-doe)"], ["john-doer", "x-john-doe", "john"]],
  ["a.b*c", ["(a.b*c)"], ["aXb*c", "a.bbc"]]
]

describe("a mention", () => {
  for (const [value, mentioned, not] of cases) {
    it(`of ${value} is found in every spelling and nowhere else`, () => {
      const mention = mentionOf(value)
      for (const text of mentioned) {
        expect(mention.isIn(text), text).toBe(true)
        expect(mention.isIn(mention.replaced(text, "nobody")), text).toBe(false)
        expect(mention.replaced(text, "nobody")).toContain("nobody")
      }
      for (const text of not) {
        expect(mention.isIn(text), text).toBe(false)
        expect(mention.replaced(text, "nobody")).toBe(text)
      }
    })
  }
})
