/** How an append of the server's client fails, each once: what was written is written once, and its writer hears what is known. */
import { randomUUID } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { conflict, event, events, ids, refused } from "../contract/sample.ts"
import { EventStore } from "../event-store.ts"
import { codeOf, sent, started, storeOn, survives, withClient } from "./stand-in.fixture.ts"

describe("an append", () => {
  for (const fault of ["dropped before stored", "dropped after stored", "stored but timed out"] as const) {
    survives(`at an exact revision is repeated when it was ${fault}, and written once`, (store, standIn) =>
      Effect.gen(function* () {
        const [first, second] = [events(2), events(3)]
        standIn.faults.nextAppend(fault)
        const one = yield* store.append("names-1", first, "no_stream")
        standIn.faults.nextAppend(fault)
        const two = yield* store.append("names-1", second, 1)
        const read = yield* store.readStream("names-1")
        assert.deepStrictEqual(ids(read), ids([...first, ...second]))
        assert.deepStrictEqual(
          [one, two],
          [read[1]!, read[4]!].map(({ revision, position }) => ({ revision, position }))
        )
      })
    )
  }

  for (const fault of ["unanswered, not stored", "unanswered, stored"] as const) {
    survives(`that is ${fault}, is given up and repeated with a new client`, (store, standIn) =>
      Effect.gen(function* () {
        const batch = events(2)
        standIn.faults.nextAppend(fault)
        assert.strictEqual((yield* store.append("names-1", batch, "no_stream")).revision, 1)
        assert.deepStrictEqual(ids(yield* store.readStream("names-1")), ids(batch))
      })
    )
  }

  survives(
    "that expects nothing exact is not repeated: its writer hears that the outcome is unknown",
    (store, standIn) =>
      Effect.gen(function* () {
        standIn.faults.nextAppend("dropped after stored")
        assert.strictEqual(yield* codeOf(store.append("names-1", [event()], "any")), "TST-STORE-AWAY")
        assert.lengthOf(yield* store.readStream("names-1"), 1)
      })
  )

  survives("to a deleted stream is recognised when it is repeated", (store, standIn) =>
    Effect.gen(function* () {
      yield* store.append("names-1", events(3), "no_stream")
      yield* store.deleteStream("names-1")
      const batch = events(2)
      standIn.faults.nextAppend("dropped after stored")
      assert.strictEqual((yield* store.append("names-1", batch, "no_stream")).revision, 4)
      assert.deepStrictEqual(ids(yield* store.readStream("names-1")), ids(batch))
    })
  )

  survives("of a group is lost half-way: all of it is there, in its order, once", (store, standIn) =>
    Effect.gen(function* () {
      yield* store.append("names-0", [event()], "no_stream") // opens the stream of appends
      for (const fault of ["dropped after stored", "dropped before stored", "unanswered, not stored"] as const) {
        const before = yield* store.head
        const group = Array.from({ length: 12 }, () => {
          return { stream: `names-${randomUUID()}`, events: events(2), expected: "no_stream" as const }
        })
        standIn.faults.nextAppend(fault, 5)
        const appended = yield* store.appendGroup(group)
        const read = yield* store.readAll({ after: before })
        assert.sameMembers([...ids(read)], ids(group.flatMap((part) => part.events)) as Array<string>)
        assert.deepStrictEqual(
          appended.map(({ position }) => read.find((one) => one.position === position)?.id),
          group.map((part) => part.events[1]!.id)
        )
      }
    })
  )

  survives("of a group writes nothing behind another writer's event that took its place", (store, standIn) =>
    Effect.gen(function* () {
      const [before, other, one, two] = events(4)
      yield* store.append("names-1", [before!], "no_stream")
      yield* withClient(standIn, (client) => client.appendToStream("names-1", [sent(other!)]))
      const group = [
        { stream: "names-1", events: [one!], expected: 0 },
        { stream: "names-1", events: [two!], expected: 1 }
      ]
      yield* conflict(store.appendGroup(group), 1)
      assert.deepStrictEqual(ids(yield* store.readStream("names-1")), ids([before!, other!]))
    })
  )

  survives("is compared with the log, not with what the server remembers", (store, standIn) =>
    Effect.gen(function* () {
      const batch = events(3)
      const answer = yield* store.append("names-1", batch, "no_stream")
      yield* Effect.promise(() => standIn.restart())
      yield* EventStore.use((again) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* again.append("names-1", batch, "no_stream"), answer)
          yield* refused(again.append("names-1", [...batch, event()], "no_stream"))
          yield* refused(again.append("names-1", [batch[0]!], 2))
          yield* refused(again.append("names-1", [event(), batch[0]!], 2))
          yield* refused(again.append("names-1", [batch[2]!, batch[0]!], "any")) // never answered
          yield* conflict(again.append("names-1", [event()], 1), 2)
          assert.deepStrictEqual(ids(yield* again.readStream("names-1")), ids(batch))
        })
      ).pipe(Effect.provide(storeOn(standIn)))
    })
  )

  it.live("that is too large for the server says what to do", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ maxAppendSize: 1_000 })
      const append = EventStore.use((store) => refused(store.append("names-1", [event("x".repeat(2_000))], "any")))
      assert.include(yield* append.pipe(Effect.provide(storeOn(standIn))), "MaxAppendSize")
    })
  )

  survives("to a tombstoned stream is refused, and the stream reads as empty", (store, standIn) =>
    Effect.gen(function* () {
      yield* store.append("names-1", events(2), "no_stream")
      yield* withClient(standIn, (client) => client.tombstoneStream("names-1"))
      assert.include(yield* refused(store.append("names-1", [event()], 1)), "tombstoned")
      assert.deepStrictEqual(yield* store.readStream("names-1"), [])
      yield* store.deleteStream("names-1")
      yield* store.truncate("names-1", 1)
    })
  )
})
