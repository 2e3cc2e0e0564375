import { describe, expect, it } from "vitest"
import { parsePatternFile } from "./pattern-file.ts"

describe("parsePatternFile", () => {
  it("reads a name and a pattern from each line", () => {
    expect(
      parsePatternFile("# names\nINT [0-9]+\r\n\nTWO\t%{INT} %{INT} \nno-name x\n  INDENTED x\nEMPTY\n__proto__ x")
    ).toEqual([
      ["INT", "[0-9]+"],
      ["TWO", "%{INT} %{INT} "],
      ["__proto__", "x"]
    ])
  })
})
