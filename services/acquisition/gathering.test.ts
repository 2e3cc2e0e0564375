import { assert, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { batchOf } from "../../domain/detection/recorded.fixture.ts"
import { Gathering } from "./gathering.ts"

const { data: small } = batchOf({ observedAt: "2026-01-01T10:00:00Z" })
const large = { ...small, lines: 2_000 }

/** Tells when it goes on, in milliseconds since the clock's beginning. */
const waiting = (wait: Effect.Effect<void>) => Effect.forkChild(Effect.andThen(wait, Clock.currentTimeMillis))

it.effect("lets the first lines through at once, and those behind them together, of all sources", () =>
  Effect.gen(function* () {
    const gathering = new Gathering(200)
    yield* gathering.over
    const first = yield* waiting(gathering.after([small]))
    yield* TestClock.adjust("50 millis")
    const idle = yield* waiting(gathering.over)
    // Stored meanwhile, it keeps nobody waiting for longer.
    const second = yield* waiting(gathering.after([small, small]))
    yield* TestClock.adjust("1 second")
    for (const each of [first, idle, second]) assert.strictEqual(yield* Fiber.join(each), 200)
    yield* gathering.over
    assert.strictEqual(yield* Clock.currentTimeMillis, 1_050)
  })
)

it.effect("gathers nothing behind a large batch, nor for long when the clock is set back", () =>
  Effect.gen(function* () {
    const gathering = new Gathering(200)
    yield* gathering.after([small, large])
    yield* gathering.over
    yield* TestClock.setTime(86_400_000)
    yield* Effect.forkChild(gathering.after([small]))
    yield* Effect.yieldNow
    yield* TestClock.setTime(0)
    yield* gathering.over
    const next = yield* waiting(gathering.after([small]))
    yield* TestClock.adjust("200 millis")
    assert.strictEqual(yield* Fiber.join(next), 200)
  })
)
