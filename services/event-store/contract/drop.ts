/** Truncation and deletion: what a stream shows afterwards, and how it goes on. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Check, conflict, event, events, ids, type Store } from "./sample.ts"

const revisionsOf = (store: Store, stream: string, direction: "forwards" | "backwards" = "forwards") =>
  Effect.map(store.readStream(stream, { direction }), (read) => read.map(({ revision }) => revision))

export const dropContract = (check: Check): void => {
  describe("truncate", () => {
    check("drops what is below a revision and keeps the rest in its place", (store, category) =>
      Effect.gen(function* () {
        const stream = `${category}-1`
        yield* store.append(stream, events(6), "no_stream")
        const before = yield* store.readStream(stream)
        yield* store.truncate(stream, 4)
        assert.deepStrictEqual(yield* store.readStream(stream), before.slice(4))
        assert.deepStrictEqual(yield* revisionsOf(store, stream, "backwards"), [5, 4])
        assert.deepStrictEqual(yield* store.readStream(stream, { from: 1, limit: 1 }), [before[4]!])
        assert.deepStrictEqual(yield* store.readStream(stream, { from: 2, direction: "backwards" }), [])
        assert.strictEqual((yield* store.append(stream, [event()], 5)).revision, 6)
        yield* store.truncate(stream, 2) // what is dropped does not come back
        assert.deepStrictEqual(yield* revisionsOf(store, stream), [4, 5, 6])
      })
    )

    check("keeps the last event, however far it goes", (store, category) =>
      Effect.gen(function* () {
        const stream = `${category}-1`
        yield* store.append(stream, events(3), "no_stream")
        yield* store.truncate(stream, 1000)
        assert.deepStrictEqual(yield* revisionsOf(store, stream), [2])
        yield* conflict(store.append(stream, [event()], "no_stream"), 2)
        yield* store.append(stream, [event()], 2)
        assert.deepStrictEqual(yield* revisionsOf(store, stream), [2, 3])
      })
    )

    check("touches no other stream, and does nothing to a missing one", (store, category) =>
      Effect.gen(function* () {
        yield* store.append(`${category}-1`, events(3), "no_stream")
        yield* store.append(`${category}-11`, events(3), "no_stream")
        yield* store.truncate(`${category}-1`, 2)
        yield* store.truncate(`${category}-none`, 2)
        assert.deepStrictEqual(yield* revisionsOf(store, `${category}-11`), [0, 1, 2])
        yield* store.append(`${category}-none`, [event()], "no_stream")
        assert.deepStrictEqual(yield* revisionsOf(store, `${category}-none`), [0])
      })
    )
  })

  describe("deleteStream", () => {
    check("leaves a stream that reads as if it had never been, and goes on where it was", (store, category) =>
      Effect.gen(function* () {
        const stream = `${category}-1`
        yield* store.append(stream, events(3), "no_stream")
        yield* store.deleteStream(stream)
        assert.deepStrictEqual(yield* store.readStream(stream), [])
        assert.deepStrictEqual(yield* store.readStream(stream, { direction: "backwards", limit: 1 }), [])
        assert.deepStrictEqual(yield* store.append(stream, [], "no_stream"), { revision: -1, position: -1 })
        yield* conflict(store.append(stream, [event()], "stream_exists"), -1)
        const next = events(2)
        assert.strictEqual((yield* store.append(stream, next, "no_stream")).revision, 4)
        assert.deepStrictEqual(ids(yield* store.readStream(stream)), ids(next))
        yield* conflict(store.append(stream, [event()], "no_stream"), 4)
        yield* store.append(stream, [event()], 4)
        assert.deepStrictEqual(yield* revisionsOf(store, stream), [3, 4, 5])
      })
    )

    check("may be repeated, and deletes what is not there without complaint", (store, category) =>
      Effect.gen(function* () {
        const stream = `${category}-1`
        yield* store.deleteStream(stream)
        yield* store.append(stream, events(2), "no_stream")
        yield* store.deleteStream(stream)
        yield* store.deleteStream(stream)
        assert.strictEqual((yield* store.append(stream, [event()], "any")).revision, 2)
        yield* store.deleteStream(stream)
        assert.deepStrictEqual(yield* revisionsOf(store, stream), [])
      })
    )

    check("leaves a stream alone that does not end where it is expected to", (store, category) =>
      Effect.gen(function* () {
        const stream = `${category}-1`
        yield* store.deleteStream(stream, { last: 0 })
        yield* store.append(stream, events(3), "no_stream")
        for (const last of [0, 1, 3]) yield* store.deleteStream(stream, { last })
        assert.deepStrictEqual(yield* revisionsOf(store, stream), [0, 1, 2])
        yield* store.deleteStream(stream, { last: 2 })
        assert.deepStrictEqual(yield* revisionsOf(store, stream), [])
        assert.strictEqual((yield* store.append(stream, [event()], "no_stream")).revision, 3)
      })
    )

    check("leaves the other streams and the end of the log as they are", (store, category) =>
      Effect.gen(function* () {
        yield* store.append(`${category}-2`, events(2), "no_stream")
        const { position } = yield* store.append(`${category}-1`, events(2), "no_stream")
        yield* store.deleteStream(`${category}-1`)
        assert.isAtLeast(yield* store.head, position)
        assert.deepStrictEqual(yield* revisionsOf(store, `${category}-2`), [0, 1])
        const { position: next } = yield* store.append(`${category}-2`, [event()], 1)
        assert.isAbove(next, position)
      })
    )
  })
}
