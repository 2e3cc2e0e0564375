/** Erasure on a server: readers see what they would see in an embedded store after the same erasure, from the first moment on. */
import { randomUUID } from "node:crypto"
import { cpSync, rmSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { afterAll } from "vitest"
import type { ProposedEvent } from "../../domain/events/event.ts"
import { LeaseTaken } from "../../domain/events/lease.ts"
import { LogBatchAppended } from "../../domain/events/log-batch.ts"
import { NameResolved } from "../../domain/events/name-resolved.ts"
import { logStream, offenderStream } from "../../domain/events/stream-name.ts"
import { StandIn } from "../../fixtures/eventstoredb/stand-in.ts"
import { memoryFolder } from "../../fixtures/memory-folder.ts"
import { decisionMade, overflowRaised } from "../../projections/example.fixture.ts"
import { decodeLines } from "../acquisition/body.ts"
import { batchOf } from "../acquisition/line-reader.ts"
import { Intake } from "../engine/intake.ts"
import { copyLog } from "../event-store/copy-log.ts"
import { EmbeddedEventStore } from "../event-store/embedded.ts"
import { EventStore, type ReadAllOptions, type StoreUnavailable } from "../event-store/event-store.ts"
import { EventStoreDb, type EventStoreDbOptions } from "../event-store/eventstoredb.ts"
import type { Row } from "../event-store/row.ts"
import { verifyLog } from "../event-store/verify-log.ts"
import { takeLease } from "../node/lease.ts"
import { eraseOffender } from "./erase-embedded.ts"
import { eraseOnServer } from "./erase-server.ts"

type Store = typeof EventStore.Service

const base = memoryFolder("testudo-erase-server-")
afterAll(() => rmSync(base, { recursive: true, force: true }))

const him = "203.0.113.9"
const other = "198.51.100.7"
const until = "1971-01-01T00:00:00Z"

const proposed = ({ id, type, data, metadata }: ProposedEvent): ProposedEvent => ({ id, type, data, metadata })

const batch = (source: string, number: number, addresses: ReadonlyArray<string>): ProposedEvent => {
  const text = addresses.map((address, line) => `line ${line} of ${number}: refused ${address} at the door\n`).join("")
  const bytes = Buffer.from(text)
  const range = { from: number * 1_000, to: number * 1_000 + bytes.length }
  const piece = { ...range, bytes, lines: addresses.length, startsInsideLine: false, endsInsideLine: false }
  const log = { source, path: source, labels: { type: "syslog" }, zone: "UTC" }
  return LogBatchAppended.propose(
    randomUUID(),
    batchOf(log, { device: 1, inode: 1, head: bytes }, piece, "observed", number)
  )
}

const overflow = (value: string, mentioned: string, position: number) => {
  const entry = { event: randomUUID(), line: 0, at: until, text: `refused ${mentioned}`, meta: { ip: mentioned } }
  const evidence = { meta: {}, entries: [entry] }
  return proposed(overflowRaised({ source: { scope: "Ip", value, ip: value }, evidence }, { position }))
}

/** Two logs by turns, one that speaks of him to its end; dossiers; names; and an event of a type that is unknown here. */
const original = Effect.gen(function* () {
  const directory = join(base, "original")
  const store = yield* built(EmbeddedEventStore.layer({ directory, mode: "writer" }))
  const append = (stream: string, ...events: ReadonlyArray<ProposedEvent>) =>
    store.appendGroup([{ stream, events, expected: "any", asStored: true }])
  for (let n = 0; n < 80; n++) {
    yield* append(logStream("/a"), batch("/a", n, [other, n % 7 === 0 || n === 79 ? him : other, other]))
    if (n % 2 === 0) yield* append(logStream("/b"), batch("/b", n, [n === 20 ? him : other]))
    if (n % 20 === 3) yield* append(offenderStream("Ip", him), overflow(him, him, n))
    if (n % 20 === 5) yield* append(offenderStream("Ip", other), overflow(other, n > 20 ? him : other, 500 + n))
    if (n === 30) {
      yield* append(
        offenderStream("Ip", him),
        proposed(decisionMade({ number: 1, value: him, until }, { position: 900 }))
      )
      yield* append(
        "names",
        NameResolved.propose(randomUUID(), { address: other, name: "o.example.", outcome: "answered" })
      )
      yield* append("later", { id: randomUUID(), type: "InventedLater", data: { ip: him }, metadata: { version: 4 } })
    }
  }
  yield* append(offenderStream("Ip", "192.0.2.1"), overflow("192.0.2.1", other, 901))
  yield* append("names", NameResolved.propose(randomUUID(), { address: him, name: "h.example.", outcome: "answered" }))
  return directory
}).pipe(Effect.scoped, Effect.cached, Effect.runSync)

const built = (layer: Layer.Layer<EventStore, StoreUnavailable>) =>
  Effect.map(Layer.build(Layer.fresh(layer)), (context) => Context.get(context, EventStore))

const server = (standIn: StandIn): EventStoreDbOptions => ({
  connectionString: standIn.location,
  shown: "the stand-in",
  patience: 10_000,
  lookUpAfter: 20
})

/** A server with the log on it. */
const withLog = Effect.gen(function* () {
  const standIn = yield* Effect.acquireRelease(
    Effect.promise(() => StandIn.start()),
    (started) => Effect.promise(() => started.stop())
  )
  const store = yield* built(EventStoreDb.layer(server(standIn)))
  const from = yield* built(EmbeddedEventStore.layer({ directory: yield* original, mode: "reader" }))
  yield* copyLog(from, store)
  return { standIn, store }
})

const erase = (standIn: StandIn, value: string, options: Partial<EventStoreDbOptions> = {}) =>
  eraseOnServer({ ...server(standIn), ...options }, value, "anna")

const rowsOf = Effect.fnUntraced(function* (store: Store, limit = 1_000) {
  const rows: Array<Row> = []
  for (;;) {
    const page = yield* store.readStored(rows.at(-1)?.position ?? -1, limit)
    if (page.length === 0) return rows
    rows.push(...page)
  }
})

const account = new Set(["OffenderErased", "StreamRewritten"])

/** What readers see, but for where the store counts its positions and the word that stands for the value. */
const seen = (rows: ReadonlyArray<Row>) =>
  rows
    .filter(({ type }) => !account.has(type))
    .map(({ stream, revision, id, type, metadata, data, bytes }) => {
      const value = JSON.parse(data.replaceAll(/erased-[0-9a-f-]{36}/g, "erased"))
      const all = bytes === null ? value : { ...value, body: Buffer.from(bytes).toString("base64") }
      const shownStream = stream.replace(/erased-[0-9a-f-]{36}/, "erased")
      return { stream: shownStream, revision, id, type, metadata: JSON.parse(metadata), data: all }
    })

/** The same erasures in an embedded store. */
const embedded = Effect.fnUntraced(function* (...values: ReadonlyArray<string>) {
  const directory = join(base, randomUUID())
  cpSync(yield* original, directory, { recursive: true })
  for (const value of values) yield* eraseOffender(directory, value, "anna")
  return seen(yield* rowsOf(yield* built(EmbeddedEventStore.layer({ directory, mode: "reader" }))))
})

const places = (rows: ReadonlyArray<Row>) =>
  rows
    .filter(({ type }) => !account.has(type))
    .map(({ position, revision, id, recordedAt }) => [position, revision, id, recordedAt])

/** Every way to read gives the same log, and it verifies. */
const consistent = Effect.fnUntraced(function* (store: Store) {
  const rows = yield* rowsOf(store)
  assert.deepStrictEqual(yield* rowsOf(store, 7), rows)
  const { findings, events } = yield* Effect.provideService(verifyLog, EventStore, store)
  assert.deepStrictEqual(findings, [])
  assert.strictEqual(events, rows.length)
  const all = yield* store.readAll({ limit: 10_000 })
  assert.deepStrictEqual(
    all.map(({ id }) => id),
    rows.filter(({ type }) => type !== "InventedLater").map(({ id }) => id)
  )
  for (const stream of new Set(all.map((event) => event.stream))) {
    const own = all.filter((event) => event.stream === stream)
    assert.deepStrictEqual(yield* store.readStream(stream), own)
    assert.deepStrictEqual(yield* store.readStream(stream, { direction: "backwards" }), [...own].reverse())
    const [middle, last] = [own[own.length >> 1]!, own.at(-1)!]
    assert.deepStrictEqual(yield* store.readStream(stream, { from: middle.revision, limit: 1 }), [middle])
    assert.deepStrictEqual(yield* store.readStream(stream, { direction: "backwards", limit: 1 }), [last])
    assert.deepStrictEqual(yield* store.eventAt(middle.position), middle)
    assert.deepStrictEqual(yield* store.readLast(3, { filter: { streamPrefixes: [stream] } }), own.slice(-3))
  }
  for (const filter of [{ types: ["OverflowRaised"] }, { types: ["LogBatchAppended"], streamPrefixes: ["log-/b"] }]) {
    const meant = all.filter(
      ({ type, stream }) => filter.types.includes(type) && stream.startsWith(filter.streamPrefixes?.[0] ?? "")
    )
    const read = (options: ReadAllOptions) => store.readAll({ ...options, filter, limit: 10_000 })
    assert.deepStrictEqual(yield* read({}), meant)
    assert.deepStrictEqual(
      yield* read({ after: meant[meant.length >> 1]!.position }),
      meant.slice((meant.length >> 1) + 1)
    )
    assert.deepStrictEqual(yield* store.readLast(5, { filter }), meant.slice(-5))
  }
  const followed = yield* store.subscribe().pipe(
    Stream.takeUntil((item) => item._tag === "CaughtUp"),
    Stream.runCollect
  )
  assert.deepStrictEqual(
    [...followed].flatMap((item) => (item._tag === "Event" ? [item.event] : [])),
    [...all]
  )
  return rows
})

/** What the server's disks hold of a text, and in which streams. */
const onDisk = (standIn: StandIn, text: string) =>
  standIn.database.log.records
    .filter(({ scavenged }) => scavenged !== true)
    .filter(({ data, metadata, stream }) => {
      if (data.includes(text) || metadata.includes(text) || stream.includes(text)) return true
      const { data: inner = JSON.parse(data.toString() || "{}") } = JSON.parse(data.toString() || "{}")
      return typeof inner.body === "string" && inner.range !== undefined && linesOf(inner).includes(text)
    })

const linesOf = (data: unknown): string => decodeLines(LogBatchAppended.decode(data)).join("\n")

const test = (title: string, run: Effect.Effect<void, unknown, never>) => it.live(title, () => run)

describe("erasure on a server", () => {
  test(
    "shows the log as one in an embedded store does, in the old places, before and after a scavenge",
    Effect.gen(function* () {
      const { standIn, store } = yield* withLog
      const before = yield* rowsOf(store)
      // Somebody who follows the log has seen it all, and sees only what comes.
      const late = yield* store.subscribe({ after: before.at(-1)!.position }).pipe(
        Stream.filter((item) => item._tag === "Event"),
        Stream.takeUntil(({ event }) => event.id === last.id),
        Stream.runCollect,
        Effect.forkChild
      )
      const last = NameResolved.propose(randomUUID(), { address: other, name: "l.example.", outcome: "answered" })
      const erased = yield* erase(standIn, him)
      assert.deepStrictEqual(erased, { lines: 14, batches: 14, events: 10, streams: 6 })
      const after = yield* consistent(store)
      assert.deepStrictEqual(places(after), places(before))
      assert.deepStrictEqual(seen(after), yield* embedded(him))

      standIn.scavenge()
      assert.deepStrictEqual(yield* consistent(yield* built(EventStoreDb.layer(server(standIn)))), after)
      assert.deepStrictEqual(yield* rowsOf(store), after)
      // Of his dossier the server keeps the name, with an event that says nothing.
      const left = onDisk(standIn, him)
      assert.deepStrictEqual(
        left.map(({ stream, type }) => [stream, type]),
        [
          [`offender-Ip:${him}`, "$testudo-end"],
          [`$$offender-Ip:${him}`, "$metadata"]
        ]
      )

      const told = after.filter(({ type }) => type === "OffenderErased").map(({ data }) => JSON.parse(data))
      assert.deepStrictEqual(
        told.map(({ by, lines }) => [by, lines]).sort(),
        [0, 0, 0, 0, 1, 13].map((lines) => ["anna", lines]).sort()
      )
      yield* store.append("names", [last], after.findLast(({ stream }) => stream === "names")!.revision)
      const news = [...(yield* Fiber.join(late))].map((item) => (item._tag === "Event" ? item.event.type : ""))
      assert.deepStrictEqual(
        news.filter((type) => !account.has(type)),
        ["NameResolved"]
      )
      assert.deepStrictEqual(yield* erase(standIn, him), { lines: 0, batches: 0, events: 0, streams: 0 })
    }).pipe(Effect.scoped)
  )

  test(
    "lets writers go on: logs behind their last batch, and a dossier that begins anew",
    Effect.gen(function* () {
      const { standIn, store } = yield* withLog
      yield* erase(standIn, him)
      const intake = yield* Effect.provideService(Intake.make, EventStore, store)
      const checkpoint = yield* intake.last("/a")
      assert.strictEqual(checkpoint?.range.from, 79_000)
      yield* intake.append([batch("/a", 80, [him]).data as never])
      assert.strictEqual((yield* intake.last("/a"))?.range.from, 80_000)
      const dossier = offenderStream("Ip", him)
      assert.deepStrictEqual(yield* store.readStream(dossier), [])
      yield* store.append(dossier, [overflow(him, him, 2_000)], "no_stream")
      assert.lengthOf(yield* store.readStream(dossier), 1)
      yield* consistent(store)
      // What was said of him since goes as well, and so does somebody else of whom only the old place speaks.
      assert.deepStrictEqual(yield* erase(standIn, him), { lines: 1, batches: 1, events: 1, streams: 2 })
      yield* consistent(store)
      yield* erase(standIn, other)
      standIn.scavenge()
      yield* consistent(store)
      assert.deepStrictEqual([...new Set(onDisk(standIn, other).map(({ type }) => type))].sort(), [
        "$metadata",
        "$testudo-end"
      ])
    }).pipe(Effect.scoped)
  )

  test(
    "of two values is that of an embedded store, and retention drops what was moved",
    Effect.gen(function* () {
      const { standIn, store } = yield* withLog
      yield* erase(standIn, him)
      yield* erase(standIn, other)
      const rows = yield* consistent(store)
      assert.deepStrictEqual(seen(rows), yield* embedded(him, other))
      const revisions = Effect.map(store.readStream("log-/a"), (events) => events.map(({ revision }) => revision))
      yield* store.truncate("log-/a", 70)
      assert.deepStrictEqual([(yield* revisions)[0], (yield* revisions).length], [70, 11])
      const dossier = rows.find(({ stream }) => stream.startsWith("offender-Ip:erased-"))!.stream
      const late = yield* Effect.flip(store.append(dossier, [overflow(other, other, 3_000)], "any"))
      assert.strictEqual(late._tag, "AppendRefused")
      yield* store.deleteStream(dossier)
      assert.deepStrictEqual(yield* store.readStream(dossier), [])
      standIn.scavenge()
      const left = yield* consistent(store)
      assert.strictEqual(left.find(({ stream }) => stream === "log-/a")!.revision, 70)
      assert.isFalse(left.some(({ stream }) => stream === dossier))
      yield* store.truncate("log-/a", 1_000)
      assert.deepStrictEqual(yield* revisions, [80])
    }).pipe(Effect.scoped)
  )

  test(
    "goes on after it was stopped anywhere",
    Effect.gen(function* () {
      const { standIn, store } = yield* withLog
      const before = yield* rowsOf(store)
      const expected = yield* embedded(him)
      let stops = 0
      for (const [index, appends] of [0, 2, 3, 6, 11, 60].entries()) {
        const fault = index % 2 === 0 ? "dropped before stored" : "dropped after stored"
        standIn.faults.nextAppend(fault, appends)
        const outcome = yield* Effect.result(erase(standIn, him, { patience: 0 }))
        const rows = yield* rowsOf(store)
        assert.deepStrictEqual(places(rows), places(before))
        assert.deepStrictEqual((yield* Effect.provideService(verifyLog, EventStore, store)).findings, [])
        if (outcome._tag === "Success") break
        assert.strictEqual((outcome.failure as StoreUnavailable).code, "TST-STORE-AWAY")
        stops += 1
      }
      assert.isAtLeast(stops, 3)
      assert.deepStrictEqual(seen(yield* consistent(store)), expected)
      standIn.scavenge()
      const rows = yield* consistent(store)
      assert.deepStrictEqual(seen(rows), expected)
      assert.deepStrictEqual([...new Set(onDisk(standIn, him).map(({ type }) => type))].sort(), [
        "$metadata",
        "$testudo-end"
      ])
      const told = rows.filter(({ type }) => type === "OffenderErased").map(({ data }) => JSON.parse(data))
      assert.strictEqual(
        told.reduce((sum, { lines }) => sum + lines, 0),
        14
      )
    }).pipe(Effect.scoped)
  )

  test(
    "reaches what retention has dropped and no scavenge has taken yet",
    Effect.gen(function* () {
      const { standIn, store } = yield* withLog
      yield* store.truncate("log-/a", 75)
      for (const value of [him, other]) yield* store.deleteStream(offenderStream("Ip", value))
      assert.deepStrictEqual(yield* erase(standIn, him), { lines: 3, batches: 3, events: 2, streams: 4 })
      standIn.scavenge()
      yield* consistent(store)
      const left = onDisk(standIn, him)
      assert.deepStrictEqual([...new Set(left.map(({ type }) => type))].sort(), ["$metadata", "$testudo-end"])
      assert.lengthOf(yield* store.readStream("log-/a"), 6)
    }).pipe(Effect.scoped)
  )

  test(
    "is refused beside a node that runs, and while a decision holds; not beside one that died",
    Effect.gen(function* () {
      const { standIn, store } = yield* withLog
      const held = "2999-01-01T00:00:00Z"
      const ban = proposed(decisionMade({ number: 7, value: "192.0.2.99", until: held }, { position: 7_000 }))
      yield* store.append(offenderStream("Ip", "192.0.2.99"), [ban], "no_stream")
      const codeOf = (value: string) =>
        Effect.map(Effect.flip(erase(standIn, value)), ({ _tag, ...error }) => ("code" in error ? error.code : _tag))
      assert.strictEqual(yield* codeOf("192.0.2.99"), "TST-ERASE-ACTIVE")
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* takeLease({ role: "api", node: "hall1", milliseconds: 2_000 })
          assert.strictEqual(yield* codeOf(him), "TST-ERASE-LIVE")
        }).pipe(Effect.provideService(EventStore, store))
      )
      const dead = { role: "agent-web1", node: "web1", holder: randomUUID(), milliseconds: 300 }
      yield* store.append("lease-agent-web1", [LeaseTaken.propose(randomUUID(), dead)], "no_stream")
      assert.strictEqual((yield* erase(standIn, him)).lines, 14)
    }).pipe(Effect.scoped)
  )
})
