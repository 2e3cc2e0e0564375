/** Decisions by when they run out, so that what ran out lately is found among however many hold. */
import type { StandingDecision } from "./standing-decision.ts"

/** Decisions that run out within the same so many milliseconds stand together. */
const slotMs = 10_000

const slotOf = (time: number): number => Math.floor(time / slotMs)

export class DecisionEnds {
  readonly #slots = new Map<number, Set<StandingDecision>>()

  add(decision: StandingDecision): void {
    const slot = slotOf(decision.until)
    const known = this.#slots.get(slot)
    if (known === undefined) this.#slots.set(slot, new Set([decision]))
    else known.add(decision)
  }

  remove(decision: StandingDecision): void {
    const slot = slotOf(decision.until)
    const known = this.#slots.get(slot)
    known?.delete(decision)
    if (known?.size === 0) this.#slots.delete(slot)
  }

  /** Those whose `until` is later than `after` and not later than `upTo`, in no particular order. */
  *between(after: number, upTo: number): Iterable<StandingDecision> {
    for (const slot of this.#slotsBetween(slotOf(after), slotOf(upTo)))
      for (const decision of this.#slots.get(slot) ?? [])
        if (decision.until > after && decision.until <= upTo) yield decision
  }

  /** Either way is as short as it can be: the time may be long, and so may be the list. */
  *#slotsBetween(first: number, last: number): Iterable<number> {
    if (last - first < this.#slots.size) for (let slot = first; slot <= last; slot += 1) yield slot
    else for (const slot of this.#slots.keys()) if (slot >= first && slot <= last) yield slot
  }
}
