import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { leakRate, Limiter } from "./limiter.ts"

/** The same in whole numbers, without rounding: tokens are counted in shares of a leak's nanoseconds. */
const exactly = (leakNs: bigint, burst: bigint) => {
  const full = burst * leakNs
  let tokens = full
  let last: bigint | undefined
  return (atNs: bigint): boolean => {
    const elapsed = last === undefined || atNs < last ? 0n : atNs - last
    const left = (tokens + elapsed < full ? tokens + elapsed : full) - leakNs
    // One token takes `leakNs` to come back, so what is missing is the wait in nanoseconds.
    if (left < 0n) return false
    tokens = left
    last = atNs
    return true
  }
}

describe("the limiter", () => {
  it("lets through what exact arithmetic lets through, also when time goes backwards", () => {
    const leak = fc.oneof(
      fc.integer({ min: 1, max: 3_600 }).map((seconds) => BigInt(seconds) * 1_000_000_000n),
      fc.integer({ min: 1, max: 100_000 }).map((milliseconds) => BigInt(milliseconds) * 1_000_000n)
    )
    const step = fc.oneof(
      fc.integer({ min: 0, max: 3 }).map((seconds) => seconds * 1_000_000),
      fc.integer({ min: -5_000_000, max: 60_000_000 }),
      // Whole parts of a leak: the place where rounding would decide.
      fc.record({ quartersOfLeak: fc.integer({ min: 0, max: 4 }) })
    )
    fc.assert(
      fc.property(leak, fc.integer({ min: 1, max: 60 }), fc.array(step, { maxLength: 120 }), (leakNs, burst, steps) => {
        const limiter = new Limiter(leakRate(leakNs), burst)
        const level = { tokens: burst, drained: -1 }
        const exact = exactly(leakNs, BigInt(burst))
        let now = Date.UTC(2026, 0, 1) * 1_000
        for (const by of steps) {
          now += typeof by === "number" ? by : Math.round((Number(leakNs / 1_000n) * by.quartersOfLeak) / 4)
          expect(limiter.allow(level, now)).toBe(exact(BigInt(now) * 1_000n))
        }
      }),
      { numRuns: 500 }
    )
  })

  it("without a leak or a capacity lets everything through", () => {
    for (const limiter of [new Limiter(leakRate(0n), 5), new Limiter(leakRate(1_000n), -1)])
      for (let n = 0; n < 100; n++) expect(limiter.allow({ tokens: 0, drained: 0 }, 0)).toBe(true)
  })
})
