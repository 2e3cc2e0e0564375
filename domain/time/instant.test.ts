import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Timestamp } from "../events/event.ts"
import { dayAt, daysSinceEpoch } from "./calendar.ts"
import { firstInstant, formatTimestamp, lastInstant, millisecondOf, parseTimestamp } from "./instant.ts"

describe("parseTimestamp", () => {
  it.each([
    ["1970-01-01T00:00:00Z", 0],
    ["2026-11-22T07:00:00.125Z", Date.UTC(2026, 10, 22, 7, 0, 0, 125)],
    ["2026-11-22T09:00:00+02:00", Date.UTC(2026, 10, 22, 7)],
    ["2026-11-22T01:30:00-05:30", Date.UTC(2026, 10, 22, 7)],
    ["2024-02-29T00:00:00z", Date.UTC(2024, 1, 29)],
    ["2024-02-29t00:00:00.000001Z", Date.UTC(2024, 1, 29) + 0.001],
    ["1969-12-31T23:59:59.9999999Z", -0.001],
    ["0001-01-01T00:00:00Z", -62_135_596_800_000]
  ])("reads %s", (text, expected) => {
    expect(parseTimestamp(text)).toBe(expected)
  })

  it.each([
    "",
    "2026-11-22",
    "2026-11-22T07:00:00",
    "2026-11-22 07:00:00Z",
    "2026-11-22T07:00Z",
    "2026-11-22T24:00:00Z",
    "2026-11-22T07:60:00Z",
    "2026-11-22T07:00:60Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-11-22T07:00:00.Z",
    "2026-11-22T07:00:00,5Z",
    "2026-11-22T07:00:00.1234567890Z",
    "2026-11-22T07:00:00+0200",
    "2026-11-22T07:00:00+24:00",
    "0000-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00",
    "2026-11-22T07:00:00Z\n"
  ])("refuses %j", (text) => {
    expect(parseTimestamp(text)).toBeUndefined()
  })
})

describe("millisecondOf", () => {
  it.each([
    "2026-11-22T07:00:00Z",
    "2024-02-29T23:59:59Z",
    "2026-02-29T00:00:00Z",
    "2026-02-31T00:00:00Z",
    "2026-11-22T24:00:00Z",
    "2026-11-22T07:00:60Z",
    "2026-11-22T07:00:00.5Z",
    "2026-11-22T07:00:00.1239999Z",
    "2026-13-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z"
  ])("takes %s as Date does", (text) => {
    expect(millisecondOf(text)).toBe(Date.parse(text))
  })

  it("takes any time as Date does, without its part of a millisecond", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: firstInstant, max: lastInstant }),
        fc.constantFrom(1, 1_000),
        (millisecond, unit) => {
          const instant = Math.floor(millisecond / unit) * unit
          expect(millisecondOf(formatTimestamp(instant))).toBe(instant)
        }
      ),
      { numRuns: 1000 }
    )
  })
})

describe("formatTimestamp", () => {
  it("trims the fraction", () => {
    expect(formatTimestamp(Date.UTC(2026, 10, 22, 7))).toBe("2026-11-22T07:00:00Z")
    expect(formatTimestamp(Date.UTC(2026, 10, 22, 7) + 120)).toBe("2026-11-22T07:00:00.12Z")
    expect(formatTimestamp(Date.UTC(2026, 10, 22, 7) + 0.001)).toBe("2026-11-22T07:00:00.000001Z")
    expect(formatTimestamp(999.9999)).toBe("1970-01-01T00:00:01Z")
    expect(formatTimestamp(lastInstant + 999)).toBe("9999-12-31T23:59:59.999Z")
    expect(formatTimestamp(firstInstant)).toBe("0000-01-01T00:00:00Z")
    expect(formatTimestamp(-1)).toBe("1969-12-31T23:59:59.999Z")
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e18, -1e18])("throws for %d", (instant) => {
    expect(() => formatTimestamp(instant)).toThrow(RangeError)
  })

  it("reads back, fits the schema, and is what Date says", () => {
    const accepts = Schema.is(Timestamp)
    const microseconds = fc.integer({ min: -62_000_000_000_000_000 / 8, max: 8_700_000_000_000_000 })
    fc.assert(
      fc.property(microseconds, (value) => {
        const instant = value / 1000
        const text = formatTimestamp(instant)
        expect(accepts(text)).toBe(true)
        expect(parseTimestamp(text)).toBe(instant)
        expect(text.slice(0, 19)).toBe(new Date(Math.floor(instant)).toISOString().slice(0, 19))
      }),
      { numRuns: 1000 }
    )
  })
})

describe("calendar", () => {
  it("agrees with Date", () => {
    fc.assert(
      fc.property(fc.integer({ min: -719_528, max: 2_932_896 }), (days) => {
        const { year, month, day } = dayAt(days)
        const date = new Date(days * 86_400_000)
        expect([year, month, day]).toEqual([date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()])
        expect(daysSinceEpoch(year, month, day)).toBe(days)
      })
    )
  })
})
