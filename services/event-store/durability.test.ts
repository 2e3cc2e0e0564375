/** What the embedded store does when its files are not what they were: torn, truncated, restored, changed, full, read-only. */
import { execFileSync, spawnSync } from "node:child_process"
import { randomUUID } from "node:crypto"
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { afterAll, describe, expect, it } from "vitest"
import type { ProposedEvent } from "../../domain/events/event.ts"
import { NameResolved } from "../../domain/events/name-resolved.ts"
import { acceptLoss } from "./accept-loss.ts"
import { contentOf, linkOf, origin, parseEnd, type StoredEvent } from "./chain.ts"
import { EmbeddedEventStore } from "./embedded.ts"
import { EventStore, type StoreUnavailable } from "./event-store.ts"
import type { Finding } from "./verification.ts"
import { verifyEmbedded } from "./verify-embedded.ts"

// Many processes and stores, each with its syncs: the machine may be busy.

const base = mkdtempSync(join(tmpdir(), "testudo-durability-"))
chmodSync(base, 0o755)
afterAll(() => rmSync(base, { recursive: true, force: true }))

let made = 0
const newDirectory = (): string => join(base, String(made++))

const event = (name = "host.example."): ProposedEvent =>
  NameResolved.propose(randomUUID(), { address: "203.0.113.7", name, outcome: "answered" })
const events = (count: number): ReadonlyArray<ProposedEvent> =>
  Array.from({ length: count }, (_, index) => event(`host-${index}.example.`))

type Store = typeof EventStore.Service

/** Uses a store and gives what it said besides. */
const writing = async <A, E>(directory: string, use: (store: Store) => Effect.Effect<A, E>) => {
  const said: Array<string> = []
  const logger = Logger.make(({ message }) => void said.push(String(message)))
  const answer = await EventStore.use(use).pipe(
    Effect.provide(EmbeddedEventStore.layer({ directory, mode: "writer" })),
    Effect.provide(Logger.layer([logger])),
    Effect.runPromise
  )
  return { answer, said }
}

const failing = async (code: string, directory: string): Promise<string> => {
  const error = await EventStore.use(({ head }) => head).pipe(
    Effect.provide(EmbeddedEventStore.layer({ directory, mode: "writer" })),
    Effect.flip,
    Effect.runPromise
  )
  expect((error as StoreUnavailable).code, (error as StoreUnavailable).message).toBe(code)
  return (error as StoreUnavailable).message
}

const filled = async (count = 20): Promise<string> => {
  const directory = newDirectory()
  await writing(directory, (store) => store.append("names", events(count), "no_stream"))
  return directory
}

const file = (directory: string): string => join(directory, "events.sqlite")

/** Changes the database by hand, as nobody should. */
const tamper = (directory: string, sql: string): void => {
  const db = new DatabaseSync(file(directory))
  db.exec(sql)
  db.close()
}

const verified = (directory: string, head?: string) =>
  Effect.runPromise(verifyEmbedded(directory, head === undefined ? undefined : parseEnd(head)))

const findingsOf = async (directory: string, head?: string): Promise<ReadonlyArray<Finding>> =>
  (await verified(directory, head)).findings

const idsOf = async (directory: string): Promise<ReadonlyArray<string>> =>
  (await writing(directory, (store) => store.readStream("names"))).answer.map(({ id }) => id)

/** Copies of the directory as a crash would leave it, after each of the appends. */
const crashed = async (count: number) => {
  const directory = newDirectory()
  const copies: Array<string> = []
  await writing(directory, (store) =>
    Effect.gen(function* () {
      for (let n = 0; n < count; n++) {
        yield* store.append("names", events(30), n === 0 ? "no_stream" : n * 30 - 1)
        const copy = newDirectory()
        cpSync(directory, copy, { recursive: true })
        rmSync(join(copy, "writer.lock"))
        copies.push(copy)
      }
    })
  )
  return copies
}

describe("a crash", () => {
  it("in the middle of an append leaves a torn tail, which is cut off and said", async () => {
    const [before, after] = await crashed(2)
    const wal = (directory: string) => `${file(directory)}-wal`
    const [short, long] = [statSync(wal(before!)).size, statSync(wal(after!)).size]
    expect(long).toBeGreaterThan(short)
    const whole = readFileSync(wal(after!))
    for (const size of [short + 20, short + 24 + 4000, long - 1, long - 8192]) {
      const copy = newDirectory()
      cpSync(before!, copy, { recursive: true })
      writeFileSync(wal(copy), whole.subarray(0, size))
      const { said, answer } = await writing(copy, (store) => store.append("names", [event()], 29))
      expect(said.join("\n")).toContain(`${size - short} bytes of an append that was never acknowledged`)
      expect(answer.revision).toBe(30)
      expect(await findingsOf(copy)).toEqual([])
      expect((await writing(copy, ({ head }) => head)).said).toEqual([])
    }
  })

  it("between the commit and the head record loses nothing", async () => {
    const [before, after] = await crashed(2)
    for (const name of ["head", "head.key"]) cpSync(join(before!, name), join(after!, name))
    const { said } = await writing(after!, (store) => store.append("names", [event()], 59))
    expect(said).toEqual([])
    expect(await findingsOf(after!)).toEqual([])
  })

  it("in the middle of writing the head record leaves the other slot", async () => {
    const copies = await crashed(3)
    const directory = copies[2]!
    const slots = readFileSync(join(directory, "head"))
    const older = readFileSync(join(copies[1]!, "head"))
    const torn = slots.subarray(0, 4096).equals(older.subarray(0, 4096)) ? 4096 : 0
    slots.fill(0x55, torn + 20, torn + 60)
    writeFileSync(join(directory, "head"), slots)
    expect((await writing(directory, (store) => store.append("names", [event()], 89))).said).toEqual([])
    expect(await findingsOf(directory)).toEqual([])
  })
})

describe("acknowledged events that are gone", () => {
  const lost = async (): Promise<{ readonly directory: string; readonly older: string }> => {
    const [older, newer] = await crashed(2)
    for (const end of ["", "-wal", "-shm"]) {
      rmSync(`${file(newer!)}${end}`, { force: true })
      cpSync(`${file(older!)}${end}`, `${file(newer!)}${end}`)
    }
    return { directory: newer!, older: older! }
  }

  it("because an older file was restored: said, and nothing is written over it", async () => {
    const { directory } = await lost()
    const message = await failing("TST-STORE-LOST", directory)
    expect(message).toContain("ends at position 30, but events up to position 60 were acknowledged")
    expect(await failing("TST-STORE-LOST", directory)).toBe(message)
    const [finding] = await findingsOf(directory)
    expect(finding).toEqual({ position: 30, message: expect.stringContaining("the last events are missing") })
  })

  it("because the write-ahead log was cut: said", async () => {
    const copies = await crashed(2)
    const wal = `${file(copies[1]!)}-wal`
    truncateSync(wal, statSync(wal).size - 1)
    await failing("TST-STORE-LOST", copies[1]!)
  })

  it("because somebody deleted them: said by the node and by the check", async () => {
    const directory = await filled()
    tamper(directory, "delete from events where position > 15")
    expect(await failing("TST-STORE-LOST", directory)).toContain("position 15")
    const [finding] = await findingsOf(directory)
    expect(finding).toEqual({ position: 15, message: expect.stringContaining("the last events are missing") })
  })

  it("can be accepted: the log goes on, says so, and gives no position twice", async () => {
    const { directory } = await lost()
    const { acknowledged, found } = await Effect.runPromise(acceptLoss(directory, "anna"))
    expect([acknowledged?.position, found.position]).toEqual([60, 30])
    const again = await Effect.runPromise(Effect.flip(acceptLoss(directory, "anna")))
    expect(again).toMatchObject({ code: "TST-LOG-NOTHING-LOST" })
    const { answer, said } = await writing(directory, (store) => store.readAll({ after: 30 }))
    expect(said).toEqual([])
    expect(answer).toHaveLength(1)
    expect(answer[0]).toMatchObject({ type: "LossAccepted", stream: "audit", position: 61 })
    expect(answer[0]!.data).toMatchObject({ by: "anna", acknowledged: { position: 60 }, found: { position: 30 } })
    expect(await findingsOf(directory)).toEqual([])
  })

  it("may be suspected when the head record is gone, damaged or another store's", async () => {
    for (const spoil of [
      (directory: string) => rmSync(join(directory, "head")),
      (directory: string) => rmSync(join(directory, "head.key")),
      (directory: string) => writeFileSync(join(directory, "head"), ""),
      (directory: string) => writeFileSync(join(directory, "head"), Buffer.alloc(8192, 7)),
      (directory: string) => writeFileSync(join(directory, "head.key"), Buffer.alloc(32, 7))
    ]) {
      const directory = await filled()
      spoil(directory)
      const [finding] = await findingsOf(directory)
      expect(finding?.message).toContain("head record")
      expect(await failing("TST-STORE-LOST", directory)).toContain("head record")
      await Effect.runPromise(acceptLoss(directory, "anna"))
      expect(await findingsOf(directory)).toEqual([])
      expect(await idsOf(directory)).toHaveLength(20)
    }
  })
})

it("a database that is gone is missed, not taken for one that never was", async () => {
  const directory = await filled()
  for (const name of ["events.sqlite", "events.sqlite-wal", "events.sqlite-shm"])
    rmSync(join(directory, name), { force: true })
  const error = await Effect.runPromise(Effect.flip(verifyEmbedded(directory)))
  expect([error.code, error.message]).toEqual(["TST-STORE-LOST", expect.stringContaining("head record")])
  expect(await failing("TST-STORE-LOST", directory)).toContain("position 20")
})

describe("a log that somebody changed", () => {
  const changes: ReadonlyArray<readonly [what: string, sql: string, position: number]> = [
    ["the data", `update events set data = replace(data, 'host-6', 'host-7') where position = 7`, 7],
    [
      "the type",
      `insert into kinds(category, type) values ('names', 'X'); update events set kind = 2 where position = 7`,
      7
    ],
    ["the time", "update events set recorded_at = recorded_at - 1 where position = 7", 7],
    ["the metadata", `update events set metadata = '{"version":1,"$causationId":"x"}' where position = 7`, 7],
    ["the id", `update events set id = '${randomUUID()}' where position = 7`, 7],
    ["the link", "update events set link = zeroblob(32) where position = 7", 7],
    ["the stream", "insert into streams(name) values ('other'); update events set stream = 2 where position = 7", 7],
    ["an event less", "delete from events where position = 7", 8],
    ["the first event less", "delete from events where position = 1", 2],
    [
      "an event hidden as dropped",
      "insert into gaps select 7, 7, 1, link from events where position = 7; delete from events where position = 7",
      8
    ],
    ["what readers look for it under", "update kinds set category = 'other' where kind = 1", 1],
    ["what counts as the original", "update events set content = zeroblob(32) where position = 7", 7]
  ]
  for (const [what, sql, position] of changes) {
    it(`${what}: the check names the place`, async () => {
      const directory = await filled()
      tamper(directory, sql)
      const findings = await findingsOf(directory)
      expect(findings[0]?.position ?? position).toBe(position)
      expect(findings.length).toBeGreaterThan(0)
    })
  }

  it("and computed its chain anew: the head record tells, and so does a head kept elsewhere", async () => {
    const directory = await filled()
    const { head } = await verified(directory)
    const db = new DatabaseSync(file(directory))
    db.exec(`update events set data = replace(data, 'host-6', 'host-7') where position = 7`)
    let link: Uint8Array = origin
    const rows = db.prepare(
      `select position, name as stream, revision, type, recorded_at as recordedAt, id, metadata, data
       from events join streams using (stream) join kinds using (kind) order by position`
    )
    for (const row of rows.all()) {
      link = linkOf(link, contentOf(row as unknown as StoredEvent))
      db.prepare("update events set link = ? where position = ?").run(link, (row as { position: number }).position)
    }
    db.close()
    expect((await findingsOf(directory))[0]).toEqual({
      position: 20,
      message: expect.stringContaining("the head record tells of: its chain was computed anew")
    })
    await failing("TST-STORE-LOST", directory)
    await Effect.runPromise(acceptLoss(directory, "mallory"))
    expect(await findingsOf(directory)).toEqual([])
    expect((await findingsOf(directory, head!))[0]).toEqual({
      position: 20,
      message: expect.stringContaining("the given head tells of")
    })
  })

  it("is clean against every head that was ever printed", async () => {
    const directory = newDirectory()
    const heads: Array<string> = []
    for (let n = 0; n < 4; n++) {
      await writing(directory, (store) => store.append("names", events(3), n * 3 - 1))
      heads.push((await verified(directory)).head!)
    }
    for (const head of heads) expect(await findingsOf(directory, head)).toEqual([])
    const later = `99-${heads[0]!.split("-")[1]}`
    expect((await findingsOf(directory, later))[0]?.message).toContain("the last events are missing")
  })

  it("in its tables: the check says so", async () => {
    const directory = await filled()
    tamper(directory, "drop index events_by_kind")
    expect((await findingsOf(directory))[0]?.message).toContain("tables were changed")
  })
})

describe("the check", () => {
  it("runs beside a busy writer", async () => {
    const directory = newDirectory()
    await writing(directory, (store) =>
      Effect.gen(function* () {
        const write = Effect.gen(function* () {
          for (let n = 0; n < 60; n++) yield* store.append(`names-${n % 3}`, events(20), "any")
        })
        const check = Effect.forEach(Array.from({ length: 8 }), () => verifyEmbedded(directory), { discard: false })
        const [results] = yield* Effect.all([check, write], { concurrency: "unbounded" })
        for (const { findings } of results) expect(findings).toEqual([])
      })
    )
    expect((await verified(directory)).events).toBe(1200)
  })
})

describe("many writers", () => {
  it("go to the disk together, in the order in which they came, each all or nothing", async () => {
    const directory = newDirectory()
    await writing(directory, (store) =>
      Effect.gen(function* () {
        const one = yield* store.append("names-0", events(2), "no_stream")
        const outcomes = yield* Effect.all(
          Array.from({ length: 300 }, (_, n) =>
            n % 50 === 49
              ? Effect.flip(store.append("names-0", events(2), 7))
              : store.append(`names-${n}`, events(1 + (n % 3)), "any")
          ),
          { concurrency: "unbounded" }
        )
        let position = one.position
        for (const [n, outcome] of outcomes.entries()) {
          if (n % 50 === 49) expect(outcome).toMatchObject({ _tag: "WrongExpectedRevision" })
          else {
            position += 1 + (n % 3)
            expect(outcome).toMatchObject({ position })
          }
        }
      })
    )
    expect(await findingsOf(directory)).toEqual([])
  })
})

const isRoot = process.geteuid?.() === 0

describe("a disk that does not take it", () => {
  const small = join(base, "small")
  mkdirSync(small)
  const mounts = isRoot && spawnSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", small]).status === 0
  if (mounts) afterAll(() => void spawnSync("umount", [small]))

  it.skipIf(!mounts)("full: a clear error, nothing half-written, and it goes on when there is room", async () => {
    const directory = join(small, "store")
    const ballast = join(small, "ballast")
    writeFileSync(ballast, Buffer.alloc(1_000_000))
    await writing(directory, (store) =>
      Effect.gen(function* () {
        let kept = 0
        let error: unknown
        while (error === undefined && kept < 200) {
          const outcome = yield* Effect.result(store.append("names", [event("x".repeat(50_000))], kept - 1))
          if (outcome._tag === "Failure") error = outcome.failure
          else kept++
        }
        expect(error).toMatchObject({ code: "TST-STORE-FULL", message: expect.stringContaining(directory) })
        expect(kept).toBeGreaterThan(3)
        expect(yield* store.readStream("names")).toHaveLength(kept)
        rmSync(ballast)
        yield* store.append("names", [event("x".repeat(50_000))], kept - 1)
        expect(yield* store.readStream("names")).toHaveLength(kept + 1)
      })
    )
    expect(await findingsOf(directory)).toEqual([])
  })

  const immutable = isRoot && spawnSync("chattr", ["-V"]).error === undefined

  it.skipIf(!immutable)("read-only even for root (chattr +i): named, and nothing is lost", async () => {
    const directory = await filled()
    const set = spawnSync("chattr", ["+i", file(directory)])
    if (set.status !== 0) return // a file system without that flag
    try {
      expect(await failing("TST-STORE-READ-ONLY", directory)).toContain(directory)
    } finally {
      execFileSync("chattr", ["-i", file(directory)])
    }
    expect(await idsOf(directory)).toHaveLength(20)
    expect(await findingsOf(directory)).toEqual([])
  })
})
