/**
 * The time by which ages are told. What retention drops is gone, and a clock may be set years ahead by mistake. So
 * while a node runs its clock is believed as far as time has passed for this process; a jump beyond that only after a
 * day in which it was not taken back. A machine that slept looks the same, and forgets a day later.
 */
export class SteadyTime {
  /** Of the monotonic clock, which nobody sets; and what is believed to be the time then. In milliseconds. */
  #last: { readonly monotonic: number; readonly time: number } | undefined
  /** Since when the clock is too far ahead, by the monotonic one. */
  #aheadSince: number | undefined

  /** All in milliseconds; `clock` since 1970. At the first call it is believed: nothing is known of the time before. */
  at(clock: number, monotonic: number): { readonly time: number; readonly ahead: number } {
    const passed = this.#last === undefined ? clock : this.#last.time + monotonic - this.#last.monotonic
    const isAhead = clock > passed + tolerance
    this.#aheadSince = isAhead ? (this.#aheadSince ?? monotonic) : undefined
    const isBelieved = !isAhead || monotonic - this.#aheadSince! >= doubt
    if (isBelieved) this.#aheadSince = undefined
    const time = isBelieved ? clock : passed
    this.#last = { monotonic, time }
    return { time, ahead: clock - time }
  }
}

/** Clocks are set by less than that all the time. */
const tolerance = 600_000
const doubt = 86_400_000
