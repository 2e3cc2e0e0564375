/**
 * The passing of time where no line tells of it: a bucket is due, nothing arrives, and that is recorded for the engine to
 * read. Lines that come in tell of the time themselves, and those of a backlog tell of another time than the clock.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { derivedId } from "../../domain/events/derived-id.ts"
import { TimePassed } from "../../domain/events/time-passed.ts"
import { formatTimestamp } from "../../domain/time/instant.ts"
import { atEnd, expectedBehind } from "../event-store/at-end.ts"
import type { AppendError, EventStore } from "../event-store/event-store.ts"
import { patiently } from "../event-store/patience.ts"

/** How long nothing must have arrived before the passing of time is recorded, in milliseconds. */
const quietFor = 2_000
/** The same after a start: whoever reads on may have to look for the place in rotated files first. */
const quietAtStart = 10_000
/** How often it is looked after. */
const ticking = "500 millis"

interface PassingTimeOptions {
  readonly store: typeof EventStore.Service
  /** Where it is recorded. */
  readonly stream: string
  /** When the next bucket runs over by itself, in milliseconds since 1970. */
  readonly due: () => number
  /** Position up to which the log is judged. */
  readonly judged: () => number
}

export class PassingTime {
  readonly #options: PassingTimeOptions
  /** No time passes by itself before, in milliseconds since 1970. */
  #quietUntil = Number.POSITIVE_INFINITY
  /** So many appends of lines are on their way. */
  #arriving = 0

  constructor(options: PassingTimeOptions) {
    this.#options = options
  }

  /** There were lines just now: there may be more. */
  readonly keepQuiet: Effect.Effect<void> = Effect.map(Clock.currentTimeMillis, (now) => {
    this.#quietUntil = Math.max(this.#quietUntil, now + quietFor)
  })

  /** Appends lines. Until they are in the log no time passes by itself: they are older than it. */
  readonly arriving = <A, E>(append: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        this.#arriving += 1
      }),
      () => append,
      () =>
        Effect.suspend(() => {
          this.#arriving -= 1
          return this.keepQuiet
        })
    )

  /** Looks after it until it is interrupted. */
  readonly pass: Effect.Effect<never, AppendError> = Effect.gen({ self: this }, function* () {
    this.#quietUntil = (yield* Clock.currentTimeMillis) + quietAtStart
    return yield* Effect.andThen(Effect.repeat(this.#record, Schedule.spaced(ticking)), Effect.never)
  })

  get #record() {
    const { store, stream, due, judged } = this.#options
    return Effect.gen({ self: this }, function* () {
      while (this.#arriving > 0) yield* Effect.sleep(ticking)
      const now = yield* Clock.currentTimeMillis
      if (now < this.#quietUntil || due() >= now) return
      yield* atEnd(store, stream, (end) => {
        // The one before is not judged yet: it may be all that is needed. So may one that was appended unnoticed.
        if (end.last !== undefined && end.last.position > judged()) return Effect.void
        const at = formatTimestamp(now)
        const event = TimePassed.propose(derivedId(stream, at, end.revision + 1), { at })
        return store.append(stream, [event], expectedBehind(end))
      })
    }).pipe(patiently)
  }
}
