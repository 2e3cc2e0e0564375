import { describe, expect, it } from "vitest"
import { parsePattern } from "./pattern-parser.ts"
import { requiredLiterals } from "./required-literals.ts"

describe("requiredLiterals", () => {
  it.each([
    ["abc", ["abc"]],
    ["Failed \\w+ for (?P<user>.*) from", ["Failed ", " for ", " from"]],
    ["a(b)c", ["abc"]],
    ["a(?:b|c)d", ["a", "d"]],
    ["ab?c", ["a", "c"]],
    ["ab*c", ["a", "c"]],
    ["ab+c", ["ab", "c"]],
    ["(?:ab)+c", ["ab", "c"]],
    ["(?:ab){2}c", ["ab", "c"]],
    ["(?:ab){1}c", ["abc"]],
    ["(?:ab){0,2}c", ["c"]],
    ["(?i)abc", []],
    ["(?i)12-a", ["12-"]],
    ["a|b", []],
    ["^abc$", ["abc"]],
    ["a.b[cd]e", ["a", "b", "e"]],
    ["", []],
    ["😀é", ["😀é"]]
  ])("%s needs %j", (source, expected) => {
    expect(requiredLiterals(parsePattern(source).syntax)).toEqual(expected)
  })
})
