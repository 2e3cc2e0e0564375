import { describe, expect, it } from "vitest"
import { Duration } from "./duration.ts"
import { EvaluationError } from "./error.ts"
import { Float } from "./float.ts"
import { sprintf, staticText } from "./format.ts"
import { fixedFloat, shortestFloat } from "./format/float.ts"
import { CalendarName, monthType, Time } from "./time.ts"
import { TextMap } from "./value.ts"

describe("floats as text", () => {
  it.each([
    [0.0078125, 6, "0.007812"],
    [0.0234375, 6, "0.023438"],
    [0.5, 0, "0"],
    [1.5, 0, "2"],
    [-2.5, 0, "-2"],
    [1.25, 1, "1.2"],
    [0.1, 20, "0.10000000000000000555"],
    [1e21, 1, "1000000000000000000000.0"],
    [0.07, 1, "0.1"],
    [0.04, 1, "0.0"],
    [0.0004, 2, "0.00"],
    [0.5, 120, `0.5${"0".repeat(119)}`],
    [-0.25, 1, "-0.2"]
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

const list = [1, "a", undefined]
const month = new CalendarName("July", 7, monthType)
const hour = new Duration(3_600_000_000_000n)

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
    ["100%", [], "100%!(NOVERB)"],
    ["%.3d|%6.2d|%-6.2d|%.3x|%+.3d|%.0d|%5.d|", [5, 5, 5, 255, 5, 0, 0], "005|    05|05    |0ff|+005||     |"],
    [
      "%05d|%-05d|%+05d|% 05d|%05v|%06.2d|%#06x|%05d",
      [42, 42, 42, 42, 42, 4, 255, -42],
      "00042|42   |+0042| 0042|00042|    04|0x0000ff|-0042"
    ],
    ["%05s|%05t|%-05s|%08q", ["ab", true, "ab", "abc"], '000ab|0true|ab   |000"abc"'],
    ["%#o %O %#b %#X %x", [8, 8, 5, 255, -255], "010 0o10 0b101 0XFF -ff"],
    ["%#U %U %#.6U %c|%3c|%c", [9786, -1, 65, 9786, 65, -1], "U+263A '☺' U+FFFFFFFFFFFFFFFF U+000041 'A' ☺|  A|�"],
    ["%q %+q %q", [39, 9786, 34], "'\\'' '\\u263a' '\"'"],
    ["%#q %#q %+q %+q %#q", ["a", "a`", "é", "\u{1f600}", "a\tb\n"], '`a` "a`" "\\u00e9" "\\U0001f600" "a\\tb\\n"'],
    [
      "% x|%#x|%# x|% X|%6.2x|%x|%2x|",
      ["abc", "abc", "abc", "xyz", "abc", "", ""],
      "61 62 63|0x616263|0x61 0x62 0x63|78 79 7A|  6162||  |"
    ],
    ["%.1s|%.2s|%.1q", ["\u{1f600}\u{1f601}a", "a\u{1f600}b", "\u{1f600}b"], '\u{1f600}|a\u{1f600}|"\u{1f600}"'],
    ["%.1x|%.4x|%.2X|%.0x", ["\u{1f600}b", "\u{1f600}b", "é", "é"], "f0|f09f9880|C3A9|"],
    ["%5s|%-5s|%.2s|%5.1s|%.2v", ["日本", "日本", "日本語", "日本", "abc"], "   日本|日本   |日本|    日|ab"]
  ])("%s", (format, given, text) => {
    expect(sprintf(format, given)).toBe(text)
  })

  // Those of Go's own tests that matter here.
  it.each<[string, ReadonlyArray<unknown>, string]>([
    ["%[2]s-%[1]s", ["a", "b"], "b-a"],
    ["%[2]*[1]d", [2, 5], "    2"],
    ["%[3]*.[2]*[1]f", [new Float(12), 2, 6], " 12.00"],
    ["%[1]*.[3]f", [6, 3, new Float(12)], "    12"],
    ["%d %d %d %#[1]o %#o %#o %#o", [11, 12, 13], "11 12 13 013 014 015 %!o(MISSING)"],
    ["%[5]d %[2]d %d", [1, 2, 3], "%!d(BADINDEX) 2 3"],
    ["%[d", [2, 1], "%!d(BADINDEX)"],
    ["%[]d|%[-3]d|%[99]d", [2, 1], "%!d(BADINDEX)|%!d(BADINDEX)|%!d(BADINDEX)"],
    ["%[1].2d|%[1]2d|%3.[9]d|%[3]", [5, 6], "%!d(BADINDEX)|%!d(BADINDEX)|%!d(BADINDEX)|%!(NOVERB)"],
    ["%]d", [2, 1], "%!](int=2)d%!(EXTRA int=1)"],
    ["%[2]d", [1, 2, 3], "2"],
    ["%*d %.*d|%*d", ["a", 1, "b", 2, 3], "%!(BADWIDTH)1 %!(BADPREC)2|%!d(MISSING)"],
    ["%.*d", [-1, 5], "5"],
    ["%d", [1, undefined, "a", [1]], "1%!(EXTRA <nil>, string=a, []interface {}=[1])"]
  ])("%s takes the values that it names", (format, given, text) => {
    expect(sprintf(format, given)).toBe(text)
  })

  it.each<[string, number, string]>([
    ["%e", 0, "0.000000e+00"],
    ["%.0e", 2.5, "2e+00"],
    ["%.1e", 0.25, "2.5e-01"],
    ["%.3g", 100, "100"],
    ["%.9999g", 0.1, "0.1000000000000000055511151231257827021181583404541015625"],
    ["%.3g", 1000, "1e+03"],
    ["%.3g", 0.00012345, "0.000123"],
    ["%.2g", 0.000099999, "0.0001"],
    ["%.1g", 0, "0"],
    ["%#g", 1, "1.00000"],
    ["%#.3g", 0, "0.00"],
    ["%#.4g", 1e10, "1.000e+10"],
    ["%#.0f", 3, "3."],
    ["%+.1f", 1.25, "+1.2"],
    ["%08.2f", -1.5, "-0001.50"],
    ["%+08.2f", 1.5, "+0001.50"],
    ["% f", 1.5, " 1.500000"],
    ["%06f", Number.POSITIVE_INFINITY, "  +Inf"],
    ["% f", Number.POSITIVE_INFINITY, " Inf"],
    ["%+f", Number.NaN, "+NaN"],
    ["%x", 1.5, "0x1.8p+00"],
    ["%X", -0.1, "-0X1.999999999999AP-04"],
    ["%.3x", 1.99999, "0x1.000p+01"],
    ["%.1x", 0, "0x0.0p+00"],
    ["%x", 5e-324, "0x1p-1074"],
    ["%b", 1, "4503599627370496p-52"],
    ["%G", 1e-10, "1E-10"],
    ["%v", -0, "-0"],
    ["%5.1f|", 2.25, "  2.2|"]
  ])("%s of %d", (format, value, text) => {
    expect(sprintf(format, [new Float(value)])).toBe(text)
  })

  it.each<[string, unknown, string]>([
    ["%q", ["a", "b"], '["a" "b"]'],
    ["%d", [1, 2], "[1 2]"],
    ["%03d", [1, 2], "[001 002]"],
    ["%s", list, "[%!s(int=1) a <nil>]"],
    ["%#v", list, '[]interface {}{1, "a", interface {}(nil)}'],
    ["%x", new Map([["b", "k"]]), "map[62:6b]"],
    [
      "%q",
      new Map([
        ["a b", "2"],
        ["a", "1"]
      ]),
      'map["a":"1" "a b":"2"]'
    ],
    [
      "%v",
      new Map<unknown, unknown>([
        [10, "a"],
        [9, "b"]
      ]),
      "map[9:b 10:a]"
    ],
    ["%T", new TextMap(), "map[string]string"],
    ["%T", new Map(), "map[string]interface {}"],
    ["%d", hour, "3600000000000"],
    ["%s %[1]v %[1]q %[1]T", hour, '1h0m0s 1h0m0s "1h0m0s" time.Duration'],
    ["%z", hour, "%!z(time.Duration=3600000000000)"],
    ["%d %[1]s %02[1]d %[1]x %[1]T", month, "7 July 07 4a756c79 time.Month"],
    ["%d", new Time(0n), "%!d(time.Time=1970-01-01 00:00:00 +0000 UTC)"],
    ["%5d", "a", "%!d(string=    a)"],
    ["%s", undefined, "%!s(<nil>)"],
    ["%7v", undefined, "  <nil>"]
  ])("%s of something larger", (format, value, text) => {
    expect(sprintf(format, [value])).toBe(text)
  })

  it("stays within its bounds whatever the format asks for", () => {
    const many = Array.from({ length: 200 }, () => 1)
    for (const [format, given] of [
      ["%10001d", [1]],
      ["%.10001f", [new Float(1)]],
      ["%*d", [20_000, 1]],
      ["%10000d", [many]],
      ["%.10000d", [many]],
      ["%[1]10000d".repeat(2) + "%[1]v".repeat(300_000), ["aaaa"]],
      ["%q", ["\u0001".repeat(300_000)]],
      ["%# x", ["a".repeat(300_000)]]
    ] as const) {
      expect(() => sprintf(format, given)).toThrow(EvaluationError)
    }
    const started = performance.now()
    sprintf("%[".repeat(100_000), [])
    sprintf(`${"%[".repeat(100_000)}]`, [])
    expect(performance.now() - started).toBeLessThan(1000)
  })
})
