import { describe, expect, it } from "vitest"
import { readPatternFile } from "./pattern-file.ts"

describe("a pattern file", () => {
  it("has a name and a pattern in each line; what looks like neither that nor a comment is told", () => {
    expect(
      readPatternFile(
        "# names\nINT [0-9]+\r\n\nTWO\t%{INT} %{INT} \nno-name x\n  INDENTED x\nEMPTY\n__proto__ x\n  # note",
        100
      )
    ).toEqual({
      patterns: [
        { name: "INT", text: "[0-9]+", line: 2 },
        { name: "TWO", text: "%{INT} %{INT} ", line: 4 },
        { name: "__proto__", text: "x", line: 8 }
      ],
      strange: [5, 6, 7],
      lines: 9,
      more: false
    })
  })

  it("is read up to as many lines as are asked for", () => {
    expect(readPatternFile("A a\nB b\nC c", 2)).toEqual({
      patterns: [
        { name: "A", text: "a", line: 1 },
        { name: "B", text: "b", line: 2 }
      ],
      strange: [],
      lines: 2,
      more: true
    })
  })
})
