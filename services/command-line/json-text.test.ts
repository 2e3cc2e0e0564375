import { expect, it } from "vitest"
import { jsonText } from "./json-text.ts"

it("is the same value, without anything that a terminal would obey", () => {
  const value = { "\u009b2J": ["\x1b[31m\r\n\u202e", "grün 漢字 \u{1f600}", "\\u009b", "\\\u009b"] }
  expect(JSON.parse(jsonText(value))).toEqual(value)
  expect(jsonText(value)).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/)
  expect(jsonText(value)).toContain("grün 漢字 \u{1f600}")
})
