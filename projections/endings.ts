/** Decisions by the minute in which they run out, so that what ran out lately is found without a look at all that hold. */
import type { StandingDecision } from "./active-bans.ts"

const minuteMs = 60_000

const minuteOf = (at: number): number => Math.floor(at / minuteMs)

export class Endings {
  readonly #minutes = new Map<number, Set<StandingDecision>>()

  add(decision: StandingDecision): void {
    const minute = minuteOf(decision.until)
    const known = this.#minutes.get(minute)
    if (known === undefined) this.#minutes.set(minute, new Set([decision]))
    else known.add(decision)
  }

  remove(decision: StandingDecision): void {
    const minute = minuteOf(decision.until)
    const known = this.#minutes.get(minute)
    known?.delete(decision)
    if (known?.size === 0) this.#minutes.delete(minute)
  }

  /** Those that run out between two times (milliseconds since 1970), and perhaps some of the same minutes. */
  *between(from: number, to: number): Iterable<StandingDecision> {
    const [first, last] = [minuteOf(from), minuteOf(to)]
    // Of a long time only few minutes may have any.
    if (last - first >= this.#minutes.size) {
      for (const [minute, decisions] of this.#minutes) if (minute >= first && minute <= last) yield* decisions
    } else for (let minute = first; minute <= last; minute++) yield* this.#minutes.get(minute) ?? []
  }
}
