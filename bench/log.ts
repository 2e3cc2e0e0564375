/**
 * How fast events become durable and are read back: `npm run bench -- log [--lines N] [--events N]`.
 *
 * The embedded store in a directory of its own below the system's temporary folder, every commit synced; an EventStoreDB
 * beside it where `TESTUDO_TEST_EVENTSTOREDB` names one: it keeps what was written, bans of nobody and lines of no log, so
 * name one that no node uses. Machines drift, so compare within one run.
 */
import { randomUUID } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import "../services/engine/garbage-collection.ts"
import type { TestudoEvent } from "../domain/events/catalogue.ts"
import { DecisionMade } from "../domain/events/decision.ts"
import type { ProposedEvent } from "../domain/events/event.ts"
import { LogBatchAppended } from "../domain/events/log-batch.ts"
import { formatTimestamp } from "../domain/time/instant.ts"
import { botnet } from "../fixtures/generators/botnet.ts"
import { activeBans } from "../projections/active-bans.ts"
import { fold } from "../projections/projection.ts"
import { reputation } from "../projections/reputation.ts"
import { batchOf } from "../services/acquisition/line-reader.ts"
import { storeNamed } from "../services/command-line/store-flag.ts"
import { table } from "../services/command-line/table.ts"
import { EventStore } from "../services/event-store/event-store.ts"
import { thousands } from "./measure/table.ts"

const { values: flags } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "log"),
  options: { lines: { type: "string", default: "1000000" }, events: { type: "string", default: "100000" } }
})

type Store = typeof EventStore.Service

const linesPerBatch = 1_000
const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const start = performance.now()
    const cpu = process.cpuUsage()
    const value = yield* effect
    const used = process.cpuUsage(cpu)
    return { value, milliseconds: performance.now() - start, cpu: (used.user + used.system) / 1000 }
  })

const started = Date.now()

/** A decision in JSON that holds now: about 300 bytes of data. */
const decision = (number: number): ProposedEvent =>
  DecisionMade.propose(randomUUID(), {
    number,
    overflow: null,
    scope: "Ip",
    value: `198.51.${(number >> 8) & 255}.${number & 255}`,
    type: "ban",
    duration: "4h",
    from: formatTimestamp(started),
    until: formatTimestamp(started + 4 * 3_600_000),
    scenario: "testudo/ssh-bf",
    origin: "crowdsec",
    simulated: false,
    reason: "Ip 198.51.100.1 performed testudo/ssh-bf (6 events over 1.7s)"
  })

/** A real log in pieces of a thousand lines, raw. */
const pieces = (): ReadonlyArray<Buffer> => {
  const all: Array<Buffer> = []
  let lines: Array<string> = []
  for (const line of botnet({ seed: 7, bots: 2_000, visitors: 6_000 }).lines) {
    if (lines.push(line) < linesPerBatch) continue
    all.push(Buffer.from(`${lines.join("\n")}\n`))
    lines = []
  }
  return all
}

/** So many lines as batches, compressed and appended as the acquisition does: some batches at a time. */
const appendLines = (store: Store, count: number) => {
  const raw = pieces()
  let batches = 0
  const one = Effect.suspend(() => {
    const bytes = raw[batches % raw.length]!
    const piece = {
      from: 0,
      to: bytes.length,
      bytes,
      lines: linesPerBatch,
      startsInsideLine: false,
      endsInsideLine: false
    }
    const log = { source: "bench", path: "/var/log/access.log", labels: { type: "nginx" }, zone: "UTC" }
    const batch = batchOf(log, { device: 1, inode: 2, head: bytes.subarray(0, 1024) }, piece, "observed", Date.now())
    const stream = `log-bench-${batches % 4}`
    batches++
    return store.append(stream, [LogBatchAppended.propose(randomUUID(), batch)], "any")
  })
  return Effect.all(
    Array.from({ length: Math.ceil(count / linesPerBatch) }, () => one),
    { concurrency: 8, discard: true }
  )
}

/** Appends of `size` events, so many at a time. */
const appendEvents = (store: Store, count: number, size: number, writers: number) => {
  let number = 0
  const one = Effect.suspend(() => {
    const events = Array.from({ length: size }, () => decision(number++))
    return store.append(`offender-bench-${number % 64}`, events, "any")
  })
  return Effect.all(
    Array.from({ length: Math.ceil(count / size) }, () => one),
    { concurrency: writers, discard: true }
  )
}

/** Durations of single appends of one event, one after the other, sorted, in milliseconds. */
const latencies = (store: Store, count: number) =>
  Effect.gen(function* () {
    const all: Array<number> = []
    const stream = `offender-latency-${randomUUID()}`
    for (let n = 0; n < count; n++) {
      const { milliseconds } = yield* timed(store.append(stream, [decision(n)], n - 1))
      all.push(milliseconds)
    }
    return all.sort((left, right) => left - right)
  })

const readBack = (store: Store, types: ReadonlyArray<string>, visit: (event: TestudoEvent) => void) =>
  store.subscribe({ filter: { types } }).pipe(
    Stream.takeUntil((item) => item._tag === "CaughtUp"),
    Stream.runForEachArray((page) =>
      Effect.sync(() => {
        for (const item of page) if (item._tag === "Event") visit(item.event)
      })
    )
  )

const measure = (name: string, store: Store) =>
  Effect.gen(function* () {
    const rows: Array<ReadonlyArray<string>> = []
    const row = (what: string, rate: string, rest: string) => rows.push([name, what, rate, rest])
    const say = (what: string) => console.error(`${name}: ${what} …`)

    say("single appends")
    yield* appendEvents(store, 2_000, 1, 1)
    const sorted = yield* latencies(store, 2_000)
    const at = (share: number) => `${sorted[Math.floor(sorted.length * share)]!.toFixed(2)} ms`
    row("one durable append", "", `p50 ${at(0.5)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}`)

    const total = Number(flags.events)
    for (const [size, writers] of [
      [1, 1],
      [1, 16],
      [1, 256],
      [10, 1],
      [10, 16],
      [100, 1],
      [100, 16],
      [1000, 1],
      [1000, 4]
    ] as const) {
      const count = Math.min(total, size * 4_000)
      say(`${size} events an append, ${writers} writers`)
      const { milliseconds, cpu } = yield* timed(appendEvents(store, count, size, writers))
      const rate = `${thousands((count / milliseconds) * 1000)} events/s`
      row(`append ${size} by ${writers}`, rate, `${((cpu / count) * 1000).toFixed(1)} µs CPU an event`)
    }

    const lines = Number(flags.lines)
    say(`${thousands(lines)} log lines`)
    const written = yield* timed(appendLines(store, lines))
    const perLine = (cpu: number) => `${((cpu / lines) * 1000).toFixed(2)} µs CPU a line`
    row(`${thousands(lines)} log lines`, seconds(written.milliseconds), perLine(written.cpu))

    say("reading back")
    const events: Array<TestudoEvent> = []
    const read = yield* timed(readBack(store, [DecisionMade.type], (event) => void events.push(event)))
    row(
      "read back",
      `${thousands((events.length / read.milliseconds) * 1000)} events/s`,
      `${thousands(events.length)} events`
    )
    const folds = [
      ["active bans", () => void fold(activeBans, activeBans.initial(), events)],
      ["reputation", () => void fold(reputation, reputation.initial(), events)]
    ] as const
    for (const [name, run] of folds) {
      const folded = yield* timed(Effect.sync(run))
      row("fold in memory", `${thousands((events.length / folded.milliseconds) * 1000)} events/s`, name)
    }
    let state = activeBans.initial()
    const both = yield* timed(
      readBack(store, [DecisionMade.type], (event) => {
        state = activeBans.evolve(state, event)
      })
    )
    row("read and fold", `${thousands((events.length / both.milliseconds) * 1000)} events/s`, "active bans")
    let batches = 0
    const batchesRead = yield* timed(readBack(store, [LogBatchAppended.type], () => void batches++))
    row(
      "read batches",
      `${thousands(((batches * linesPerBatch) / batchesRead.milliseconds) * 1000)} lines/s`,
      "not decompressed"
    )
    return rows
  })

const rowsOf = (name: string, location: string) =>
  EventStore.use((store) => measure(name, store)).pipe(
    Effect.provide(storeNamed(location, "writer")),
    Effect.runPromise
  )

const folder = mkdtempSync(join(tmpdir(), "testudo-bench-"))
try {
  const rows = [...(await rowsOf("embedded", join(folder, "store")))]
  const server = process.env["TESTUDO_TEST_EVENTSTOREDB"]
  if (server === undefined) console.error("EventStoreDB: not measured; TESTUDO_TEST_EVENTSTOREDB names none")
  else rows.push(...(await rowsOf("EventStoreDB", server)))
  console.log(table(["STORE", "WHAT", "RATE", ""], rows))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
