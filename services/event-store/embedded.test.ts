import { statSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { ProposedEvent } from "../../domain/events/event.ts"
import { eventStoreContract } from "./contract.ts"
import { event, events } from "./contract/sample.ts"
import { databaseFile, failing, newDirectory, using } from "./embedded.fixture.ts"
import { EmbeddedEventStore } from "./embedded.ts"
import { EventStore } from "./event-store.ts"

eventStoreContract("embedded store in a directory", () =>
  EmbeddedEventStore.layer({ directory: newDirectory(), mode: "writer" })
)
eventStoreContract("embedded store in memory", () => Layer.fresh(EmbeddedEventStore.layerMemory))

describe("embedded store", () => {
  it.live("keeps its events", () =>
    Effect.gen(function* () {
      const directory = newDirectory()
      const batch = events(5)
      const appended = yield* using(directory, (store) => store.append("names", batch, "no_stream"))
      yield* using(directory, (store) =>
        Effect.gen(function* () {
          const read = yield* store.readStream("names")
          assert.deepStrictEqual(
            read.map(({ id }) => id),
            batch.map(({ id }) => id)
          )
          assert.deepStrictEqual(yield* store.append("names", batch, "no_stream"), appended)
          assert.strictEqual((yield* store.append("names", [event()], 4)).revision, 5)
        })
      )
    })
  )

  it.live("knows an id for ever, whatever is expected of the stream", () =>
    Effect.gen(function* () {
      const directory = newDirectory()
      const [a, b, c] = [event(), event(), event()]
      const appended = yield* using(directory, (store) => store.append("names", [a, b, c], "any"))
      yield* using(directory, (store) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* store.append("names", [a, b, c], "any"), appended)
          assert.deepStrictEqual(yield* store.append("names", [b, c], "stream_exists"), appended)
          const refused: ReadonlyArray<readonly [ReadonlyArray<ProposedEvent>, "any" | number]> = [
            [[a], 2],
            [[c, a], "any"],
            [[event(), a], "any"],
            [[event(), a], 2]
          ]
          for (const [batch, expected] of refused) {
            assert.strictEqual((yield* Effect.flip(store.append("names", batch, expected)))._tag, "AppendRefused")
          }
          assert.lengthOf(yield* store.readStream("names"), 3)
        })
      )
    })
  )

  it.live("keeps the write-ahead log small, under load and when idle", () =>
    Effect.gen(function* () {
      const directory = newDirectory()
      yield* using(directory, (store) =>
        Effect.gen(function* () {
          const written = () => statSync(`${databaseFile(directory)}-wal`).size
          for (let n = 0; n < 120; n++) yield* store.append("names", [event("x".repeat(400_000))], n - 1)
          assert.isBelow(written(), 30_000_000)
          yield* Effect.sleep("600 millis")
          const before = statSync(databaseFile(directory)).size
          yield* store.append("names", [event("x".repeat(900_000))], 119)
          assert.strictEqual(statSync(databaseFile(directory)).size, before)
          while (statSync(databaseFile(directory)).size === before) yield* Effect.sleep("50 millis")
        })
      )
      assert.throws(() => statSync(`${databaseFile(directory)}-wal`))
    })
  )

  it.live("ends subscriptions when it closes, and answers nothing any more", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(EmbeddedEventStore.layerMemory, scope)
      const store = Context.get(context, EventStore)
      const waiting = yield* Effect.forkChild(failing("TST-STORE-CLOSED", Stream.runDrain(store.subscribe())))
      yield* Effect.sleep("20 millis")
      yield* Scope.close(scope, Exit.void)
      yield* Fiber.join(waiting)
      yield* failing("TST-STORE-CLOSED", store.append("names", [event()], "any"))
      yield* failing("TST-STORE-CLOSED", store.readAll())
    })
  )
})

describe("a fault of the caller's program", () => {
  it.live("is a defect of that call, and hurts nobody else", () =>
    using(newDirectory(), (store) =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(store.append("names", undefined as never, "any"))
        assert.isTrue(Exit.isFailure(exit) && exit.cause.reasons.every(({ _tag }) => _tag === "Die"))
        assert.strictEqual((yield* store.append("names", [event()], "no_stream")).revision, 0)
      })
    )
  )
})
