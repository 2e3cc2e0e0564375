/** A server that others use as well, and one that takes its time. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Stream from "effect/Stream"
import { crowd } from "../../../fixtures/eventstoredb/crowd.ts"
import { deletion, eventIds, events, ids, isCaughtUp } from "../contract/sample.ts"
import { EventStore } from "../event-store.ts"
import { verifyLog } from "../verify-log.ts"
import { started, storeOn } from "./stand-in.fixture.ts"

describe("a server that others use", () => {
  it.live("shows what they wrote as it is, whatever form it has, and none of it as ours", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const mine = events(70)
      yield* Effect.gen(function* () {
        const store = yield* EventStore
        crowd(standIn.database.log, 700)
        const before = yield* store.head
        const follower = yield* store.subscribe().pipe(
          Stream.filter((item) => item._tag === "Event"),
          Stream.take(mine.length),
          Stream.runCollect,
          Effect.forkChild
        )
        yield* store.append("names-1", mine.slice(0, 50), "no_stream")
        crowd(standIn.database.log, 200)
        yield* store.append("names-1", mine.slice(50), 49)
        assert.deepStrictEqual(ids(yield* store.readAll()), ids(mine))
        assert.deepStrictEqual(ids(yield* store.readAll({ after: before })), ids(mine))
        assert.deepStrictEqual(ids(yield* store.readLast(3)), ids(mine.slice(-3)))
        assert.deepStrictEqual(eventIds(yield* Fiber.join(follower)), ids(mine))
        const types = new Set<string>()
        let seen = 0
        for (let after = -1; ; ) {
          const rows = yield* store.readStored(after, 90)
          if (rows.length === 0) break
          for (const { type, metadata, data } of rows) {
            types.add(type)
            JSON.parse(metadata)
            JSON.parse(data)
          }
          seen += rows.length
          after = rows.at(-1)!.position
        }
        const kinds = ["NameResolved", "bad-metadata", "blob", "empty", "nonsense", "null", "order-placed", "text"]
        assert.deepStrictEqual([...types].toSorted(), kinds)
        const verification = yield* verifyLog
        assert.deepStrictEqual([verification.findings, verification.events], [[], seen])
      }).pipe(Effect.provide(storeOn(standIn)))
    })
  )
})

describe("a search that takes long", () => {
  it.live("is waited for as long as the server answers others", () =>
    Effect.gen(function* () {
      // Three seconds for all of it; a call has less than one.
      const standIn = yield* started({ searched: 6_000 })
      const rare = deletion()
      yield* Effect.gen(function* () {
        const store = yield* EventStore
        yield* store.append("bouncer-edge", [rare], "no_stream")
        crowd(standIn.database.log, 18_000)
        const mine = events(1)
        yield* store.append("names-1", mine, "no_stream")
        assert.deepStrictEqual(ids(yield* store.readLast(2)), ids([rare, ...mine]))
        const [first] = yield* store.readAll({ limit: 1 })
        assert.strictEqual(first?.id, rare.id)
        const { position } = first!
        assert.deepStrictEqual(ids(yield* store.readAll({ after: position, limit: 1 })), ids(mine))
        const given = store
          .subscribe({ after: position, filter: { types: [rare.type] } })
          .pipe(Stream.takeUntil(isCaughtUp), Stream.runCollect)
        assert.deepStrictEqual(eventIds(yield* given), [])
      }).pipe(Effect.provide(storeOn(standIn, { callTimeout: 800 })))
    })
  )
})

describe("a server that has just been started", () => {
  it.live("is waited for until it is ready", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ unreadyFor: 1_500, latency: 20 })
      const mine = events(3)
      yield* Effect.gen(function* () {
        const store = yield* EventStore
        yield* store.append("names-1", [mine[0]!], "no_stream")
        yield* Effect.promise(() => standIn.restart())
        yield* store.append("names-1", [mine[1]!], 0)
        yield* Effect.promise(() => standIn.restart())
        assert.deepStrictEqual(ids(yield* store.readAll()), ids(mine.slice(0, 2)))
        yield* store.append("names-1", [mine[2]!], 1)
        assert.deepStrictEqual(ids(yield* store.readStream("names-1")), ids(mine))
      }).pipe(Effect.provide(storeOn(standIn)))
    })
  )
})

describe("a server that reads and takes nothing", () => {
  it.live("is said to be away once, however often it answers reads", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const said: Array<string> = []
      const logger = Logger.make<unknown, void>(({ message }) => void said.push(String(message)))
      yield* Effect.gen(function* () {
        const store = yield* EventStore
        const [one] = events(1)
        for (let n = 0; n < 8; n++) standIn.faults.nextAppend("stored but timed out")
        const reading = yield* Effect.forkChild(
          Effect.forever(Effect.andThen(store.readStream("names-1"), Effect.sleep("20 millis")))
        )
        yield* store.append("names-1", [one!], "no_stream")
        yield* Fiber.interrupt(reading)
        assert.deepStrictEqual(ids(yield* store.readStream("names-1")), ids([one!]))
      }).pipe(Effect.provide(storeOn(standIn)), Effect.provide(Logger.layer([logger])))
      assert.deepStrictEqual(
        said.map((line) => /TST-STORE-AWAY|answers again/.exec(line)?.[0]),
        ["TST-STORE-AWAY", "answers again"]
      )
    })
  )
})
