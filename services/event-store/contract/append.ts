/** Appends: expectations, repetitions, refusals. */
import { randomUUID } from "node:crypto"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { batchOf } from "../../../domain/detection/recorded.fixture.ts"
import type { ProposedEvent } from "../../../domain/events/event.ts"
import { LogBatchAppended } from "../../../domain/events/log-batch.ts"
import { NameResolved } from "../../../domain/events/name-resolved.ts"
import { sourceOf } from "../../../domain/events/stream-name.ts"
import { sealBody } from "../../acquisition/body.ts"
import { type ExpectedRevision, maxAppendBytes } from "../event-store.ts"
import { type Check, conflict, event, events, ids, refused, unknownEvent } from "./sample.ts"

export const appendContract = (check: Check): void => {
  describe("append", () => {
    check("gives back what was appended, in order", (store, category) =>
      Effect.gen(function* () {
        const before = yield* store.head
        const cause = { causation: randomUUID(), correlation: randomUUID() }
        const data = { address: "::1", name: "\u0000 \ud800 \u{1f6e1} \"'\\ __proto__", outcome: "none" } as const
        const batch = [event("a"), NameResolved.propose(randomUUID(), data, cause), event("c".repeat(350_000))]
        const appended = yield* store.append(`${category}-1`, batch, "no_stream")
        const read = yield* store.readStream(`${category}-1`)
        assert.strictEqual(appended.revision, 2)
        assert.strictEqual(appended.position, read[2]!.position)
        assert.isTrue(before < read[0]!.position)
        assert.isTrue(read[0]!.position < read[1]!.position && read[1]!.position < read[2]!.position)
        assert.isAtLeast(yield* store.head, appended.position) // others may write as well
        for (const [index, { id, type, data, metadata, stream, revision, recordedAt }] of read.entries()) {
          assert.deepStrictEqual({ id, type, data, metadata }, batch[index] as object)
          assert.strictEqual(stream, `${category}-1`)
          assert.strictEqual(revision, index)
          assert.isTrue(Math.abs(Date.now() - recordedAt) < 60_000)
        }
      })
    )

    const expectations: ReadonlyArray<readonly [ExpectedRevision, missing: boolean, existing: boolean]> = [
      ["any", true, true],
      ["no_stream", true, false],
      ["stream_exists", false, true],
      [-1, true, false],
      [0, false, false],
      [2, false, true],
      [3, false, false]
    ]
    for (const [expected, missing, existing] of expectations) {
      check(`expecting ${expected}`, (store, category) =>
        Effect.gen(function* () {
          const [one, two] = [`${category}-1`, `${category}-2`]
          yield* missing ? store.append(one, [event()], expected) : conflict(store.append(one, [event()], expected), -1)
          yield* store.append(two, events(3), "no_stream")
          yield* existing ? store.append(two, [event()], expected) : conflict(store.append(two, [event()], expected), 2)
          assert.lengthOf(yield* store.readStream(one), missing ? 1 : 0)
          assert.lengthOf(yield* store.readStream(two), existing ? 4 : 3)
        })
      )
    }

    check("an empty list only checks the expectation", (store, category) =>
      Effect.gen(function* () {
        const stream = `${category}-1`
        assert.deepStrictEqual(yield* store.append(stream, [], "no_stream"), { revision: -1, position: -1 })
        assert.deepStrictEqual(yield* store.append(stream, [], "any"), { revision: -1, position: -1 })
        yield* conflict(store.append(stream, [], "stream_exists"), -1)
        const appended = yield* store.append(stream, events(2), "no_stream")
        assert.deepStrictEqual(yield* store.append(stream, [], 1), appended)
        yield* conflict(store.append(stream, [], 0), 1)
        assert.lengthOf(yield* store.readStream(stream), 2)
      })
    )

    check("a repeated append is answered like the first time and writes nothing", (store, category) =>
      Effect.gen(function* () {
        const stream = `${category}-1`
        const [first, second] = [events(3), events(2)]
        const answers = [yield* store.append(stream, first, "no_stream"), yield* store.append(stream, second, 2)]
        assert.deepStrictEqual(yield* store.append(stream, second, 2), answers[1])
        yield* store.append(stream, [event()], 4)
        assert.deepStrictEqual(yield* store.append(stream, first, "no_stream"), answers[0])
        assert.deepStrictEqual(yield* store.append(stream, second, 2), answers[1])
        assert.lengthOf(yield* store.readStream(stream), 6)
      })
    )

    check("a part of an earlier append at its own place is a repetition as well", (store, category) =>
      Effect.gen(function* () {
        const stream = `${category}-1`
        const batch = events(3)
        yield* store.append(stream, batch, "no_stream")
        assert.strictEqual((yield* store.append(stream, batch.slice(0, 2), "no_stream")).revision, 1)
        assert.strictEqual((yield* store.append(stream, batch.slice(1), 0)).revision, 2)
        assert.lengthOf(yield* store.readStream(stream), 3)
      })
    )

    check("known events in the wrong place conflict", (store, category) =>
      Effect.gen(function* () {
        const stream = `${category}-1`
        const batch = events(3)
        yield* store.append(stream, batch, "no_stream")
        yield* conflict(store.append(stream, [batch[1]!], 1), 2)
        yield* conflict(store.append(stream, [batch[1]!], "no_stream"), 2)
        yield* conflict(store.append(stream, batch.slice(0, 2), 0), 2)
        yield* conflict(store.append(stream, batch.slice(1), "no_stream"), 2)
        const later = events(3)
        yield* store.append(stream, later, 2)
        yield* conflict(store.append(stream, later, "no_stream"), 5)
        yield* conflict(store.append(stream, later, 0), 5)
        yield* conflict(store.append(stream, later, 1), 5)
        yield* conflict(store.append(stream, later, 4), 5)
        assert.lengthOf(yield* store.readStream(stream), 6)
      })
    )

    check("a repetition with something new in it is refused", (store, category) =>
      Effect.gen(function* () {
        const stream = `${category}-1`
        const batch = events(3)
        yield* store.append(stream, batch, "no_stream")
        yield* refused(store.append(stream, [...batch, event()], "no_stream"))
        yield* refused(store.append(stream, [batch[2]!, event()], 1))
        assert.lengthOf(yield* store.readStream(stream), 3)
      })
    )

    check("an id that the end of the stream holds is refused behind it", (store, category) =>
      Effect.gen(function* () {
        const stream = `${category}-1`
        const batch = events(3)
        yield* store.append(stream, batch, "no_stream")
        yield* refused(store.append(stream, [batch[0]!], 2))
        yield* refused(store.append(stream, [event(), batch[1]!], 2))
        yield* refused(store.append(stream, [event(), batch[2]!], "any"))
        yield* refused(store.append(stream, [batch[2]!, batch[0]!], "any"))
        assert.lengthOf(yield* store.readStream(stream), 3)
      })
    )

    check("an id that another stream knows is new here", (store, category) =>
      Effect.gen(function* () {
        const batch = events(2)
        yield* store.append(`${category}-1`, batch, "no_stream")
        yield* store.append(`${category}-2`, batch, "no_stream")
        assert.deepStrictEqual(ids(yield* store.readStream(`${category}-2`)), ids(batch))
      })
    )

    const wrong: ReadonlyArray<readonly [string, ProposedEvent]> = [
      ["an id that is no UUID", event("a", "1")],
      ["an id in upper case", event("a", randomUUID().toUpperCase())],
      ["the nil id", event("a", "00000000-0000-0000-0000-000000000000")],
      ["an empty type", { ...event(), type: "" }],
      ["a type of the store's own", { ...event(), type: "$metadata" }],
      ["a type with a control character", { ...event(), type: "a\nb" }],
      ["data that does not fit its type", { ...event(), data: { address: 1 } }],
      ["no data", { ...unknownEvent(), data: undefined }],
      ["data with a bigint", { ...unknownEvent(), data: 1n }],
      ["no version", { ...event(), metadata: {} as never }],
      ["huge metadata", { ...event(), metadata: { version: 1, $causationId: "x".repeat(5000) } }]
    ]
    for (const [what, culprit] of wrong) {
      check(`refuses ${what}`, (store, category) =>
        Effect.gen(function* () {
          yield* refused(store.append(`${category}-1`, [event(), culprit], "no_stream"))
          assert.lengthOf(yield* store.readStream(`${category}-1`), 0)
        })
      )
    }

    check("refuses an id that is in the append twice", (store, category) =>
      Effect.gen(function* () {
        const twice = event()
        const message = yield* refused(store.append(`${category}-1`, [twice, event(), twice], "no_stream"))
        assert.include(message, twice.id)
        assert.lengthOf(yield* store.readStream(`${category}-1`), 0)
      })
    )

    const names = ["", "$system", "$$meta", "a\u0000b", "a\u007f", "lone \udc00", "x".repeat(1001)]
    for (const name of names) {
      check(`refuses the stream name ${JSON.stringify(name.slice(0, 20))}`, (store) =>
        Effect.asVoid(refused(store.append(name, [event()], "any")))
      )
    }

    for (const expected of [-2, 0.5, Number.NaN, Infinity, "exists" as "any"]) {
      check(`refuses to expect ${expected}`, (store, category) =>
        Effect.asVoid(refused(store.append(`${category}-1`, [event()], expected)))
      )
    }

    check("takes names of 1,000 characters, spaces and any script", (store, category) =>
      Effect.gen(function* () {
        const stream = `${category}-Страница \u{1f6e1} /?#%`.padEnd(1000, "x")
        yield* store.append(stream, [event()], "no_stream")
        assert.lengthOf(yield* store.readStream(stream), 1)
      })
    )

    check("has a limit for the data of an append and names it", (store, category) =>
      Effect.gen(function* () {
        const overhead = JSON.stringify(event("").data).length
        const fits = [
          event("x".repeat(400_000 - overhead)),
          event("é".repeat(300_000).slice(0, 300_000 - overhead / 2))
        ]
        const bytes = fits.reduce((sum, { data }) => sum + Buffer.byteLength(JSON.stringify(data)), 0)
        assert.strictEqual(bytes, maxAppendBytes)
        const tooMuch = [fits[0]!, event(`${(fits[1]!.data as { name: string }).name}x`)]
        const message = yield* refused(store.append(`${category}-1`, tooMuch, "no_stream"))
        assert.include(message, String(maxAppendBytes))
        assert.include(message, String(maxAppendBytes + 1))
        yield* store.append(`${category}-1`, fits, "no_stream")
        assert.lengthOf(yield* store.readStream(`${category}-1`), 2)
      })
    )

    check("keeps bytes as they are", (store, category) =>
      Effect.gen(function* () {
        const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
        const { data } = batchOf({
          // Of a node that is none: engines that read this log later leave it alone.
          source: sourceOf(category, "/var/log/test.log"),
          observedAt: "2026-01-01T00:00:00Z",
          lines: 2,
          range: { from: 0, to: bytes.length },
          endsInsideLine: true,
          ...sealBody(bytes)
        })
        const batch = LogBatchAppended.propose(randomUUID(), data)
        const seen = yield* store.subscribe({ after: yield* store.head, filter: { streamPrefixes: [category] } }).pipe(
          Stream.filter((item) => item._tag === "Event"),
          Stream.take(1),
          Stream.runCollect,
          Effect.forkChild
        )
        const appended = yield* store.append(`${category}-1`, [batch], "no_stream")
        const [read] = yield* store.readStream(`${category}-1`)
        assert.isTrue(read?.type === "LogBatchAppended" && Buffer.compare(read.data.body, data.body) === 0)
        assert.deepStrictEqual(yield* store.append(`${category}-1`, [batch], "no_stream"), appended)
        const [item] = yield* Fiber.join(seen)
        assert.deepStrictEqual(item?._tag === "Event" ? item.event : undefined, read)
      })
    )

    check("takes more events than is considerate, all or none", (store, category) =>
      Effect.gen(function* () {
        const batch = events(1_000)
        assert.strictEqual((yield* store.append(`${category}-1`, batch, "no_stream")).revision, 999)
        assert.deepStrictEqual(ids(yield* store.readStream(`${category}-1`)), ids(batch))
      })
    )

    check("one of many writers at the same revision wins", (store, category) =>
      Effect.gen(function* () {
        const rivals = Array.from({ length: 20 }, () =>
          Effect.exit(store.append(`${category}-1`, [event()], "no_stream"))
        )
        const exits = yield* Effect.all(rivals, { concurrency: "unbounded" })
        assert.lengthOf(exits.filter(Exit.isSuccess), 1)
        assert.lengthOf(yield* store.readStream(`${category}-1`), 1)
      })
    )
  })

  describe("append of a group", () => {
    check("writes the parts in the given order", (store, category) =>
      Effect.gen(function* () {
        const parts = [1, 2, 1, 3].map((n) => ({
          stream: `${category}-${n}`,
          events: events(n),
          expected: "any" as const
        }))
        const before = yield* store.head
        const appended = yield* store.appendGroup(parts)
        assert.deepStrictEqual(
          appended.map(({ revision }) => revision),
          [0, 1, 1, 2]
        )
        const read = yield* store.readAll({ after: before, filter: { streamPrefixes: [`${category}-`] } })
        assert.deepStrictEqual(ids(read), ids(parts.flatMap(({ events }) => events)))
        assert.deepStrictEqual(yield* store.appendGroup([]), [])
      })
    )

    check("fails with the first part that does and keeps those before it", (store, category) =>
      Effect.gen(function* () {
        const part = (n: number, events: ReadonlyArray<ProposedEvent>, expected: ExpectedRevision) => ({
          stream: `${category}-${n}`,
          events,
          expected
        })
        const [good, late] = [events(2), events(1)]
        yield* conflict(store.appendGroup([part(1, good, "no_stream"), part(2, late, 7), part(3, late, "any")]), -1)
        yield* refused(
          store.appendGroup([
            part(4, good, "no_stream"),
            part(5, [unknownEvent(), event("", "bad")], "any"),
            part(6, late, "any")
          ])
        )
        const lengths = yield* Effect.forEach([1, 2, 3, 4, 5, 6], (n) => store.readStream(`${category}-${n}`))
        const written = lengths.map(({ length }) => length)
        assert.deepStrictEqual([written[0], written[1], written[3], written[4]], [2, 0, 2, 0])
        yield* store.appendGroup([part(1, good, "no_stream"), part(2, late, "no_stream"), part(3, late, "any")])
        assert.lengthOf(yield* store.readStream(`${category}-1`), 2)
      })
    )
  })
}
