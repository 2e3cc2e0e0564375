/** What is done again and again as long as the node runs, and may take long: never at the expense of everything else. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** So many times longer than it took, at least, is the pause behind it. */
const sparing = 100

/** Does something for ever, with a pause in between: of `every`, or longer, so that it takes a hundredth of the time. */
export const sparingly = <A, E, R>(
  work: Effect.Effect<A, E, R>,
  every: Duration.Duration
): Effect.Effect<never, E, R> =>
  Effect.gen(function* () {
    const began = yield* Clock.monotonicTimeNanos
    yield* work
    const took = Duration.nanos((yield* Clock.monotonicTimeNanos) - began)
    yield* Effect.sleep(Duration.max(every, Duration.times(took, sparing)))
  }).pipe(Effect.forever)
