/** Whether somebody holds a role at this moment: for what must not happen beside a running node. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { type Lease, LeaseReleased, LeaseRenewed, LeaseTaken } from "../../domain/events/lease.ts"
import { EventStore, type StoreUnavailable } from "../event-store/event-store.ts"

/** No lease lasts longer: whoever holds one has said so in this time, in milliseconds. */
const longest = 3_600_000
/** So many events of leases are looked at: at first, and at most. */
const looked = { first: 1_000, most: 256_000 }

const filter = { types: [LeaseTaken.type, LeaseRenewed.type, LeaseReleased.type] }

interface Held {
  readonly stream: string
  readonly id: string
  readonly lease: Lease
}

/** By stream, who held its role by the last event, unless it was released. Times are compared among holders only. */
const heldBy = (events: ReadonlyArray<TestudoEvent>): ReadonlyArray<Held> => {
  const lasts = new Map(events.map((event) => [event.stream, event]))
  return [...lasts.values()].flatMap((event) =>
    LeaseTaken.is(event) || LeaseRenewed.is(event) ? [{ stream: event.stream, id: event.id, lease: event.data }] : []
  )
}

const holders = Effect.gen(function* () {
  const store = yield* EventStore
  for (let limit = looked.first; ; limit *= 4) {
    const events = yield* store.readLast(limit, { filter })
    const reached = events.length < limit || events.at(-1)!.recordedAt - events[0]!.recordedAt > longest
    if (reached || limit >= looked.most) return heldBy(events)
  }
})

/** Waits until the holder says something, or its time is over. True: it lives. Nobody compares clocks of two machines. */
const lives = Effect.fnUntraced(function* ({ stream, id, lease: { milliseconds } }: Held) {
  const store = yield* EventStore
  const clock = yield* Clock.Clock
  const since = clock.monotonicTimeNanosUnsafe()
  for (;;) {
    const [last] = yield* store.readStream(stream, { direction: "backwards", limit: 1 })
    if (last !== undefined && last.id !== id) return !LeaseReleased.is(last)
    if (clock.monotonicTimeNanosUnsafe() - since > BigInt(milliseconds) * 1_000_000n) return false
    yield* Effect.sleep(Math.min(Math.max(milliseconds / 20, 20), 1_000))
  }
})

/**
 * A role that a living process holds, undefined when there is none. A role that was not released takes the lease's time to
 * find out: `onWait` is told of it.
 */
export const liveRole = (
  onWait: (lease: Lease) => Effect.Effect<void> = () => Effect.void
): Effect.Effect<Lease | undefined, StoreUnavailable, EventStore> =>
  Effect.gen(function* () {
    const found = yield* Effect.forEach(
      yield* holders,
      (held) =>
        Effect.gen(function* () {
          yield* onWait(held.lease)
          return (yield* lives(held)) ? held.lease : undefined
        }),
      { concurrency: "unbounded" }
    )
    return found.find((lease) => lease !== undefined)
  })
