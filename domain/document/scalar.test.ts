import { describe, expect, it } from "vitest"
import { resolveScalar } from "./scalar.ts"

const plain = (text: string) => resolveScalar({ kind: "scalar", text, plain: true, line: 1, textLine: 1 })
const quoted = (text: string) => resolveScalar({ kind: "scalar", text, plain: false, line: 1, textLine: 1 })

describe("a plain scalar", () => {
  it.each([
    ["yes", true],
    ["On", true],
    ["y", true],
    ["off", false],
    ["N", false],
    ["~", null],
    ["", null],
    ["Null", null],
    ["12", 12],
    ["-0", 0],
    ["+7", 7],
    ["010", 8],
    ["0x1F", 31],
    ["0b101", 5],
    ["1_000", 1000],
    ["1.50", 1.5],
    [".5", 0.5],
    ["1e3", 1000],
    ["1.", 1],
    ["yEs", "yEs"],
    ["1.2.3", "1.2.3"],
    ["08", 8],
    ["9007199254740993", "9007199254740993"],
    ["1e999", "1e999"],
    [".inf", ".inf"],
    ["2020-01-01", "2020-01-01"],
    ["1:30", "1:30"],
    ["__proto__", "__proto__"]
  ])("%j means %j", (text, value) => {
    expect(plain(text)).toBe(value)
  })
})

it("a quoted scalar is text", () => {
  for (const text of ["yes", "12", "", "~"]) expect(quoted(text)).toBe(text)
})
