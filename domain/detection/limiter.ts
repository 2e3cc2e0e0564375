/** Tokens a second, where one comes back in so many nanoseconds; zero or less: at once. */
export const leakRate = (leakNs: bigint): number => {
  const seconds = Number(leakNs / 1_000_000_000n) + Number(leakNs % 1_000_000_000n) / 1e9
  return leakNs <= 0n ? Number.POSITIVE_INFINITY : 1 / seconds
}

/**
 * The token bucket of Go's `golang.org/x/time/rate`, to the nanosecond: which event overflows is decided by its exact
 * arithmetic (spec detection.md §3.6).
 */
export class Limiter {
  /** Tokens a second. */
  readonly #rate: number
  readonly #burst: number
  /** What is left at `last`. */
  tokens: number
  /** Microseconds since 1970 of the last event that was let through; undefined before the first. */
  last: number | undefined

  /** `rate` as {@link leakRate} gives it. `burst` -1 lets everything through. */
  constructor(rate: number, burst: number) {
    this.#rate = rate
    this.#burst = burst
    this.tokens = burst
  }

  /** Takes one token at `at`, or changes nothing and says no. Time that goes backwards gives no tokens back. */
  allow(at: number): boolean {
    if (this.#burst < 0 || this.#rate === Number.POSITIVE_INFINITY) return true
    let tokens = this.tokens
    if (this.last === undefined) tokens = this.#burst
    else if (at > this.last) {
      const elapsed = at - this.last
      const seconds = Math.floor(elapsed / 1e6)
      // Go multiplies whole seconds and nanoseconds separately; so must we, or the last bit differs.
      const nanoseconds = (elapsed - seconds * 1e6) * 1000
      tokens = Math.min(this.#burst, tokens + (seconds * this.#rate + (nanoseconds * this.#rate) / 1e9))
    }
    tokens -= 1
    // A wait below one nanosecond is none, as Go cuts durations to whole nanoseconds.
    const wait = tokens < 0 ? Math.trunc((-tokens / this.#rate) * 1e9) : 0
    if (this.#burst < 1 || wait > 0) return false
    this.last = at
    this.tokens = tokens
    return true
  }
}
