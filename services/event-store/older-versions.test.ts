/** What earlier versions wrote is read, checked and gone on with. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { zstdDecompressSync } from "node:zlib"
import * as Effect from "effect/Effect"
import { afterAll, describe, expect, it } from "vitest"
import { memoryFolder } from "../../fixtures/memory-folder.ts"
import { catalogue, decodeEvent, type TestudoEvent } from "../../domain/events/catalogue.ts"
import { declareEvent, type RecordedEvent } from "../../domain/events/event.ts"
import { LogBatchAppended } from "../../domain/events/log-batch.ts"
import { entriesOf } from "../../domain/events/overflow.ts"
import * as Schema from "effect/Schema"
import { decodeLines, keepsCommitment } from "../acquisition/body.ts"
import { EmbeddedEventStore } from "./embedded.ts"
import { EventStore, type StoreUnavailable } from "./event-store.ts"
import { verifyEmbedded } from "./verify-embedded.ts"

// Many stores: the machine may be busy.

const base = memoryFolder("testudo-versions-")
afterAll(() => rmSync(base, { recursive: true, force: true }))
let made = 0

const recorded = (): string => {
  const directory = join(base, String(made++))
  mkdirSync(directory)
  const packed = readFileSync(join(import.meta.dirname, "../../fixtures/event-log/layout-1.sqlite.zst"))
  writeFileSync(join(directory, "events.sqlite"), zstdDecompressSync(packed))
  return directory
}

const using = <A, E>(
  directory: string,
  mode: "reader" | "writer",
  use: (store: typeof EventStore.Service) => Effect.Effect<A, E>
) => EventStore.use(use).pipe(Effect.provide(EmbeddedEventStore.layer({ directory, mode })), Effect.runPromise)

describe("a store of layout 1", () => {
  it("is brought up to date by its writer, and says so to a reader that comes too early", async () => {
    const directory = recorded()
    const early = EventStore.use(({ head }) => head).pipe(
      Effect.provide(EmbeddedEventStore.layer({ directory, mode: "reader" })),
      Effect.flip,
      Effect.runPromise
    )
    expect(((await early) as StoreUnavailable).code).toBe("TST-STORE-OLDER")
    const events = await using(directory, "writer", (store) => store.readAll())
    expect(events.map(({ position }) => position)).toEqual(events.map((_, index) => index + 1))
    const { findings, events: checked } = await Effect.runPromise(verifyEmbedded(directory))
    expect(findings).toEqual([])
    expect(checked).toBe(events.length)
    const again = await using(directory, "reader", (store) => store.readAll())
    expect(again).toEqual(events)
  })

  it("holds every event type of version 1, each read as what it is now", async () => {
    const events = await using(recorded(), "writer", (store) => store.readAll())
    const older = [
      "LogBatchAppended",
      "OverflowRaised",
      "DecisionMade",
      "DecisionRetracted",
      "RulesetActivated",
      "ContentRecorded",
      "NameResolved",
      "BouncerRegistered",
      "BouncerDeleted",
      "AllowlistReplaced"
    ]
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(older))
    for (const event of events)
      expect(event.metadata.version).toBe(catalogue[event.type as keyof typeof catalogue].version)
    const batch = events.find(({ type }) => type === "LogBatchAppended") as Extract<
      TestudoEvent,
      { type: "LogBatchAppended" }
    >
    const overflow = events.find(({ type }) => type === "OverflowRaised") as Extract<
      TestudoEvent,
      { type: "OverflowRaised" }
    >
    const whole = entriesOf(overflow.data.evidence)
    expect(whole.length).toBeGreaterThan(0)
    for (const { event, text, meta } of whole) {
      expect(event).toBe(batch.id)
      expect(text).toContain("203.0.113.9")
      expect(meta["source_ip"]).toBe("203.0.113.9")
    }
    expect(batch.data.body).toBeInstanceOf(Uint8Array)
    expect(batch.data.commitment).toBeNull()
    expect(keepsCommitment(batch.data)).toBe(true)
    expect(decodeLines(batch.data)[4]).toBe(
      "Nov 22 07:00:05 host sshd[1]: Failed password for grün from 203.0.113.9 port 4005 ssh2"
    )
  })

  it("goes on", async () => {
    const directory = recorded()
    const events = await using(directory, "writer", (store) => store.readAll())
    const batch = events.find((event) => LogBatchAppended.is(event as RecordedEvent))!
    const id = "5b1d5d1e-6b1c-4a39-9d0f-2f6a51b8a7c4"
    const next = LogBatchAppended.propose(id, batch.data as never)
    await using(directory, "writer", (store) => store.append(batch.stream, [next], 0))
    expect(
      (await using(directory, "reader", (store) => store.readStream(batch.stream))).map(({ revision }) => revision)
    ).toEqual([0, 1])
    expect((await Effect.runPromise(verifyEmbedded(directory))).findings).toEqual([])
  })
})

describe("upcasters", () => {
  const Third = declareEvent({
    type: "Third",
    version: 3,
    stream: "x",
    tells: "A test.",
    schema: Schema.Struct({ name: Schema.String, size: Schema.Int }),
    upcasters: { 1: ({ title }) => ({ name: title }), 2: (data) => ({ size: 0, ...data }) }
  })

  it("go from version to version, and what comes out is checked", () => {
    expect(Third.decode({ title: "a" }, 1)).toEqual({ name: "a", size: 0 })
    expect(Third.decode({ name: "a", size: 2 }, 2)).toEqual({ name: "a", size: 2 })
    expect(Third.decode({ name: "a", size: 3 })).toEqual({ name: "a", size: 3 })
    for (const wrong of [{ title: 1 }, null, [], "x", { name: "a" }]) expect(() => Third.decode(wrong, 1)).toThrow()
  })

  it("are there for every older version of every type", () => {
    for (const { type, version } of Object.values(catalogue)) {
      // The recorded log stands above; what the numbers were, their own test says.
      if (version > 1) expect(["LogBatchAppended", "OverflowRaised", "DecisionNumbered"]).toContain(type)
    }
  })

  it("do not guess at what comes later", () => {
    const event = { id: "a", type: "NameResolved", data: {}, stream: "names", revision: 0, position: 1, recordedAt: 0 }
    expect(decodeEvent({ ...event, metadata: { version: 2 } })).toBeUndefined()
  })
})
