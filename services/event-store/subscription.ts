/** A catch-up subscription over pages: history first, then what comes, without a gap or a repeat. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Page } from "./event-log.ts"
import type { StoreUnavailable, Subscribed } from "./event-store.ts"
import type { Horizon } from "./horizon.ts"

interface State {
  /** Everything up to here has been given out or was filtered away. */
  readonly position: number
  readonly caughtUp: boolean
}

/**
 * @param nextPage reads on after a position, up to where the log ends now
 * @param horizon tells that there is more
 */
export const subscription = (
  after: number,
  nextPage: (position: number) => Effect.Effect<Page & { readonly end: boolean }, StoreUnavailable>,
  horizon: Horizon
): Stream.Stream<Subscribed, StoreUnavailable> => {
  const step = ({ position, caughtUp }: State) =>
    // A page is read in one go: everybody else has a turn before it.
    (caughtUp ? horizon.past(position) : Effect.void).pipe(
      Effect.andThen(Effect.yieldNow),
      Effect.andThen(nextPage(position)),
      Effect.map(({ events, next, end }) => {
        const given = events.map((event): Subscribed => ({ _tag: "Event", event }))
        const arrives = end && !caughtUp
        if (arrives) given.push({ _tag: "CaughtUp", position: next })
        return [given, Option.some({ position: next, caughtUp: caughtUp || arrives })] as const
      })
    )
  return Stream.paginate({ position: after, caughtUp: false } as State, step)
}
