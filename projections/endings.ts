/** Decisions by the minute in which they end, so that what ended lately is found without a look at all that hold. */
import type { StandingDecision } from "./active-bans.ts"

/** When it ended or will end. */
export const endOf = (decision: Pick<StandingDecision, "until" | "retracted" | "exempt">): number =>
  Math.min(decision.until, decision.retracted ?? Number.POSITIVE_INFINITY, decision.exempt ?? Number.POSITIVE_INFINITY)

const minuteMs = 60_000

const minuteOf = (at: number): number => Math.floor(at / minuteMs)

/** A decision is to be taken out before its end changes, and put in again. */
export class Endings {
  readonly #minutes = new Map<number, Set<StandingDecision>>()

  add(decision: StandingDecision): void {
    const minute = minuteOf(endOf(decision))
    const known = this.#minutes.get(minute)
    if (known === undefined) this.#minutes.set(minute, new Set([decision]))
    else known.add(decision)
  }

  remove(decision: StandingDecision): void {
    const minute = minuteOf(endOf(decision))
    const known = this.#minutes.get(minute)
    known?.delete(decision)
    if (known?.size === 0) this.#minutes.delete(minute)
  }

  /** Those that end between two times (milliseconds since 1970), and perhaps some of the same minutes. */
  *between(from: number, to: number): Iterable<StandingDecision> {
    const [first, last] = [minuteOf(from), minuteOf(to)]
    // Of a long time only few minutes may have any.
    if (last - first >= this.#minutes.size) {
      for (const [minute, decisions] of this.#minutes) if (minute >= first && minute <= last) yield* decisions
    } else for (let minute = first; minute <= last; minute++) yield* this.#minutes.get(minute) ?? []
  }
}
