/** Tokens a second, where one comes back in so many nanoseconds; zero or less: at once. */
export const leakRate = (leakNs: bigint): number => {
  const seconds = Number(leakNs / 1_000_000_000n) + Number(leakNs % 1_000_000_000n) / 1e9
  return leakNs <= 0n ? Number.POSITIVE_INFINITY : 1 / seconds
}

/** How full one bucket is. */
export interface Level {
  /** What was left when the last event was let through; at first all of it. */
  tokens: number
  /** When that was, in microseconds since 1970; -1 before the first. */
  drained: number
}

/**
 * The token bucket of Go's `golang.org/x/time/rate`, to the nanosecond: which event overflows is decided by its exact
 * arithmetic. One for all buckets of a scenario.
 */
export class Limiter {
  /** Tokens a second. */
  readonly #rate: number
  readonly #burst: number

  /** `rate` as {@link leakRate} gives it. `burst` -1 lets everything through. */
  constructor(rate: number, burst: number) {
    this.#rate = rate
    this.#burst = burst
  }

  /** Takes one token at `at`, or changes nothing and says no. Time that goes backwards gives no tokens back. */
  allow(level: Level, at: number): boolean {
    if (this.#burst < 0 || this.#rate === Number.POSITIVE_INFINITY) return true
    let { tokens } = level
    const { drained } = level
    if (drained >= 0 && at > drained) {
      const elapsed = at - drained
      const seconds = Math.floor(elapsed / 1e6)
      // Go multiplies whole seconds and nanoseconds separately; so must we, or the last bit differs.
      const nanoseconds = (elapsed - seconds * 1e6) * 1000
      tokens = Math.min(this.#burst, tokens + (seconds * this.#rate + (nanoseconds * this.#rate) / 1e9))
    }
    tokens -= 1
    // A wait below one nanosecond is none, as Go cuts durations to whole nanoseconds.
    const wait = tokens < 0 ? Math.trunc((-tokens / this.#rate) * 1e9) : 0
    if (this.#burst < 1 || wait > 0) return false
    level.drained = at
    level.tokens = tokens
    return true
  }
}
