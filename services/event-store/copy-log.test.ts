/** A log is copied whole, in order and once, into an embedded store and into EventStoreDB (the stand-in: it has to be empty). */
import { randomUUID } from "node:crypto"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { zstdDecompressSync } from "node:zlib"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { describe, expect, it } from "vitest"
import { NameResolved } from "../../domain/events/name-resolved.ts"
import { StandIn } from "../../fixtures/eventstoredb/stand-in.ts"
import { copyLog } from "./copy-log.ts"
import { newDirectory } from "./embedded.fixture.ts"
import { EmbeddedEventStore } from "./embedded.ts"
import { EventStore, type StoreUnavailable } from "./event-store.ts"
import { EventStoreDb } from "./eventstoredb.ts"
import { storeFailure } from "./failure.ts"
import { proposedFrom, type Row } from "./row.ts"
import { verifyLog } from "./verify-log.ts"

type Store = typeof EventStore.Service

const resolved = (count: number) =>
  Array.from({ length: count }, (_, n) =>
    NameResolved.propose(randomUUID(), { address: "203.0.113.7", name: `${n}.example.`, outcome: "answered" })
  )

/** What a later version writes: a type that is unknown here, one that is known, and one whose data breaks its schema. */
const ofAnotherVersion = () => [
  { id: randomUUID(), type: "InventedLater", data: { of: [1, null, "ü"] }, metadata: { version: 3 } },
  { id: randomUUID(), type: NameResolved.type, data: { name: "x" }, metadata: { version: NameResolved.version + 1 } },
  { id: randomUUID(), type: NameResolved.type, data: { nothing: 1 }, metadata: { version: NameResolved.version } }
]

/** What an earlier version and a later one wrote, streams in turn, big events, and a stream that lost its beginning. */
const original = Effect.gen(function* () {
  const directory = newDirectory()
  mkdirSync(directory)
  const packed = readFileSync(join(import.meta.dirname, "../../fixtures/event-log/layout-1.sqlite.zst"))
  writeFileSync(join(directory, "events.sqlite"), zstdDecompressSync(packed))
  const store = yield* built(EmbeddedEventStore.layer({ directory, mode: "writer" }))
  for (let n = 0; n < 30; n++) yield* store.append(`names-${n % 3}`, resolved(1 + ((n * 7) % 90)), "any")
  yield* store.truncate("names-1", 20)
  const big = { address: "203.0.113.7", name: "x".repeat(900_000), outcome: "answered" } as const
  yield* store.appendGroup([{ stream: "names-0", events: ofAnotherVersion(), expected: "any", asStored: true }])
  for (let n = 0; n < 3; n++) yield* store.append("names-big", [NameResolved.propose(randomUUID(), big)], "any")
  return store
})

const built = (layer: Layer.Layer<EventStore, StoreUnavailable>) =>
  Effect.map(Layer.build(layer), (context) => Context.get(context, EventStore))

const eventsOf = Effect.fnUntraced(function* (store: Store) {
  const events: Array<Row> = []
  for (let after = -1; ; after = events.at(-1)!.position) {
    const page = yield* store.readStored(after, 100)
    if (page.length === 0) return events
    events.push(...page)
  }
})

/** Whatever a store keeps beside the JSON is in it for the comparison. */
const said = ({ stream, id, type, metadata, data, bytes }: Row) => {
  const all = JSON.parse(data)
  const body = bytes === null ? all.body : Buffer.from(bytes).toString("base64")
  return { stream, id, type, metadata: JSON.parse(metadata), data: body === undefined ? all : { ...all, body } }
}

/** The store, away for good after so many groups. */
const failing = (store: Store, groups: number): Store => {
  let left = groups
  return {
    ...store,
    appendGroup: (group) =>
      left-- > 0 ? store.appendGroup(group) : Effect.fail(storeFailure("TST-STORE-CLOSED", "It was closed."))
  }
}

const targets: ReadonlyArray<
  readonly [string, () => Promise<readonly [Layer.Layer<EventStore, StoreUnavailable>, () => Promise<void>]>]
> = [
  [
    "an embedded store",
    async () => [EmbeddedEventStore.layer({ directory: newDirectory(), mode: "writer" }), async () => {}]
  ],
  [
    "EventStoreDB",
    async () => {
      const standIn = await StandIn.start()
      const layer = EventStoreDb.layer({ connectionString: standIn.location, shown: "the stand-in", patience: 10_000 })
      return [layer, () => standIn.stop()]
    }
  ]
]

describe("a copy", () => {
  for (const [name, makeTarget] of targets) {
    it(`into ${name} is whole, in order and there once, however often it was interrupted`, async () => {
      const [layer, stop] = await makeTarget()
      await Effect.gen(function* () {
        const from = yield* original
        const to = yield* built(layer)
        for (const groups of [1, 0, 3]) {
          expect(yield* Effect.flip(copyLog(from, failing(to, groups)))).toMatchObject({ code: "TST-STORE-CLOSED" })
        }
        let copied = 0
        const { events } = yield* copyLog(from, to, (more) => {
          copied += more
        })
        expect(copied).toBeLessThan(events)
        expect((yield* eventsOf(to)).map(said)).toEqual((yield* eventsOf(from)).map(said))
        yield* from.append("names-0", resolved(2), "any")
        expect((yield* copyLog(from, to)).events).toBe(events + 2)
        const { findings, events: checked } = yield* Effect.provideService(verifyLog, EventStore, to)
        expect(findings.map(({ message }) => message)).toEqual([expect.stringContaining("not readable")])
        expect(checked).toBe(events + 2)
        yield* to.append("names-0", resolved(1), "any")
        expect(yield* Effect.flip(copyLog(from, to))).toMatchObject({ code: "TST-LOG-COPY-OTHER" })
      }).pipe(Effect.scoped, Effect.runPromise)
      await stop()
    })
  }

  it("that is not the same is found out", async () => {
    await Effect.gen(function* () {
      const from = yield* original
      const to = yield* built(Layer.fresh(EmbeddedEventStore.layerMemory))
      const last = (yield* eventsOf(from)).at(-1)!
      yield* to.append(last.stream, [proposedFrom(last)!], "no_stream")
      expect(yield* Effect.flip(copyLog(from, to))).toMatchObject({ code: "TST-LOG-COPY-DIFFERS" })
    }).pipe(Effect.scoped, Effect.runPromise)
  })

  it("of what cannot be carried over as it is, is refused, with the event's name", async () => {
    const directory = newDirectory()
    await Effect.gen(function* () {
      const store = yield* built(EmbeddedEventStore.layer({ directory, mode: "writer" }))
      yield* store.append("names-0", resolved(3), "no_stream")
    }).pipe(Effect.scoped, Effect.runPromise)
    const db = new DatabaseSync(join(directory, "events.sqlite"))
    db.exec(`update events set data = '{"number": 12345678901234567890}' where revision = 1`)
    db.close()
    await Effect.gen(function* () {
      const from = yield* built(EmbeddedEventStore.layer({ directory, mode: "reader" }))
      const to = yield* built(Layer.fresh(EmbeddedEventStore.layerMemory))
      expect(yield* Effect.flip(copyLog(from, to))).toMatchObject({
        code: "TST-LOG-COPY-FOREIGN",
        message: expect.stringMatching(/of type "NameResolved" \(position \d+, stream "names-0"\)/)
      })
    }).pipe(Effect.scoped, Effect.runPromise)
  })
})
