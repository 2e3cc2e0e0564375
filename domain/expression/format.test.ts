import { describe, expect, it } from "vitest"
import { Float } from "./float.ts"
import { fixedFloat, shortestFloat, sprintf, staticText } from "./format.ts"
import { Time } from "./time.ts"

describe("floats as text", () => {
  it.each([
    [0.0078125, 6, "0.007812"],
    [0.0234375, 6, "0.023438"],
    [0.5, 0, "0"],
    [1.5, 0, "2"],
    [-2.5, 0, "-2"],
    [1.25, 1, "1.2"],
    [0.1, 20, "0.10000000000000000555"],
    [1e21, 1, "1000000000000000000000.0"]
  ])("%d with %d decimals", (value, decimals, text) => {
    expect(fixedFloat(value, decimals)).toBe(text)
  })

  it.each([
    [443, "443"],
    [100000, "100000"],
    [1e6, "1e+06"],
    [123456789, "1.23456789e+08"],
    [0.0001, "0.0001"],
    [0.00001, "1e-05"],
    [-0.5, "-0.5"],
    [0, "0"],
    [Number.POSITIVE_INFINITY, "+Inf"],
    [Number.NaN, "NaN"]
  ])("%d at its shortest", (value, text) => {
    expect(shortestFloat(value)).toBe(text)
  })
})

describe("statics", () => {
  it.each<[unknown, string]>([
    ["x", "x"],
    [12, "12"],
    [new Float(443), "443.000000"],
    [undefined, ""],
    [null, ""],
    [[1], ""],
    [new Map(), ""]
  ])("%s", (value, text) => {
    expect(staticText(value)).toBe(text)
  })

  it("are nothing for anything else", () => {
    for (const value of [true, new Time(0n)]) expect(staticText(value)).toBeUndefined()
  })
})

describe("sprintf", () => {
  it.each<[string, ReadonlyArray<unknown>, string]>([
    ["%*d|%-*d|", [4, 7, 4, 7], "   7|7   |"],
    ["%+d % d %#x %X %o %b %c %U", [1, 1, 255, 255, 8, 5, 65, 65], "+1  1 0xff FF 10 101 A U+0041"],
    ["%.2s|%q|%T", ["abc", 'a"b', new Float(1)], 'ab|"a\\"b"|float64'],
    [
      "%e %g %.3g %G",
      [new Float(1234.5), new Float(1e7), new Float(1234.5), new Float(1e-7)],
      "1.234500e+03 1e+07 1.23e+03 1E-07"
    ],
    [
      "%v %v",
      [
        new Map([
          ["b", 1],
          ["a", 2]
        ]),
        new Time(0n)
      ],
      "map[a:2 b:1] 1970-01-01 00:00:00 +0000 UTC"
    ],
    ["%s %d %z", [1, undefined, 2], "%!s(int=1) %!d(<nil>) %!z(int=2)"],
    [
      "%q",
      ["a\u0007\t\u0001\u007f\u00a0é\u{e000}\u{1f600}\u{e0001}\\"],
      '"a\\a\\t\\x01\\x7f\\u00a0é\\ue000\u{1f600}\\U000e0001\\\\"'
    ],
    ["100%", [], "100%!(NOVERB)"]
  ])("%s", (format, given, text) => {
    expect(sprintf(format, given)).toBe(text)
  })
})
