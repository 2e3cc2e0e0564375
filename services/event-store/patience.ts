/** What a writer does when the store cannot take its events now: it waits, says so, and nothing is dropped. */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { StoreUnavailable } from "./event-store.ts"

/** These do not pass by waiting. */
const final = new Set([
  ...["DAMAGED", "LOST", "MISSING", "NEWER", "OLDER"].map((reason) => `TST-STORE-${reason}`),
  ...["CLOSED", "CONNECTION", "POSITION", "READER"].map((reason) => `TST-STORE-${reason}`)
])

const backOff = Schedule.min([Schedule.exponential("250 millis"), Schedule.spaced("10 seconds")])

/**
 * Runs `attempt` until the store takes it. `attempt` must begin by finding out what an earlier one has already written,
 * because the outcome of a failed append is unknown. The first failure is said in one line, and so is the recovery.
 */
export const patiently = <A, E, R>(
  attempt: Effect.Effect<A, E | StoreUnavailable, R>
): Effect.Effect<A, E | StoreUnavailable, R> =>
  Effect.suspend(() => {
    let waiting = false
    return attempt.pipe(
      Effect.tapError((error) => {
        if (!isPassing(error) || waiting) return Effect.void
        waiting = true
        return Effect.logWarning(
          `${error.message} Waiting for it; log files keep what is not yet read. (${error.code})`
        )
      }),
      Effect.retry({ while: isPassing, schedule: backOff }),
      Effect.tap(() => (waiting ? Effect.logInfo("The event store takes events again.") : Effect.void))
    )
  })

const isPassing = (error: unknown): error is StoreUnavailable =>
  typeof error === "object" &&
  error !== null &&
  "_tag" in error &&
  error._tag === "StoreUnavailable" &&
  "code" in error &&
  !final.has(String(error.code))
