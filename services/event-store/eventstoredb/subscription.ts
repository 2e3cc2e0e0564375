/** A catch-up subscription: history is read, what comes is pushed, without a gap or a repeat. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { EventFilter, StoreUnavailable, Subscribed } from "../event-store.ts"
import type { PageSize } from "../page-size.ts"
import { storeFailureOf } from "./failure.ts"
import { splitFilter } from "./filter.ts"
import type { Epoch, Live } from "./live.ts"
import type { Reader } from "./reader.ts"
import type { View } from "./view.ts"

interface State {
  /** Everything up to here has been given out or was filtered away. */
  readonly position: number
  readonly caughtUp: boolean
  /** The live subscription that gives everything behind the position. */
  readonly epoch: Epoch | undefined
  /** What was known when all was read that was there; undefined while there is more to read. */
  readonly seen: number | undefined
}

/** What a subscription holds in memory at a time. */
const pageSize: PageSize = { events: 1_000, bytes: 2_000_000 }

type Step = readonly [ReadonlyArray<Subscribed>, Option.Option<State>]

export const subscription = (
  after: number,
  filter: EventFilter,
  {
    reader,
    view,
    live,
    shown
  }: { readonly reader: Reader; readonly view: View; readonly live: Live; readonly shown: string }
): Stream.Stream<Subscribed, StoreUnavailable> => {
  const split = splitFilter(filter)

  /** Those of the pushed events that are meant. */
  const pushed = (state: State, epoch: Epoch): Step | undefined => {
    const events = epoch.after(state.position)
    if (events === undefined || events.length === 0) return undefined
    const given = events.flatMap((one): ReadonlyArray<Subscribed> => {
      if (split === undefined || !split.isWanted(one.raw.type) || !split.isOn(one.raw.streamId)) return []
      const event = one.decoded()
      return event === undefined ? [] : [{ _tag: "Event", event }]
    })
    return [given, Option.some({ ...state, position: events.at(-1)!.position, seen: live.version })]
  }

  const read = (state: State): Effect.Effect<Step, StoreUnavailable> =>
    Effect.gen(function* () {
      const { version, epoch } = live
      // Where the server leaves events out, a read alone does not tell how far it came.
      const end = state.caughtUp && epoch !== undefined ? state.position : yield* reader.head
      const page = yield* view.page(state.position, filter, pageSize)
      const given = page.events.map((event): Subscribed => ({ _tag: "Event", event }))
      if (!page.isEnd) return [given, Option.some({ ...state, position: page.last, seen: undefined })]
      const position = Math.max(page.last, end)
      if (!state.caughtUp) given.push({ _tag: "CaughtUp", position })
      // The epoch began before the read did: what the read did not show is pushed.
      return [given, Option.some({ position, caughtUp: true, epoch, seen: version })]
    })

  const step = (state: State): Effect.Effect<Step, StoreUnavailable> =>
    Effect.gen(function* () {
      if (state.seen !== undefined) yield* live.changedSince(state.seen)
      const { epoch } = state
      if (epoch === undefined || epoch.after(state.position) === undefined) {
        return yield* read({ ...state, epoch: undefined })
      }
      const seen = live.version
      const step = yield* Effect.try({
        try: () => pushed(state, epoch),
        catch: (error) => storeFailureOf(error, shown)
      })
      return step ?? ([[], Option.some({ ...state, seen })] as const)
    })

  return Stream.paginate<State, Subscribed, StoreUnavailable>(
    { position: after, caughtUp: false, epoch: undefined, seen: undefined },
    step
  )
}
