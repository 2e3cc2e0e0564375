/** Following the log for as long as a node runs: a store that cannot be read now is waited for. */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { EventFilter, EventStore, StoreUnavailable, Subscribed } from "./event-store.ts"
import { isPassing } from "./patience.ts"

const pauses = Schedule.min([Schedule.exponential("250 millis"), Schedule.spaced("10 seconds")])

/** A subscription that goes on where it was when it failed for a reason that passes. That is said once for each time. */
export const following = (
  store: typeof EventStore.Service,
  { after, filter }: { readonly after: number; readonly filter: EventFilter }
): Stream.Stream<Subscribed, StoreUnavailable> =>
  Stream.suspend(() => {
    let place = after
    let isFailing = false
    return Stream.suspend(() => store.subscribe({ after: place, filter })).pipe(
      // Page by page: one item after the other would take them apart.
      Stream.mapArray((page) => {
        const last = page.at(-1)!
        isFailing = false
        place = last._tag === "Event" ? last.event.position : Math.max(place, last.position)
        return page
      }),
      Stream.tapError((error) => {
        if (isFailing || !isPassing(error)) return Effect.void
        isFailing = true
        return Effect.logWarning(`${error.message} The log is followed again when it can be read. (${error.code})`)
      }),
      Stream.retry(Schedule.while(pauses, ({ input }) => isPassing(input)))
    )
  })
