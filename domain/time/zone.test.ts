import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { instantAt, isZone, offsetAt } from "./zone.ts"

describe("offsetAt", () => {
  it.each([
    ["UTC", Date.UTC(2026, 6, 1), 0],
    ["Etc/UTC", Date.UTC(2026, 6, 1), 0],
    ["Europe/Paris", Date.UTC(2026, 0, 1), 3600],
    ["Europe/Paris", Date.UTC(2026, 6, 1), 7200],
    ["America/New_York", Date.UTC(2026, 0, 1), -18_000],
    ["Asia/Kathmandu", Date.UTC(2026, 0, 1), 20_700],
    // The last quarter of an hour before and the first after the clocks change.
    ["Europe/Paris", Date.UTC(2026, 2, 29, 0, 59, 59), 3600],
    ["Europe/Paris", Date.UTC(2026, 2, 29, 1), 7200]
  ])("%s at %d is %d s ahead", (zone, instant, expected) => {
    expect(offsetAt(zone, instant)).toBe(expected)
  })

  it("knows which zones there are", () => {
    expect(isZone("Europe/Berlin")).toBe(true)
    expect(isZone("Mars/Olympus_Mons")).toBe(false)
    expect(isZone("")).toBe(false)
  })
})

describe("instantAt", () => {
  it("takes the first of two equal local times", () => {
    expect(instantAt("Europe/Paris", Date.UTC(2026, 9, 25, 2, 30))).toBe(Date.UTC(2026, 9, 25, 0, 30))
  })

  it("counts on through a local time that never was", () => {
    expect(instantAt("Europe/Paris", Date.UTC(2026, 2, 29, 2, 30))).toBe(Date.UTC(2026, 2, 29, 1, 30))
    expect(instantAt("America/New_York", Date.UTC(2026, 2, 8, 2, 30))).toBe(Date.UTC(2026, 2, 8, 7, 30))
  })

  it("is the inverse of the offset, but for the hours that are shown twice", () => {
    const zones = fc.constantFrom("UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe")
    fc.assert(
      fc.property(zones, fc.integer({ min: 0, max: 4_000_000_000 }), (zone, seconds) => {
        const instant = seconds * 1000
        const local = instant + offsetAt(zone, instant) * 1000
        const found = instantAt(zone, local)
        expect(found + offsetAt(zone, found) * 1000).toBe(local)
        expect(found).toBeLessThanOrEqual(instant)
        expect(instant - found).toBeLessThanOrEqual(3_600_000)
      })
    )
  })
})
