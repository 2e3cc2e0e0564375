import { randomUUID } from "node:crypto"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as TestClock from "effect/testing/TestClock"
import { afterAll } from "vitest"
import { memoryFolder } from "../../fixtures/memory-folder.ts"
import type { ProposedEvent } from "../../domain/events/event.ts"
import { LogBatchAppended } from "../../domain/events/log-batch.ts"
import { offenderStream } from "../../domain/events/stream-name.ts"
import { decisionMade, decisionRetracted, overflowRaised } from "../../projections/example.fixture.ts"
import { batchOf } from "../acquisition/line-reader.ts"
import { EmbeddedEventStore } from "../event-store/embedded.ts"
import { EventStore } from "../event-store/event-store.ts"
import { verifyEmbedded } from "../event-store/verify-embedded.ts"
import { Retention, type RetentionRules } from "./retention.ts"

const base = memoryFolder("testudo-retention-")
afterAll(() => rmSync(base, { recursive: true, force: true }))
let made = 0

const day = 86_400_000
const none: RetentionRules = { linesAge: undefined, linesBytes: undefined, dossiersAge: undefined }

const appendBatch = Effect.fnUntraced(function* (source: string) {
  const store = yield* EventStore
  const bytes = Buffer.from(`${randomUUID()} line\n`.repeat(50))
  const piece = { from: 0, to: bytes.length, bytes, lines: 50, startsInsideLine: false, endsInsideLine: false }
  const log = { source, path: `/var/log/${source}`, labels: { type: "syslog" }, zone: "UTC" }
  const batch = batchOf(log, { device: 1, inode: 1, head: bytes }, piece, "observed", 0)
  yield* store.append(`log-${source}`, [LogBatchAppended.propose(randomUUID(), batch)], "any")
})

/** One test on a store in a directory, at a clock that begins in 1970; in the end the log has to verify. */
const onStore = (test: Effect.Effect<void, unknown, EventStore>) => {
  const directory = join(base, String(made++))
  return Effect.gen(function* () {
    yield* test
    const { findings } = yield* verifyEmbedded(directory)
    assert.deepStrictEqual(findings, [])
  }).pipe(Effect.provide(EmbeddedEventStore.layer({ directory, mode: "writer" })))
}

const revisions = Effect.fnUntraced(function* (stream: string) {
  const store = yield* EventStore
  return (yield* store.readStream(stream)).map(({ revision }) => revision)
})

describe("retention of lines", () => {
  it.effect("drops what is too old, in whole slices, and keeps the last batch of a source", () =>
    onStore(
      Effect.gen(function* () {
        yield* appendBatch("quiet")
        for (let n = 0; n < 10; n++) {
          yield* appendBatch("busy")
          yield* TestClock.adjust("1 day")
        }
        const retention = new Retention({ ...none, linesAge: 3 * day })
        const due = yield* retention.due
        assert.strictEqual(due.batches, 7) // of days 0 to 6; the quiet one stays
        assert.deepStrictEqual(yield* revisions("log-busy"), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
        assert.deepStrictEqual(yield* retention.apply, due)
        assert.deepStrictEqual(yield* revisions("log-busy"), [7, 8, 9])
        assert.deepStrictEqual(yield* revisions("log-quiet"), [0])
        assert.strictEqual((yield* retention.apply).batches, 0)
        assert.strictEqual((yield* new Retention({ ...none, linesAge: 3 * day }).due).batches, 0)
        yield* TestClock.adjust("1 day")
        assert.strictEqual((yield* retention.apply).batches, 1)
        assert.deepStrictEqual(yield* revisions("log-busy"), [8, 9])
        yield* appendBatch("busy")
        assert.deepStrictEqual(yield* revisions("log-busy"), [8, 9, 10])
        yield* appendBatch("quiet")
        yield* TestClock.adjust("10 days")
        yield* appendBatch("busy")
        assert.strictEqual((yield* retention.apply).batches, 4) // the quiet one can go now: another is the last
        assert.deepStrictEqual(yield* revisions("log-busy"), [11])
        assert.deepStrictEqual(yield* revisions("log-quiet"), [1])
      })
    )
  )

  it.effect("drops the oldest when there is too much", () =>
    onStore(
      Effect.gen(function* () {
        for (let n = 0; n < 10; n++) {
          yield* appendBatch("busy")
          yield* TestClock.adjust("2 hours")
        }
        const store = yield* EventStore
        const sizes = (yield* store.readStream("log-busy")).map((event) =>
          event.type === "LogBatchAppended" ? event.data.body.length : 0
        )
        const most = sizes.slice(6).reduce((sum, size) => sum + size, 0)
        assert.strictEqual((yield* new Retention({ ...none, linesBytes: most }).apply).batches, 6)
        assert.deepStrictEqual(yield* revisions("log-busy"), [6, 7, 8, 9])
      })
    )
  )

  it.effect("does nothing without rules", () =>
    onStore(
      Effect.gen(function* () {
        yield* appendBatch("busy")
        yield* TestClock.adjust("1000 days")
        assert.deepStrictEqual(yield* new Retention(none).apply, { slices: [], batches: 0, bytes: 0, dossiers: [] })
      })
    )
  )
})

describe("retention of dossiers", () => {
  const dossier = Effect.fnUntraced(function* (
    number: number,
    until: string,
    options: { readonly lifted?: boolean } = {}
  ) {
    const store = yield* EventStore
    const value = `192.0.2.${number}`
    const decision = decisionMade({ number, value, until }, { position: number })
    const events = [
      overflowRaised({}, { position: 1000 + number }),
      decision,
      ...(options.lifted === true ? [decisionRetracted(decision, { position: 2000 + number })] : [])
    ]
    const stream = offenderStream("Ip", value)
    for (const { id, type, data, metadata } of events)
      yield* store.append(stream, [{ id, type, data, metadata }], "any")
    return stream
  })

  it.effect("drops those that were silent for long, but none with a decision that holds, nor the highest number", () =>
    onStore(
      Effect.gen(function* () {
        const old = yield* dossier(1, "1970-01-01T04:00:00Z")
        const banned = yield* dossier(2, "1980-01-01T00:00:00Z")
        const lifted = yield* dossier(3, "1980-01-01T00:00:00Z", { lifted: true })
        const highest = yield* dossier(4, "1970-01-01T04:00:00Z")
        yield* TestClock.adjust("100 days")
        const young = yield* dossier(5, "1970-04-11T04:00:00Z")
        const retention = new Retention({ ...none, dossiersAge: 30 * day })
        assert.deepStrictEqual((yield* retention.due).dossiers, [old, lifted])
        assert.deepStrictEqual((yield* retention.apply).dossiers, [old, lifted])
        const lengths = yield* Effect.forEach([old, banned, lifted, highest, young], revisions)
        assert.deepStrictEqual(
          lengths.map(({ length }) => length),
          [0, 2, 0, 2, 2]
        )
        yield* TestClock.adjust("40 days")
        assert.deepStrictEqual((yield* retention.apply).dossiers, [highest]) // number 5 is the highest now
        assert.deepStrictEqual(yield* revisions(highest), [])
        yield* TestClock.adjust("4000 days")
        assert.deepStrictEqual((yield* retention.apply).dossiers, [banned]) // the ban has ended
        assert.deepStrictEqual(yield* revisions(banned), [])
      })
    )
  )

  it.effect("keep the last one that anything was added to: the engine's snapshot may stand there", () =>
    onStore(
      Effect.gen(function* () {
        const store = yield* EventStore
        yield* dossier(2, "1970-01-01T04:00:00Z")
        const last = yield* dossier(1, "1970-01-01T04:00:00Z")
        const retention = new Retention({ ...none, dossiersAge: 30 * day })
        yield* TestClock.adjust("100 days")
        assert.deepStrictEqual((yield* retention.apply).dossiers, [])
        yield* store.append("offender-Ip:192.0.2.3", [overflowRaised({}, { position: 9_000 })], "any")
        assert.deepStrictEqual((yield* retention.apply).dossiers, [last])
      })
    )
  )

  it.effect("keep a decision that holds, however much was raised against the offender since", () =>
    onStore(
      Effect.gen(function* () {
        const store = yield* EventStore
        const banned = yield* dossier(1, "1980-01-01T00:00:00Z")
        yield* dossier(2, "1970-01-01T04:00:00Z")
        const raised = Array.from({ length: 1_100 }, (_, n) => overflowRaised({}, { position: 5_000 + n }))
        yield* store.append(banned, raised, "any")
        yield* TestClock.adjust("100 days")
        assert.deepStrictEqual((yield* new Retention({ ...none, dossiersAge: 30 * day }).due).dossiers, [])
      })
    )
  )

  it.effect("keep the overflows that a decision of another dossier rests on, as long as it holds", () =>
    onStore(
      Effect.gen(function* () {
        const store = yield* EventStore
        const append = Effect.fnUntraced(function* (stream: string, ...events: ReadonlyArray<ProposedEvent>) {
          for (const { id, type, data, metadata } of events)
            yield* store.append(stream, [{ id, type, data, metadata }], "any")
        })
        const dossierOf = Effect.fnUntraced(function* (value: string, rests: ReadonlyArray<string>) {
          const at = "1970-01-01T00:00:00Z"
          const entries = rests.map((event) => ({ event, line: 0, at, text: "", meta: {} }))
          const overflow = overflowRaised({ evidence: { meta: {}, entries } }, { position: 10_000 + made++ })
          yield* append(offenderStream("Ip", value), overflow)
          return overflow.id
        })
        const first = yield* dossierOf("192.0.2.101", [])
        const second = yield* dossierOf("192.0.2.102", [])
        const middle = yield* dossierOf("192.0.2.103", [first])
        yield* dossierOf("192.0.2.104", [])
        const overflow = yield* dossierOf("192.0.2.105", [middle, second])
        const fields = { number: 7, value: "192.0.2.105", until: "1970-03-12T00:00:00Z", overflow }
        yield* append(offenderStream("Ip", "192.0.2.105"), decisionMade(fields, { position: 7 }))
        yield* TestClock.adjust("40 days")
        yield* dossier(9, "1970-01-01T04:00:00Z")
        const retention = new Retention({ ...none, dossiersAge: 30 * day })
        assert.deepStrictEqual((yield* retention.apply).dossiers, [offenderStream("Ip", "192.0.2.104")])
        yield* TestClock.adjust("31 days") // the decision has ended
        const rest = [101, 102, 103, 105].map((n) => offenderStream("Ip", `192.0.2.${n}`))
        assert.deepStrictEqual((yield* retention.apply).dossiers, rest)
      })
    )
  )
})

it.effect("a clock that jumps ahead takes nothing away, unless it goes on for a day", () =>
  onStore(
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      let ahead = 0
      const jumping: Clock.Clock = { ...clock, currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + ahead }
      const retention = new Retention({ ...none, linesAge: 30 * day })
      const applied = Effect.map(Effect.provideService(retention.apply, Clock.Clock, jumping), ({ batches }) => batches)
      for (let n = 0; n < 3; n++) {
        yield* appendBatch("busy")
        yield* TestClock.adjust("1 day")
      }
      assert.strictEqual(yield* applied, 0)
      ahead = 1_000 * day
      assert.strictEqual(yield* applied, 0)
      yield* TestClock.adjust("23 hours")
      assert.strictEqual(yield* applied, 0)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* applied, 2)
    }).pipe(Effect.provide(Logger.layer([])))
  )
)
