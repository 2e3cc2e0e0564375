import * as fc from "fast-check"
import { describe, expect, it, test } from "vitest"
import { parseDate, parseSameDate } from "./date.ts"
import { formatTimestamp, parseTimestamp } from "./instant.ts"

const observedAt = Date.UTC(2026, 10, 22, 7)
const context = { observedAt, zone: "UTC" }

describe("parseDate", () => {
  it.each([
    ["Feb 12 14:10:21", "2026-02-12T14:10:21Z"],
    ["Feb  2 14:10:21", "2026-02-02T14:10:21Z"],
    ["12/Feb/2024:15:04:05 +0100", "2024-02-12T15:04:05+01:00"],
    ["2024-02-12 15:04:05,123", "2024-02-12T15:04:05.123Z"],
    ["2024-02-12T15:04:05.120Z", "2024-02-12T15:04:05.12Z"],
    ["2024-02-12 15:04:05 +0000 UTC", "2024-02-12T15:04:05Z"],
    ["Mon Feb 12 15:04:05 2024", "2024-02-12T15:04:05Z"],
    ["Mon Feb 12 15:04:05.000123 2024", "2024-02-12T15:04:05.000123Z"],
    ["2024/02/12 15:04", "2024-02-12T15:04:00Z"],
    ["2024/02/12", "2024-02-12T00:00:00Z"],
    ["2024-02-12", "2024-02-12T00:00:00Z"],
    ["1707750245.123", "2024-02-12T15:04:05Z"],
    ["1707750245", "2024-02-12T15:04:05Z"],
    ["2024-02-12T15:04:05-05:30", "2024-02-12T15:04:05-05:30"]
  ])("reads %s as %s (appendix A.3)", (text, expected) => {
    const date = parseDate(text, context)!
    expect(date.text).toBe(expected)
    expect(date.instant).toBe(parseTimestamp(expected))
  })

  it.each([
    ["20060102 15:04:05", "20240212 15:04:05"],
    ["02/01/2006 03:04:05 PM", "12/02/2024 03:04:05 PM"]
  ])("reads the layout %s (appendix A.3)", (layout, text) => {
    expect(parseDate(text, context, layout)?.text).toBe("2024-02-12T15:04:05Z")
  })

  it("goes on with the usual layouts where the given one does not fit", () => {
    expect(parseDate("2024-02-12", context, "20060102")?.text).toBe("2024-02-12T00:00:00Z")
  })

  it.each([
    "",
    "yesterday",
    "2024-02-12T15:04:05+0100",
    "0",
    "-5",
    "1707750245x",
    "999999999999",
    "2024-02-30",
    "0001-01-01T00:00:00Z ",
    "9999-12-31T23:59:59-10:00",
    "2024-02-12T15:04:05+24:00",
    "12/Feb/2024:15:04:05 -2400",
    "1".repeat(10_000),
    `${" ".repeat(10_000)}2024`
  ])("refuses %j", (text) => {
    expect(parseDate(text, context)).toBeUndefined()
  })

  describe("without a year", () => {
    const at = (text: string, observed: string, zone = "UTC"): string | undefined =>
      parseDate(text, { observedAt: parseTimestamp(observed)!, zone })?.text

    it.each([
      ["Nov 22 06:59:59", "2026-11-22T07:00:00Z", "2026-11-22T06:59:59Z"],
      // A clock may be wrong by a day.
      ["Nov 23 06:59:59", "2026-11-22T07:00:00Z", "2026-11-23T06:59:59Z"],
      ["Nov 23 07:00:01", "2026-11-22T07:00:00Z", "2025-11-23T07:00:01Z"],
      ["Dec 31 23:59:59", "2026-01-01T00:00:01Z", "2025-12-31T23:59:59Z"],
      ["Jan  1 00:00:01", "2025-12-31T23:59:59Z", "2026-01-01T00:00:01Z"],
      ["Feb 29 12:00:00", "2026-03-01T00:00:00Z", "2024-02-29T12:00:00Z"],
      ["Feb 29 12:00:00", "2024-02-29T00:00:00Z", "2024-02-29T12:00:00Z"],
      ["Feb 29 12:00:00", "2024-02-27T00:00:00Z", "2020-02-29T12:00:00Z"],
      ["Feb 29 12:00:00", "1903-03-01T00:00:00Z", "1896-02-29T12:00:00Z"]
    ])("%s observed at %s is %s", (text, observed, expected) => {
      expect(at(text, observed)).toBe(expected)
    })

    it("is as near as can be, and no more than a day ahead", () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 0, max: 4_000_000_000 }),
          fc.integer({ min: -86_400, max: 364 * 86_400 - 1 }),
          (seconds, age) => {
            const observed = seconds * 1000
            const written = observed - age * 1000
            const stamp = formatTimestamp(written)
            const month = "JanFebMarAprMayJunJulAugSepOctNovDec".slice(3 * Number(stamp.slice(5, 7)) - 3).slice(0, 3)
            const line = `${month} ${stamp.slice(8, 10)} ${stamp.slice(11, 19)}`
            expect(parseDate(line, { observedAt: observed, zone: "UTC" })?.instant).toBe(written)
          }
        )
      )
    })

    it("is not remembered with the year of another observation", () => {
      expect(at("Nov 22 06:59:59", "2026-11-22T07:00:00Z")).toBe("2026-11-22T06:59:59Z")
      expect(at("Nov 22 06:59:59", "2020-11-22T07:00:00Z")).toBe("2020-11-22T06:59:59Z")
    })
  })

  it("takes the year of the observation when asked to, as CrowdSec does, and 29 February as Go does", () => {
    const asked = { observedAt: parseTimestamp("2026-01-01T00:00:01Z")!, zone: "UTC", asInTests: true }
    expect(parseDate("Dec 31 23:59:59", asked)?.text).toBe("2026-12-31T23:59:59Z")
    expect(parseDate("Feb 29 12:00:00", asked)).toEqual({
      instant: parseTimestamp("2026-03-01T12:00:00Z"),
      text: "2026-03-01T12:00:00Z"
    })
  })

  it("takes what stands before the first dot for seconds when asked to, as CrowdSec does", () => {
    const asked = { ...context, asInTests: true }
    expect(parseDate("12.02.2024 15:04:05", asked)?.text).toBe("1970-01-01T00:00:12Z")
    expect(parseDate("1707750245.x", asked)?.text).toBe("2024-02-12T15:04:05Z")
    expect(parseDate("12.02.2024 15:04:05", context)).toBeUndefined()
    for (const text of ["0.5", "-1.5", "x.1", ".5", "1707750245x.1"]) expect(parseDate(text, asked)).toBeUndefined()
  })

  it("takes a year of 0 for none", () => {
    expect(parseDate("0000-05-01 00:00:00", context)?.text).toBe("2026-05-01T00:00:00Z")
  })

  describe("without a zone", () => {
    const inParis = { observedAt, zone: "Europe/Paris" }

    it.each([
      ["2024-07-01 12:00:00", "2024-07-01T12:00:00+02:00"],
      ["2024-01-01 12:00:00", "2024-01-01T12:00:00+01:00"],
      ["Nov 22 07:59:59", "2026-11-22T07:59:59+01:00"],
      ["2024-01-01T12:00:00Z", "2024-01-01T12:00:00Z"]
    ])("reads %s in the source's zone as %s", (text, expected) => {
      const date = parseDate(text, inParis)!
      expect(date.text).toBe(expected)
      expect(date.instant).toBe(parseTimestamp(expected))
    })

    it("takes an abbreviation for the source's zone", () => {
      expect(parseDate("Mon Jul 01 12:00 CEST 2024", inParis, "Mon Jan 2 15:04 MST 2006")?.text).toBe(
        "2024-07-01T12:00:00+02:00"
      )
    })
  })

  it("writes a time that no clock showed by the clock before the change", () => {
    const date = parseDate("2026-03-29 02:00:00", { observedAt, zone: "Europe/Paris" })!
    expect(date.text).toBe("2026-03-29T02:00:00+01:00")
    expect(parseTimestamp(date.text)).toBe(date.instant)
  })

  it("agrees with itself: its text is its instant", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date(Date.UTC(2100, 0)), noInvalidDate: true }),
        fc.constantFrom("UTC", "Europe/Paris", "Asia/Kathmandu"),
        (moment, zone) => {
          const text = moment.toISOString().replace("T", " ").replace("Z", "")
          const date = parseDate(text, { observedAt, zone })!
          expect(parseTimestamp(date.text)).toBe(date.instant)
        }
      )
    )
  })
})

test("what is remembered of a date is what reading it anew gives, whatever came before", () => {
  const read = fc.record({
    text: fc.constantFrom(
      "Nov 22 06:59:59",
      "2024-07-01 12:00:00",
      "12.02.2024 15:04:05",
      "01/02/2024 03:04:05",
      "",
      "no"
    ),
    layout: fc.constantFrom("", "02/01/2006 03:04:05", "2006-02-01 15:04:05", "x".repeat(200)),
    context: fc.record({
      observedAt: fc.constantFrom(observedAt, Date.UTC(2020, 10, 22, 7)),
      zone: fc.constantFrom("UTC", "Europe/Paris"),
      asInTests: fc.boolean()
    })
  })
  fc.assert(
    fc.property(fc.array(read, { minLength: 1, maxLength: 20 }), (reads) => {
      for (const { text, layout, context } of reads)
        expect(parseSameDate(text, context, layout)).toEqual(parseDate(text, context, layout))
    })
  )
})
