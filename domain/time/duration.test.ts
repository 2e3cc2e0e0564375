import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  formatDuration,
  formatShortDuration,
  formatWireDuration,
  parseDuration,
  parseLongDuration
} from "./duration.ts"

const second = 1_000_000_000n

describe("parseDuration", () => {
  it.each([
    ["0", 0n],
    ["-0", 0n],
    ["5s", 5n * second],
    ["+5s", 5n * second],
    ["-5s", -5n * second],
    ["1h30m", 5400n * second],
    ["1.5h", 5400n * second],
    [".5s", second / 2n],
    ["5.s", 5n * second],
    ["1s1s", 2n * second],
    ["3h59m56.104203443s", 14_396_104_203_443n],
    ["0.3333333333333333333h", 1_199_999_999_999n],
    ["1ns2us3µs4μs5ms", 5_009_001n],
    ["9223372036854775807ns", 2n ** 63n - 1n],
    ["-9223372036854775808ns", -(2n ** 63n)]
  ])("reads %s", (text, expected) => {
    expect(parseDuration(text)).toBe(expected)
  })

  it.each([
    "",
    "+",
    "-",
    "3",
    "s",
    ".s",
    "-.s",
    "1.2.3s",
    "5 s",
    " 5s",
    "5s ",
    "1d",
    "1S",
    "1e3s",
    "--5s",
    "00",
    "9223372036854775808ns",
    "-9223372036854775809ns",
    "99999999999999999h",
    `${"1".repeat(500)}s`
  ])("refuses %j", (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })
})

describe("parseLongDuration", () => {
  it.each([
    ["7d", 7n * 86_400n * second],
    ["1d12h", 129_600n * second],
    ["-1d1s", -86_401n * second],
    ["4h", 14_400n * second],
    ["0d", 0n],
    ["0", 0n]
  ])("reads %s", (text, expected) => {
    expect(parseLongDuration(text)).toBe(expected)
  })

  it.each(["d", "1.5d", "1d2d", "12h1d", "1d ", "1d0", "1d-1h", "106752d", "1\nd"])("refuses %j", (text) => {
    expect(parseLongDuration(text)).toBeUndefined()
  })
})

describe("formatDuration", () => {
  it.each([
    [0n, "0s"],
    [1n, "1ns"],
    [1100n, "1.1µs"],
    [2_200_000n, "2.2ms"],
    [837_900_000n, "837.9ms"],
    [3_300_000_000n, "3.3s"],
    [245_000_000_000n, "4m5s"],
    [245_001_000_000n, "4m5.001s"],
    [18_367_001_000_000n, "5h6m7.001s"],
    [480_000_000_001n, "8m0.000000001s"],
    [4n * 3600n * second, "4h0m0s"],
    [-90n * second, "-1m30s"],
    [2n ** 63n - 1n, "2562047h47m16.854775807s"],
    [-(2n ** 63n), "-2562047h47m16.854775808s"]
  ])("%d ns is %s", (nanoseconds, expected) => {
    expect(formatDuration(nanoseconds)).toBe(expected)
  })

  it("reads back", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.bigInt({ min: 1n, max: 10n ** 15n }),
        (a, b) => {
          for (const value of [a, a / b]) {
            expect(parseDuration(formatDuration(value))).toBe(value)
            expect(parseDuration(formatShortDuration(value))).toBe(value)
            expect(parseLongDuration(formatDuration(value))).toBe(value)
          }
        }
      )
    )
  })

  it.each([
    [14_400n, "4h"],
    [5400n, "1h30m"],
    [3605n, "1h0m5s"],
    [60n, "1m"],
    [10n, "10s"],
    [36_000n, "10h"],
    [600n, "10m"],
    [-14_400n, "-4h"],
    [0n, "0s"]
  ])("%d s is %s for people", (seconds, expected) => {
    expect(formatShortDuration(seconds * second)).toBe(expected)
  })
})

describe("formatWireDuration", () => {
  it.each([
    [14_392, "3h59m52s"],
    [14_400, "4h0m0s"],
    [60, "1m0s"],
    [59.9, "59s"],
    [0, "0s"],
    [-0.5, "0s"],
    [-3723, "-1h2m3s"]
  ])("%d s is %s", (seconds, expected) => {
    expect(formatWireDuration(seconds)).toBe(expected)
  })

  it("is understood by every bouncer", () => {
    const lua = /^(-?)(?:(\d+)h)?(?:(\d+)m)?(\d+)s$/
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), (seconds) => {
        const found = lua.exec(formatWireDuration(seconds))!
        const size = Number(found[2] ?? 0) * 3600 + Number(found[3] ?? 0) * 60 + Number(found[4])
        expect((found[1] === "-" ? -size : size) + 0).toBe(seconds + 0)
      })
    )
  })
})
