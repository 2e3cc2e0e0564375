/** A catch-up subscription over pages: history first, then what comes, without a gap or a repeat. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { EventFilter, StoreUnavailable, Subscribed } from "../event-store.ts"
import type { Horizon } from "../horizon.ts"
import type { PageSize, Reader } from "./reader.ts"

interface State {
  /** Everything up to here has been given out or was filtered away: this was seen in a read, not only announced. */
  readonly position: number
  /** How far the log was said to reach when it was last read to its end; undefined before that. */
  readonly seen: number | undefined
  readonly caughtUp: boolean
}

/** What a subscription holds in memory at a time. */
const pageSize: PageSize = { events: 1_000, bytes: 2_000_000 }

/**
 * What a filter leaves out does not show in a read, so the place stays behind it, and the server looks at it again with
 * the next read. From so many bytes of log on, the end of the log is read first: then the place is there afterwards.
 */
const rereadBytes = 1_000_000

export const subscription = (
  after: number,
  filter: EventFilter,
  reader: Reader,
  horizon: Horizon
): Stream.Stream<Subscribed, StoreUnavailable> => {
  const step = ({ position, seen, caughtUp }: State) =>
    Effect.gen(function* () {
      if (seen !== undefined) yield* horizon.past(seen)
      const said = horizon.position
      const isFar = !caughtUp || said - position > rereadBytes
      // Read on the same connection as the page: another node may know of less.
      const end = isFar ? yield* reader.head : position
      const page = yield* reader.page(position, filter, pageSize)
      const given = page.events.map((event): Subscribed => ({ _tag: "Event", event }))
      const next = page.isEnd ? Math.max(page.last, end) : page.last
      const arrives = page.isEnd && !caughtUp
      if (arrives) given.push({ _tag: "CaughtUp", position: next })
      const state: State = {
        position: next,
        seen: page.isEnd ? Math.max(said, next) : undefined,
        caughtUp: caughtUp || arrives
      }
      return [given, Option.some(state)] as const
    })
  return Stream.paginate<State, Subscribed, StoreUnavailable>(
    { position: after, seen: undefined, caughtUp: false },
    step
  )
}
