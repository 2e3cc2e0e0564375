/** What the embedded store does when its files are not what they were: torn, truncated, restored, full, read-only. */
import { execFileSync, spawnSync } from "node:child_process"
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
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { afterAll, describe, expect, it } from "vitest"
import { acceptLoss } from "./accept-loss.ts"
import { event, events, type Store } from "./contract/sample.ts"
import { databaseFile, findingsOf, tamper } from "./embedded.fixture.ts"
import { EmbeddedEventStore } from "./embedded.ts"
import { EventStore, type StoreUnavailable } from "./event-store.ts"
import { verifyEmbedded } from "./verify-embedded.ts"

// Many processes and stores, each with its syncs: the machine may be busy.

const base = mkdtempSync(join(tmpdir(), "testudo-durability-"))
chmodSync(base, 0o755)
afterAll(() => rmSync(base, { recursive: true, force: true }))

let made = 0
const newDirectory = (): string => join(base, String(made++))

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
    const wal = (directory: string) => `${databaseFile(directory)}-wal`
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
      rmSync(`${databaseFile(newer!)}${end}`, { force: true })
      cpSync(`${databaseFile(older!)}${end}`, `${databaseFile(newer!)}${end}`)
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
    const wal = `${databaseFile(copies[1]!)}-wal`
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
    const set = spawnSync("chattr", ["+i", databaseFile(directory)])
    if (set.status !== 0) return // a file system without that flag
    try {
      expect(await failing("TST-STORE-READ-ONLY", directory)).toContain(directory)
    } finally {
      execFileSync("chattr", ["-i", databaseFile(directory)])
    }
    expect(await idsOf(directory)).toHaveLength(20)
    expect(await findingsOf(directory)).toEqual([])
  })
})
