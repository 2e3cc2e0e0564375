/**
 * SIGKILL at random moments under load: nothing acknowledged is lost, nothing is there twice, the log verifies. Between two
 * lives a second writer tries its luck, and some lives leave a torn tail. `TESTUDO_TEST_KILLS` says how many, without it 200.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as Effect from "effect/Effect"
import { afterAll, expect, it } from "vitest"
import { memoryFolder } from "../../fixtures/memory-folder.ts"
import { EmbeddedEventStore } from "./embedded.ts"
import { EventStore, type StoreUnavailable } from "./event-store.ts"
import { idOf, streams } from "./killed-writer.fixture.ts"
import { verifyEmbedded } from "./verify-embedded.ts"

const kills = Number(process.env["TESTUDO_TEST_KILLS"] ?? 200)
/** Stores that are killed side by side, and how often each before it is checked and another one begins. */
const lanes = 2
const killsPerStore = 20
const base = memoryFolder("testudo-crash-")
const children = new Set<ChildProcess>()
afterAll(() => {
  for (const child of children) child.kill("SIGKILL")
  rmSync(base, { recursive: true, force: true })
})

const pause = (milliseconds: number) => new Promise((wake) => setTimeout(wake, milliseconds))

/** One life of the writer: killed at a random moment after its first acknowledgement. What it said. */
const life = (directory: string, meanwhile: () => Promise<void>): Promise<ReadonlyArray<string>> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "killed-writer.fixture.ts"), directory], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NODE_COMPILE_CACHE: join(base, "compiled") }
    })
    children.add(child)
    let said = ""
    let wrong = ""
    let killed = false
    child.stderr.on("data", (piece) => {
      wrong += piece
    })
    child.stdout.on("data", (piece) => {
      said += piece
      if (killed) return
      killed = true
      void meanwhile()
        .then(() => pause(Math.random() * 30))
        .then(() => child.kill("SIGKILL"), reject)
    })
    child.on("close", () => {
      children.delete(child)
      if (!killed) reject(new Error(`the writer ended by itself: ${wrong}`))
      else resolve(said.slice(0, said.lastIndexOf("\n")).split("\n"))
    })
  })

/** How many events a stream has, each in its place and there once. */
const lengthOf = (directory: string, stream: string, number: number): number => {
  const db = new DatabaseSync(join(directory, "events.sqlite"), { readOnly: true })
  const rows = db.prepare(
    "select id, revision from events join streams using (stream) where name = ? order by revision"
  )
  const read = rows.all(stream) as unknown as ReadonlyArray<{ readonly id: string; readonly revision: number }>
  db.close()
  const misplaced = read.find(({ id, revision }, index) => revision !== index || id !== idOf(number, index))
  expect(misplaced).toBeUndefined()
  return read.length
}

/** The beginning of one more frame of this round of the write-ahead log, as a write that was cut off leaves it. */
const tearTail = (directory: string): boolean => {
  const path = join(directory, "events.sqlite-wal")
  if (!existsSync(path)) return false
  const wal = readFileSync(path)
  if (wal.length < 32 + 24 + 8192) return false
  const frame = Buffer.from(wal.subarray(32, 32 + 24 + 8192))
  // Only the end of a file that was not longer in an earlier round is where the next frame would go.
  const last = 32 + Math.floor((wal.length - 32) / frame.length) * frame.length - frame.length
  if (!wal.subarray(last + 8, last + 16).equals(wal.subarray(16, 24))) return false
  appendFileSync(path, frame.subarray(0, 24 + Math.floor(Math.random() * 8000)))
  return true
}

const intruder = async (directory: string): Promise<void> => {
  const error = await EventStore.use(({ head }) => head).pipe(
    Effect.provide(EmbeddedEventStore.layer({ directory, mode: "writer" })),
    Effect.flip,
    Effect.runPromise
  )
  expect((error as StoreUnavailable).code).toBe("TST-STORE-IN-USE")
}

const killAgainAndAgain = async (directory: string, times: number) => {
  mkdirSync(directory)
  const acknowledged = new Map<string, number>()
  let torn = 0
  let cut = 0
  for (let kill = 0; kill < times; kill++) {
    const said = await life(directory, () => (kill % 10 === 5 ? intruder(directory) : Promise.resolve()))
    for (const line of said) {
      if (line.startsWith("notice ")) {
        expect(line).toContain("was never acknowledged")
        cut++
        continue
      }
      const [stream, count] = line.split(" ")
      acknowledged.set(stream!, Math.max(acknowledged.get(stream!) ?? 0, Number(count)))
    }
    for (const [index, stream] of streams.entries()) {
      expect(lengthOf(directory, stream, index)).toBeGreaterThanOrEqual(acknowledged.get(stream) ?? 0)
    }
    if (kill % 4 === 1 && tearTail(directory)) torn++
  }
  const { findings } = await Effect.runPromise(verifyEmbedded(directory))
  expect(findings).toEqual([])
  return { torn, cut }
}

it(`a log that is killed ${kills} times`, async () => {
  const each = Math.ceil(kills / lanes)
  const results = await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const killed: Array<{ readonly torn: number; readonly cut: number }> = []
      for (let left = each; left > 0; left -= killsPerStore) {
        killed.push(await killAgainAndAgain(join(base, `${lane}-${left}`), Math.min(left, killsPerStore)))
      }
      return killed
    })
  )
  for (const { torn, cut } of results.flat()) expect(cut).toBeGreaterThanOrEqual(torn - 1)
}, 1_800_000)
