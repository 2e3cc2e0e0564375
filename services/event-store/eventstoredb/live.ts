/**
 * Notices what is appended, by anybody.
 *
 * A live subscription is only a hint that there is more: what is given to anybody is read from his own place on. So it
 * does not matter that the server drops a subscription that lags by some events, that none resumes by itself, or that
 * one from a position of which the event was scavenged skips another. It begins at the end of the log, is taken up again
 * whenever it ends, and the end of the log is looked up now and then as well, in case it has gone silent.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { StoreUnavailable } from "../event-store.ts"
import type { Horizon } from "../horizon.ts"
import type { Connection } from "./connection.ts"
import { isDropped } from "./failure.ts"
import type { Reader } from "./reader.ts"
import { positionOf } from "./recorded.ts"

/** How often the end of the log is looked up beside a subscription. */
const lookEvery = "2 seconds"

/** Pauses before a subscription is taken up again, in milliseconds: doubled up to the longest. */
const pause = { first: 50, longest: 2_000 }

/** Follows until it ends; answers why it did. */
const subscription = (
  connection: Connection,
  confirmed: () => void,
  appeared: (position: number) => void
): Effect.Effect<unknown> =>
  Effect.callback<unknown>((resume) => {
    let stop = () => {}
    let stopped = false
    connection.driver().then(
      ({ client, package: { excludeSystemEvents } }) => {
        if (stopped) return
        const live = client.subscribeToAll({ fromPosition: "end", filter: excludeSystemEvents() })
        stop = () => void live.unsubscribe().catch(() => {})
        live.on("confirmation", confirmed)
        live.on("data", ({ event }) => {
          if (event !== undefined) appeared(positionOf(event, connection.shown))
        })
        live.on("error", (error) => resume(Effect.succeed(error)))
        live.on("end", () => resume(Effect.succeed(undefined)))
      },
      (error) => resume(Effect.succeed(error))
    )
    return Effect.sync(() => {
      stopped = true
      stop()
    })
  })

/** Moves the horizon as the log grows, until it is interrupted. */
export const followLive = (
  connection: Connection,
  reader: Reader,
  horizon: Horizon
): Effect.Effect<never, StoreUnavailable> => {
  const look = Effect.map(reader.head, (position) => horizon.advance(position))
  let failures = 0
  const subscribed = Effect.gen(function* () {
    const context = yield* Effect.context<never>()
    const run = Effect.runForkWith(context)
    const reason = yield* subscription(
      connection,
      () => {
        failures = 0
        // What came between two subscriptions.
        run(Effect.ignore(look))
      },
      (position) => horizon.advance(position)
    )
    if (isDropped(reason)) return
    yield* Effect.sleep(Math.min(pause.first * 2 ** failures, pause.longest))
    failures += 1
  })
  return Effect.raceFirst(
    Effect.forever(subscribed),
    Effect.andThen(Effect.repeat(look, Schedule.spaced(lookEvery)), Effect.never)
  )
}
