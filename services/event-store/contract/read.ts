import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import type { TestudoEvent } from "../../../domain/events/catalogue.ts"
import type { EventFilter } from "../event-store.ts"
import type { Row } from "../row.ts"
import {
  type Check,
  deletion,
  event,
  eventIds,
  events,
  ids,
  isCaughtUp,
  refused,
  type Store,
  unknownEvent
} from "./sample.ts"

/** So many rows of a stream behind a position, read in pages of a length, whoever else writes. */
const rowsOf = Effect.fnUntraced(function* (
  store: Store,
  { stream, after, count, limit }: { stream: string; after: number; count: number; limit: number }
) {
  const rows: Array<Row> = []
  for (let at = after; rows.length < count; ) {
    const page = yield* store.readStored(at, limit)
    assert.isTrue(page.length > 0 && page.length <= limit)
    rows.push(...page.filter((row) => row.stream === stream))
    at = page.at(-1)!.position
  }
  return rows
})

const contentOf = ({ id, type, data, metadata }: Row) => ({
  id,
  type,
  data: JSON.parse(data),
  metadata: JSON.parse(metadata)
})

export const readContract = (check: Check): void => {
  describe("read", () => {
    check("the last events, of all or of those that are meant, in their order", (store, category) =>
      Effect.gen(function* () {
        const wanted: Array<string> = []
        for (let n = 0; n < 30; n++) {
          const batch = n % 5 === 0 ? [deletion(), unknownEvent()] : [event()]
          yield* store.append(`${category}-${n % 3}`, batch, "any")
          if (n % 5 === 0) wanted.push(batch[0]!.id)
        }
        const filter = { types: ["BouncerDeleted"], streamPrefixes: [category] }
        assert.deepStrictEqual(ids(yield* store.readLast(4, { filter })), wanted.slice(-4))
        assert.deepStrictEqual(ids(yield* store.readLast(100, { filter })), wanted)
        const [last] = yield* store.readLast(1)
        assert.deepStrictEqual(last, yield* store.eventAt(last!.position))
        const mine = { streamPrefixes: [category] }
        assert.deepStrictEqual(yield* store.readAll({ after: last!.position, filter: mine }), [])
        assert.deepStrictEqual(yield* store.readLast(3, { filter: { types: ["None"] } }), [])
      })
    )

    check("events as they are stored, also those that are unknown here", (store, category) =>
      Effect.gen(function* () {
        const stream = `${category}-1`
        const before = yield* store.head
        const stored = [event(), unknownEvent(), event(), unknownEvent()]
        yield* store.append(stream, stored, "no_stream")
        const rows = yield* rowsOf(store, { stream, after: before, count: 4, limit: 10 })
        assert.deepStrictEqual(rows.map(contentOf), stored as ReadonlyArray<object>)
        for (const limit of [1, 2]) {
          const rest = yield* rowsOf(store, { stream, after: rows[0]!.position, count: 3, limit })
          assert.deepStrictEqual(rest, rows.slice(1))
        }
        assert.deepStrictEqual(yield* store.storedAt(rows[1]!.position), rows[1])
        assert.strictEqual(yield* store.eventAt(rows[1]!.position), undefined)
        assert.strictEqual(yield* store.storedAt(rows[3]!.position + 1_000_000_000), undefined)
      })
    )

    check("a stream forwards and backwards, from a revision, so many", (store, category) =>
      Effect.gen(function* () {
        const stream = `${category}-1`
        yield* store.append(stream, events(10), "no_stream")
        const revisions = (options?: Parameters<typeof store.readStream>[1]) =>
          Effect.map(store.readStream(stream, options), (read) => read.map(({ revision }) => revision))
        assert.deepStrictEqual(yield* revisions({ from: 7 }), [7, 8, 9])
        assert.deepStrictEqual(yield* revisions({ limit: 2 }), [0, 1])
        assert.deepStrictEqual(yield* revisions({ from: 3, limit: 2 }), [3, 4])
        assert.deepStrictEqual(yield* revisions({ from: 10 }), [])
        assert.deepStrictEqual(yield* revisions({ direction: "backwards", limit: 3 }), [9, 8, 7])
        assert.deepStrictEqual(yield* revisions({ direction: "backwards", from: 1 }), [1, 0])
        assert.deepStrictEqual(yield* revisions({ direction: "backwards", from: 99, limit: 1 }), [9])
        assert.deepStrictEqual(yield* store.readStream(`${category}-none`), [])
      })
    )

    check("the log in one order, page by page, filtered by type and stream", (store, category) =>
      Effect.gen(function* () {
        const before = yield* store.head
        const written: Array<{ readonly stream: string; readonly type: string; readonly id: string }> = []
        for (let n = 0; n < 40; n++) {
          const stream = n % 7 === 0 ? category : `${category}${n % 4 < 2 ? "" : "x"}-${n % 3}`
          const batch = n % 5 === 0 ? [deletion(), event()] : [event()]
          yield* store.append(stream, batch, "any")
          for (const { id, type } of batch) written.push({ stream, type, id })
        }
        const paged = (limit: number, filter: EventFilter) =>
          Effect.gen(function* () {
            const all: Array<TestudoEvent> = []
            for (let after = before; ; ) {
              const page = yield* store.readAll({ after, limit, filter })
              assert.isAtMost(page.length, limit)
              if (page.length === 0) return ids(all)
              all.push(...page)
              after = page.at(-1)!.position
            }
          })
        const filters: ReadonlyArray<EventFilter & { readonly streamPrefixes: ReadonlyArray<string> }> = [
          { streamPrefixes: [category] },
          { streamPrefixes: [`${category}-`] },
          { streamPrefixes: [`${category}x`] },
          { streamPrefixes: [`${category}-1`] },
          { streamPrefixes: [`${category}x-1`, `${category}-0`, `${category}-`] },
          { streamPrefixes: [category.slice(0, -1)] },
          { streamPrefixes: [`${category}-`], types: ["BouncerDeleted"] },
          { streamPrefixes: [category], types: ["NameResolved", "BouncerDeleted", "none", "constructor"] },
          { streamPrefixes: [category], types: [] },
          { streamPrefixes: [] }
        ]
        for (const filter of filters) {
          const expected = written.filter(
            ({ stream, type }) =>
              (filter.types?.includes(type) ?? true) &&
              filter.streamPrefixes.some((prefix) => stream.startsWith(prefix))
          )
          for (const limit of [1, 7, 1000]) assert.deepStrictEqual(yield* paged(limit, filter), ids(expected))
        }
        const everything = new Set(yield* paged(1000, {}))
        assert.isTrue(written.every(({ id }) => everything.has(id)))
      })
    )

    check("few events of several types among many of other streams", (store, category) =>
      Effect.gen(function* () {
        const before = yield* store.head
        const rare: Array<string> = []
        for (let n = 0; n < 12; n++) {
          const batch = n % 3 === 0 ? [deletion()] : [event()]
          yield* store.append(`${category}-1`, batch, "any")
          yield* store.append(`${category}-2`, [...events(30), ...(n === 5 ? [deletion()] : [])], "any")
          rare.push(...ids(batch))
        }
        const filter = { streamPrefixes: [`${category}-1`] }
        for (const limit of [1, 5, 12, 1000]) {
          assert.deepStrictEqual(ids(yield* store.readAll({ after: before, limit, filter })), rare.slice(0, limit))
        }
        const given = store.subscribe({ after: before, filter }).pipe(Stream.takeUntil(isCaughtUp), Stream.runCollect)
        assert.deepStrictEqual(eventIds(yield* given), rare)
      })
    )

    check("leaves out types of other versions, and gets past them", (store, category) =>
      Effect.gen(function* () {
        const stream = `${category}-1`
        const before = yield* store.head
        const known = events(3)
        yield* store.append(stream, [known[0]!], "no_stream")
        yield* store.append(stream, Array.from({ length: 300 }, unknownEvent), 0)
        yield* store.append(stream, [known[1]!, unknownEvent(), known[2]!], 300)
        const filter = { streamPrefixes: [stream] }
        assert.deepStrictEqual(ids(yield* store.readStream(stream, { limit: 2 })), ids(known.slice(0, 2)))
        assert.strictEqual((yield* store.readStream(stream, { direction: "backwards", limit: 1 }))[0]!.revision, 303)
        assert.deepStrictEqual(ids(yield* store.readAll({ after: before, limit: 2, filter })), ids(known.slice(0, 2)))
        const given = yield* store
          .subscribe({ after: before, filter })
          .pipe(Stream.takeUntil(isCaughtUp), Stream.runCollect)
        assert.deepStrictEqual(eventIds(given), ids(known))
      })
    )

    check("the event at a position, and none where there is none", (store, category) =>
      Effect.gen(function* () {
        yield* store.append(`${category}-1`, [event(), unknownEvent(), event()], "no_stream")
        const [first, last] = yield* store.readStream(`${category}-1`)
        assert.deepStrictEqual(yield* store.eventAt(first!.position), first!)
        assert.deepStrictEqual(yield* store.eventAt(last!.position), last!)
        const head = yield* store.head
        for (const nowhere of [-1, head + 1, head + 1_000_000, last!.position + 0.5])
          assert.strictEqual(yield* store.eventAt(nowhere), undefined)
      })
    )

    check("dies of nonsense instead of answering it", (store, category) =>
      Effect.gen(function* () {
        const calls: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
          store.readAll({ limit: 0 }),
          store.readAll({ after: Number.NaN }),
          store.readStream(`${category}-1`, { limit: -1 }),
          store.readStream(`${category}-1`, { from: 0.5 }),
          Stream.runHead(store.subscribe({ after: -2 }))
        ]
        for (const call of calls) {
          const exit = yield* Effect.exit(call)
          assert.isTrue(Exit.isFailure(exit) && exit.cause.reasons.every(({ _tag }) => _tag === "Die"))
        }
      })
    )
  })
}

/** Leaves events behind that `log verify` finds. */
export const unreadableContract = (check: Check): void => {
  check("events that are not what their type says are copied as they are", (store, category) =>
    Effect.gen(function* () {
      const stream = `${category}-1`
      const before = yield* store.head
      const later = { ...event(), data: { of: "later" }, metadata: { version: 9 } }
      const broken = { ...event(), data: { nothing: true } }
      const stored = [event(), later, broken]
      yield* store.append(stream, [stored[0]!], "no_stream")
      for (const one of [later, broken]) yield* refused(store.append(stream, [one], 0))
      yield* store.appendGroup([{ stream, events: stored.slice(1), expected: 0, asStored: true }])
      const rows = yield* rowsOf(store, { stream, after: before, count: 3, limit: 10 })
      assert.deepStrictEqual(rows.map(contentOf), stored as ReadonlyArray<object>)
      const read = yield* store.readStream(stream)
      assert.deepStrictEqual(
        read.map(({ type }) => type),
        [stored[0]!.type, "Unreadable"]
      )
    })
  )
}
