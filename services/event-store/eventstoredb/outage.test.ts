/** A server that is away or whose cluster changes its leader: writers and followers lose nothing, and one line is said. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { event, events, ids } from "../contract/sample.ts"
import { EventStore, StoreUnavailable } from "../event-store.ts"
import { Outage } from "./outage.ts"
import { codeOf, following, started, storeOn, survives } from "./stand-in.fixture.ts"

describe("a stop", () => {
  it.effect("does not wait for a server that is away, whatever else it may not interrupt", () =>
    Effect.gen(function* () {
      let attempts = 0
      const away = Effect.suspend(() => {
        attempts += 1
        return Effect.fail(new StoreUnavailable({ code: "TST-STORE-AWAY", message: "away" }))
      })
      const call = new Outage("the server", 15_000).outlast("append", () => away)
      const fiber = yield* Effect.forkChild(Effect.uninterruptible(call))
      yield* TestClock.adjust("1 second")
      assert.isAbove(attempts, 1)
      // From here on no time passes.
      yield* Fiber.interrupt(fiber)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
    }).pipe(Effect.provide(Logger.layer([])))
  )
})

describe("a cluster", () => {
  const settings = "?tls=false&maxDiscoverAttempts=2&discoveryInterval=20"

  it.live("that was not discovered once is found again: the client would never append again", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const connectionString = `kurrentdb://127.0.0.1:${standIn.port},127.0.0.1:${standIn.port}${settings}`
      yield* EventStore.use((store) =>
        Effect.gen(function* () {
          const batch = events(3)
          yield* store.append("names-1", [batch[0]!], "no_stream")
          yield* Effect.promise(() => standIn.refuse())
          const append = yield* Effect.forkChild(store.append("names-1", [batch[1]!], 0))
          yield* Effect.sleep("600 millis")
          yield* Effect.promise(() => standIn.listen())
          yield* Fiber.join(append)
          yield* store.append("names-1", [batch[2]!], 1)
          assert.deepStrictEqual(ids(yield* store.readStream("names-1")), ids(batch))
        })
      ).pipe(Effect.provide(storeOn(standIn, { connectionString })))
    })
  )

  it.live("whose node is not the leader is asked at its leader", () =>
    Effect.gen(function* () {
      const leader = yield* started()
      const follower = yield* started({ beside: leader })
      follower.faults.leader = { host: "127.0.0.1", port: leader.port }
      yield* EventStore.use((store) =>
        Effect.gen(function* () {
          const batch = events(3)
          const seen = yield* following(store, 3)
          for (const [n, one] of batch.entries()) yield* store.append("names-1", [one], n === 0 ? "no_stream" : n - 1)
          assert.deepStrictEqual(ids(yield* store.readStream("names-1")), ids(batch))
          assert.deepStrictEqual(yield* Fiber.join(seen), ids(batch))
        })
      ).pipe(Effect.provide(storeOn(follower)))
    })
  )

  it.live("changes its leader: only a pause", () =>
    Effect.gen(function* () {
      const one = yield* started()
      const two = yield* started({ beside: one })
      two.faults.leader = { host: "127.0.0.1", port: one.port }
      const connectionString = `kurrentdb://127.0.0.1:${one.port},127.0.0.1:${two.port}${settings}`
      yield* EventStore.use((store) =>
        Effect.gen(function* () {
          const written: Array<string> = []
          const seen = yield* following(store, 40)
          for (let n = 0; n < 40; n++) {
            const next = event()
            written.push(next.id)
            yield* store.append("names-1", [next], n === 0 ? "no_stream" : n - 1)
            if (n === 20) {
              yield* Effect.promise(() => one.refuse())
              two.faults.leader = undefined
            }
          }
          assert.deepStrictEqual(ids(yield* store.readStream("names-1")), written)
          assert.deepStrictEqual(yield* Fiber.join(seen), written)
        })
      ).pipe(Effect.provide(storeOn(one, { connectionString })))
    })
  )
})

describe("a server that is away", () => {
  it.live("at the start is waited for, with one line", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      yield* Effect.promise(() => standIn.refuse())
      const said: Array<string> = []
      const logger = Logger.make<unknown, void>(({ message }) => void said.push(String(message)))
      const head = yield* EventStore.use((store) => store.head).pipe(
        Effect.provide(storeOn(standIn, { patience: Infinity })),
        Effect.provide(Logger.layer([logger])),
        Effect.forkChild
      )
      yield* Effect.sleep("2 seconds")
      yield* Effect.promise(() => standIn.listen())
      assert.strictEqual(yield* Fiber.join(head), -1)
      assert.lengthOf(said, 2)
      assert.include(said[0], "TST-STORE-AWAY")
      assert.include(said[1], "answers again")
    })
  )

  it.live("is given up after a while by whoever has no patience", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      yield* Effect.promise(() => standIn.refuse())
      const store = EventStore.use((store) => store.head).pipe(Effect.provide(storeOn(standIn, { patience: 300 })))
      assert.strictEqual(yield* codeOf(store), "TST-STORE-AWAY")
    })
  )

  survives("for a while loses nothing of what writers and followers do", (store, standIn) =>
    Effect.gen(function* () {
      const written: Array<string> = []
      const seen = yield* following(store, 60)
      const write = Effect.gen(function* () {
        for (let n = 0; n < 60; n++) {
          const next = event()
          written.push(next.id)
          yield* store.append("names-1", [next], n === 0 ? "no_stream" : n - 1)
          yield* Effect.sleep("5 millis")
        }
      })
      const disturb = Effect.gen(function* () {
        for (let n = 0; n < 4; n++) {
          yield* Effect.sleep("60 millis")
          yield* Effect.promise(() => standIn.restart())
        }
      })
      yield* Effect.all([write, disturb], { concurrency: "unbounded" })
      assert.deepStrictEqual(ids(yield* store.readStream("names-1")), written)
      assert.deepStrictEqual(yield* Fiber.join(seen), written)
    })
  )

  it.live("or closed: whoever follows hears of it", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const store = yield* EventStore.use((store) => Effect.succeed(store)).pipe(Effect.provide(storeOn(standIn)))
      const exit = yield* Effect.exit(Stream.runDrain(store.subscribe()))
      assert.isTrue(Exit.isFailure(exit))
    })
  )
})
