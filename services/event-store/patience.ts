/** What a writer does when the store cannot take its events now: it waits, says so, and nothing is dropped. */
import * as Effect from "effect/Effect"
import { StoreUnavailable } from "./event-store.ts"

/** These do not pass by waiting. */
const final: ReadonlySet<string> = new Set([
  "TST-STORE-CLOSED",
  "TST-STORE-CONNECTION",
  "TST-STORE-DAMAGED",
  "TST-STORE-LOST",
  "TST-STORE-MISSING",
  "TST-STORE-NEWER",
  "TST-STORE-OLDER",
  "TST-STORE-POSITION",
  "TST-STORE-READER",
  "TST-LEASE-LOST"
])

/** Pauses between attempts in milliseconds: doubled up to the longest. */
const pause = { first: 250, longest: 10_000 }

/**
 * Runs `attempt` until the store takes it. `attempt` must begin by finding out what an earlier one has already written,
 * because the outcome of a failed append is unknown. The first failure is said in one line, and so is the recovery. A stop
 * does not wait for a store that is away, whatever it may not interrupt: between two attempts it ends this.
 */
export const patiently = <A, E, R>(
  attempt: Effect.Effect<A, E | StoreUnavailable, R>
): Effect.Effect<A, E | StoreUnavailable, R> => {
  const from = (failures: number): Effect.Effect<A, E | StoreUnavailable, R> =>
    attempt.pipe(
      Effect.tap(() => (failures > 0 ? Effect.logInfo("The event store takes events again.") : Effect.void)),
      Effect.catch((error) => {
        if (!isPassing(error)) return Effect.fail(error)
        const line = `${error.message} Waiting for it; log files keep what is not yet read. (${error.code})`
        return (failures === 0 ? Effect.logWarning(line) : Effect.void).pipe(
          Effect.andThen(Effect.interruptible(Effect.sleep(Math.min(pause.first * 2 ** failures, pause.longest)))),
          Effect.andThen(from(failures + 1))
        )
      })
    )
  return from(0)
}

/** Whether the store will be usable again without anybody doing something about it here. */
export const isPassing = (error: unknown): error is StoreUnavailable =>
  error instanceof StoreUnavailable && !final.has(error.code)
