import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { suggestion } from "./suggestion.ts"

const keys = ["name", "filter", "groupby", "leakspeed", "onsuccess", "pattern_syntax"]

describe("suggestion", () => {
  it.each([
    ["filtre", "filter"],
    ["groupBy", "groupby"],
    ["leak_speed", "leakspeed"],
    ["on_success", "onsuccess"],
    ["nmae", "name"]
  ])("%s is taken for %s", (word, near) => {
    expect(suggestion(word, keys)).toBe(near)
  })

  it("does not guess wildly", () => {
    expect(suggestion("capacity", keys)).toBeUndefined()
    expect(suggestion("", keys)).toBeUndefined()
    expect(suggestion("x".repeat(10_000), keys)).toBeUndefined()
  })

  it("finds any known word again after one letter was dropped", () => {
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.nat(), (key, at) => {
        const index = at % key.length
        expect(suggestion(key.slice(0, index) + key.slice(index + 1), keys)).toBe(key)
      })
    )
  })
})
