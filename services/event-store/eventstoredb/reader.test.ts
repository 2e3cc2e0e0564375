/** How a read of the server's client fails or tells something else than asked for, each once. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { isUnreadable } from "../../../domain/events/unreadable.ts"
import { event, events, ids } from "../contract/sample.ts"
import { codeOf, following, official, survives, withClient } from "./stand-in.fixture.ts"

describe("a read", () => {
  for (const fault of ["unknown error", "unanswered", "unanswered after some events", "dropped"] as const) {
    survives(`that meets "${fault}" is repeated`, (store, standIn) =>
      Effect.gen(function* () {
        const batch = events(5)
        yield* store.append("names-1", batch, "no_stream")
        const reads = [store.readStream("names-1"), store.readAll(), store.readAll({ after: 0 })]
        for (const read of reads) {
          standIn.faults.nextRead(fault)
          assert.deepStrictEqual(ids(yield* read), ids(batch))
        }
        standIn.faults.nextRead(fault)
        const last = (yield* store.readStream("names-1", { direction: "backwards", limit: 1 }))[0]!
        standIn.faults.nextRead(fault)
        assert.strictEqual(yield* store.head, last.position)
        standIn.faults.nextRead(fault)
        assert.deepStrictEqual(yield* store.eventAt(last.position), last)
      })
    )
  }

  survives("at a position of another log says so, although the server says nothing", (store) =>
    Effect.gen(function* () {
      yield* store.append("names-1", events(3), "no_stream")
      const elsewhere = (yield* store.readStream("names-1"))[1]!.position + 1
      assert.strictEqual(yield* codeOf(store.readAll({ after: elsewhere })), "TST-STORE-POSITION")
      assert.strictEqual(yield* codeOf(Stream.runHead(store.subscribe({ after: elsewhere }))), "TST-STORE-POSITION")
      assert.strictEqual(yield* store.eventAt(elsewhere), undefined)
    })
  )

  survives("shows nothing of the server's own events", (store, standIn) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* store.head, -1)
      const follower = yield* following(store, 2)
      yield* store.append("names-1", [event()], "no_stream")
      const head = yield* store.head
      yield* withClient(standIn, (client) => client.setStreamMetadata("names-1", { maxAge: 1_000_000 }))
      yield* store.append("names-2", [event()], "no_stream")
      yield* store.deleteStream("names-2")
      assert.lengthOf(yield* store.readAll(), 2)
      assert.lengthOf(yield* store.readAll({ after: head }), 1)
      assert.strictEqual(yield* store.head, (yield* store.readAll()).at(-1)!.position)
      assert.lengthOf(yield* Fiber.join(follower), 2)
    })
  )

  survives("gives an event that somebody else wrote in our words as unreadable", (store, standIn) =>
    Effect.gen(function* () {
      const { type } = event()
      for (const [stream, data, metadata] of [
        ["names-1", { address: 1 }, { version: 1 }],
        ["names-2", event().data, {}],
        ["names-3", event().data, { version: 1, recordedAt: "yesterday" }]
      ] as const) {
        yield* withClient(standIn, (client) =>
          client.appendToStream(
            stream,
            official.jsonEvent({ type, data: data as Record<string, string>, metadata: { ...metadata } })
          )
        )
        const [read] = yield* store.readStream(stream)
        assert.isTrue(read !== undefined && isUnreadable(read) && read.data.type === type && read.stream === stream)
      }
    })
  )
})
