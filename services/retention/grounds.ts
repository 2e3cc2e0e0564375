/**
 * The overflows that decisions rest on in other dossiers than their own: what a meta-bucket counts are overflows, and its
 * evidence names them. A fold over decisions and overflows.
 */
import * as Effect from "effect/Effect"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { DecisionMade, DecisionRetracted } from "../../domain/events/decision.ts"
import { OverflowRaised, placedEntries } from "../../domain/events/overflow.ts"
import { millisecondOf } from "../../domain/time/instant.ts"
import { EventStore, type StoreUnavailable } from "../event-store/event-store.ts"

/** Overflows carry up to 200 kB of evidence. */
const pageLength = 100
/** So many overflows that rest on others are remembered; their decisions come right behind them. */
const remembered = 10_000

export class Grounds {
  #after = -1
  readonly #restOn = new Map<string, ReadonlyArray<string>>()
  /** By decision: until when it holds, in milliseconds since 1970, and what it rests on elsewhere. */
  readonly #decisions = new Map<string, { readonly until: number; readonly overflows: ReadonlyArray<string> }>()

  /** Reads what was appended since the last time. */
  readonly read: Effect.Effect<void, StoreUnavailable, EventStore> = Effect.gen({ self: this }, function* () {
    const store = yield* EventStore
    const filter = { types: [OverflowRaised.type, DecisionMade.type, DecisionRetracted.type] }
    for (;;) {
      const page = yield* store.readAll({ after: this.#after, limit: pageLength, filter })
      if (page.length === 0) return
      for (const event of page) this.#add(event)
      this.#after = page.at(-1)!.position
      yield* Effect.yieldNow
    }
  })

  #add(event: TestudoEvent): void {
    if (OverflowRaised.is(event)) {
      // An entry about an overflow has no text.
      const overflows = placedEntries(event.data.evidence).flatMap(({ text, event }) => (text === "" ? [event] : []))
      if (overflows.length === 0) return
      this.#restOn.set(event.id, [...new Set(overflows.flatMap((id) => [id, ...(this.#restOn.get(id) ?? [])]))])
      if (this.#restOn.size > remembered) this.#restOn.delete(this.#restOn.keys().next().value!)
    } else if (DecisionMade.is(event)) {
      const overflows = this.#restOn.get(event.data.overflow ?? "")
      if (overflows !== undefined) this.#decisions.set(event.id, { until: millisecondOf(event.data.until), overflows })
    } else if (DecisionRetracted.is(event)) this.#decisions.delete(event.data.decision)
  }

  /** Ids of the overflows that decisions rest on which hold now. */
  needed(now: number): ReadonlySet<string> {
    for (const [id, { until }] of this.#decisions) if (until <= now) this.#decisions.delete(id)
    return new Set([...this.#decisions.values()].flatMap(({ overflows }) => overflows))
  }
}
