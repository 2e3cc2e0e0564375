/** The last events of a log whose positions have hardly a gap: looked for from its end, in ever longer steps. */
import * as Effect from "effect/Effect"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import type { StoreUnavailable } from "./event-store.ts"
import type { Page } from "./event-log.ts"

/** @param pageAfter the events behind a position, up to the head */
export const lastEvents = (
  head: number,
  limit: number,
  pageAfter: (position: number) => Effect.Effect<Page, StoreUnavailable>
): Effect.Effect<ReadonlyArray<TestudoEvent>, StoreUnavailable> =>
  Effect.gen(function* () {
    for (let reach = limit; ; reach *= 4) {
      const from = Math.max(-1, head - reach)
      let last: ReadonlyArray<TestudoEvent> = []
      for (let after = from; after < head; ) {
        const { events, next } = yield* pageAfter(after)
        last = [...last, ...events].slice(-limit)
        after = next
        yield* Effect.yieldNow
      }
      if (last.length >= limit || from < 0) return last
    }
  })
