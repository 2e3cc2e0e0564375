import { assert, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { sparingly } from "./sparingly.ts"

it.effect("what takes long is done the seldomer, so that it takes a hundredth of the time", () =>
  Effect.gen(function* () {
    let takes = "100 millis" as "100 millis" | "5 seconds"
    let times = 0
    const work = Effect.suspend(() => {
      times += 1
      return Effect.sleep(takes)
    })
    yield* Effect.forkChild(sparingly(work, Duration.seconds(60)))
    yield* TestClock.adjust("10 minutes")
    assert.strictEqual(times, 10)
    takes = "5 seconds"
    yield* TestClock.adjust("1 minute")
    assert.strictEqual(times, 11)
    yield* TestClock.adjust("7 minutes")
    assert.strictEqual(times, 11)
    yield* TestClock.adjust("1 minute")
    assert.strictEqual(times, 12)
  })
)
