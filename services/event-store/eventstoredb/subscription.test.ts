/** What a subscription of the server's client does that the port does not allow, each once: the adapter survives it. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { event, eventIds, events, ids, isCaughtUp } from "../contract/sample.ts"
import type { Subscribed } from "../event-store.ts"
import { following, official, sent, survives, untilLive, withClient } from "./stand-in.fixture.ts"

describe("a live subscription", () => {
  survives("is dropped because it lags, again and again: taken up at once, no gap, no repeat", (store, standIn) =>
    Effect.gen(function* () {
      const written: Array<string> = []
      const follower = yield* following(store, 80)
      yield* untilLive(standIn)
      for (let n = 0; n < 40; n++) {
        const batch = events(2)
        written.push(...ids(batch))
        yield* store.append(`names-${n}`, batch, "no_stream")
        if (n % 2 === 0) standIn.dropSubscriptions()
      }
      assert.deepStrictEqual(yield* Fiber.join(follower), written)
    })
  )

  survives("is overrun by an append of many events, and everything arrives", (store, standIn) =>
    Effect.gen(function* () {
      const follower = yield* following(store, 1_001)
      yield* untilLive(standIn)
      const [many, one] = [events(1_000), event()]
      yield* store.append("names-1", many, "no_stream")
      yield* store.append("names-1", [one], 999)
      assert.deepStrictEqual(yield* Fiber.join(follower), ids([...many, one]))
    })
  )

  survives("does not resume by itself when the connection is lost: it is taken up", (store, standIn) =>
    Effect.gen(function* () {
      const follower = yield* following(store, 9)
      yield* untilLive(standIn)
      const written: Array<string> = []
      for (let n = 0; n < 3; n++) {
        const batch = events(3)
        written.push(...ids(batch))
        standIn.dropConnections()
        yield* store.append(`names-${n}`, batch, "no_stream")
        yield* Effect.sleep("30 millis")
      }
      assert.deepStrictEqual(yield* Fiber.join(follower), written)
    })
  )

  survives("goes silent without an error: the end of the log is looked at as well", (store, standIn) =>
    Effect.gen(function* () {
      const follower = yield* following(store, 2)
      yield* untilLive(standIn)
      yield* Effect.sleep("200 millis")
      standIn.faults.silent = true
      const batch = events(2)
      yield* withClient(standIn, (client) => client.appendToStream("names-1", batch.map(sent)))
      assert.deepStrictEqual(yield* Fiber.join(follower), ids(batch))
    })
  )

  survives("from a position whose event was scavenged would skip one: it is read instead", (store, standIn) =>
    Effect.gen(function* () {
      const batch = events(6)
      yield* store.append("names-1", batch, "no_stream")
      const checkpoint = (yield* store.readStream("names-1"))[2]!.position
      yield* store.truncate("names-1", 4)
      standIn.scavenge()
      const history = store.subscribe({ after: checkpoint }).pipe(Stream.takeUntil(isCaughtUp), Stream.runCollect)
      assert.deepStrictEqual(eventIds(yield* history), ids(batch.slice(4)))
      assert.deepStrictEqual(ids(yield* store.readAll({ after: checkpoint })), ids(batch.slice(4)))
      assert.strictEqual(yield* store.eventAt(checkpoint), undefined)
    })
  )
})

describe("the time of an event", () => {
  survives("is the same in a read and in a subscription, to the millisecond", (store, standIn) =>
    Effect.gen(function* () {
      const seen: Array<Subscribed> = []
      const follower = yield* store.subscribe().pipe(
        Stream.filter((item) => item._tag === "Event"),
        Stream.take(21),
        Stream.runForEach((item) => Effect.sync(() => void seen.push(item))),
        Effect.forkChild
      )
      yield* untilLive(standIn)
      for (let n = 0; n < 20; n++) {
        yield* store.append("names-1", [event()], n === 0 ? "no_stream" : n - 1)
        yield* Effect.sleep("7 millis")
      }
      // Somebody else's tool does not know of our time.
      const { type, data, metadata } = event()
      yield* withClient(standIn, (client) =>
        client.appendToStream(
          "names-1",
          official.jsonEvent({ type, data: data as Record<string, string>, metadata: { ...metadata } })
        )
      )
      yield* Fiber.join(follower)
      const read = yield* store.readAll()
      assert.deepStrictEqual(
        seen.flatMap((item) => (item._tag === "Event" ? [item.event] : [])),
        [...read]
      )
      assert.isTrue(read.some(({ recordedAt }) => recordedAt % 1000 !== 0))
    })
  )
})
