/**
 * What the adapter does when the server is away, restarts, or changes its leader: it waits, says so once, and goes on.
 * Only calls that are safe to repeat come here.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { StoreUnavailable } from "../event-store.ts"

/** Pauses between attempts in milliseconds: doubled up to the longest. */
const pause = { first: 50, longest: 1_000 }
/** What is over after so many milliseconds is not worth a line. */
const worthALine = 1_000

/** A server may answer reads and take no appends: then one says nothing of the other. */
export type Kind = "read" | "append"

export class Outage {
  readonly #shown: string
  readonly #patience: number
  /** When the calls of a kind began to fail that fail now, in milliseconds since 1970. */
  readonly #since = new Map<Kind, number>()
  #said = false

  /** @param patience how long a call is repeated before its failure is passed on, in milliseconds */
  constructor(shown: string, patience: number) {
    this.#shown = shown
    this.#patience = patience
  }

  /** Runs an attempt until it succeeds or fails with anything but `TST-STORE-AWAY`. It gets its number, from 1. */
  outlast<A, E>(
    kind: Kind,
    attempt: (number: number) => Effect.Effect<A, E | StoreUnavailable>
  ): Effect.Effect<A, E | StoreUnavailable> {
    const from = (number: number, began: number): Effect.Effect<A, E | StoreUnavailable> =>
      attempt(number).pipe(
        Effect.tap(() => this.#over(kind)),
        Effect.catch((error) =>
          Effect.gen({ self: this }, function* () {
            const now = yield* Clock.currentTimeMillis
            if (!isAway(error) || now - began >= this.#patience) return yield* Effect.fail(error)
            yield* this.#lasts(kind, error, now)
            const longest = Math.min(pause.first * 2 ** (number - 1), pause.longest)
            const milliseconds = (yield* Random.nextBetween(0.5, 1)) * longest
            // A stop does not wait for a server that is away, whatever else it may not interrupt.
            yield* Effect.interruptible(Effect.sleep(Duration.millis(milliseconds)))
            return yield* from(number + 1, began)
          })
        )
      )
    return Effect.flatMap(Clock.currentTimeMillis, (now) => from(1, now))
  }

  #lasts(kind: Kind, error: StoreUnavailable, now: number): Effect.Effect<void> {
    const since = this.#since.get(kind) ?? now
    this.#since.set(kind, since)
    if (this.#said || now - since < worthALine) return Effect.void
    this.#said = true
    return Effect.logWarning(`${error.message} Waiting for it; nothing is lost meanwhile. (${error.code})`)
  }

  #over(kind: Kind): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#since.delete(kind)
      if (!this.#said || this.#since.size > 0) return Effect.void
      this.#said = false
      return Effect.logInfo(`The event store ${this.#shown} answers again.`)
    })
  }
}

const isAway = (error: unknown): error is StoreUnavailable =>
  (error as { readonly code?: unknown } | undefined)?.code === "TST-STORE-AWAY"
