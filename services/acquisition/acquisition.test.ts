import { execFileSync } from "node:child_process"
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { gzipSync } from "node:zlib"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import fc from "fast-check"
import { afterEach, beforeEach, describe, expect, it, test } from "vitest"
import { LogBatchAppended, type LogBatch } from "../../domain/events/log-batch.ts"
import type { Problem } from "../../domain/rules/problem.ts"
import { type AcquireOptions, acquire, pollAfter } from "./acquisition.ts"
import { decodeBody, decodeLines } from "./body.ts"
import { type FileSource, fileSource, sourceName } from "./file-source.ts"

let folder: string
let log: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "testudo-acquisition-"))
  log = join(folder, "auth.log")
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const logFile = (path: string, start?: "end"): FileSource =>
  fileSource({ path, labels: { type: "syslog" }, zone: "UTC", ...(start === undefined ? {} : { start }) })

/** What was stored, kept over stops and starts of the reader. */
class Store {
  readonly batches: Array<LogBatch> = []
  readonly problems: Array<Problem> = []

  get lines(): Array<string> {
    return this.batches.flatMap(decodeLines)
  }

  get count(): number {
    return this.batches.reduce((sum, { lines }) => sum + lines, 0)
  }

  linesOf(path: string): Array<string> {
    return this.batches.filter(({ source }) => source === sourceName(path)).flatMap(decodeLines)
  }

  get codes(): Array<string> {
    return this.problems.map(({ code }) => code)
  }
}

type Changes = Partial<AcquireOptions<never, never>>

const reader = (store: Store, sources: ReadonlyArray<FileSource>, changes: Changes = {}) => {
  const program = acquire({
    sources,
    sink: { append: (batches) => Effect.sync(() => void store.batches.push(...batches)) },
    last: (source) => Effect.sync(() => store.batches.findLast((batch) => batch.source === source)),
    timeOf: (line) => (/^\d+ \w$/.test(line) ? Number.parseInt(line, 10) * 1_000 : undefined),
    report: (problem) => store.problems.push(problem),
    poll: 20,
    discover: 40,
    patience: { rotated: 60, deleted: 100, bothWritten: 2_000 },
    ...changes
  })
  const fiber = Effect.runFork(program)
  return { stop: () => Effect.runPromise(Fiber.interrupt(fiber)), fiber }
}

const until = async (what: string, condition: () => boolean): Promise<void> => {
  const begin = performance.now()
  while (!condition()) {
    if (performance.now() - begin > 8_000) throw new Error(`waited in vain: ${what}`)
    await sleep(5)
  }
}

/** Runs the reader until the store has so many lines, and a little longer, in case there are too many. */
const readUntil = async (store: Store, count: number, sources = [logFile(log)], changes: Changes = {}) => {
  const { stop } = reader(store, sources, changes)
  try {
    await until(`${count} lines`, () => store.count >= count)
    await sleep(50)
  } finally {
    await stop()
  }
}

/** Like a time stamp, the number comes first: two logs that begin alike in all that was read cannot be told apart. */
const numbered = (number: number): string => `${String(number).padStart(6, "0")} line`
const numbers = (from: number, to: number): Array<string> =>
  Array.from({ length: to - from }, (_, index) => numbered(from + index))
const text = (lines: ReadonlyArray<string>): string => lines.map((line) => `${line}\n`).join("")

describe("a growing file", () => {
  it("gives valid events with what was there and what comes, without its unfinished line", async () => {
    writeFileSync(log, "one\r\ntwo\nthr")
    const store = new Store()
    const { stop } = reader(store, [logFile(log)])
    await until("two lines", () => store.lines.length === 2)
    await sleep(60)
    appendFileSync(log, "ee\n")
    await until("third line", () => store.lines.length === 3)
    await stop()
    expect(store.lines).toEqual(["one", "two", "three"])
    for (const batch of store.batches) {
      const json = JSON.parse(JSON.stringify({ ...batch, body: Buffer.from(batch.body).toString("base64") }))
      const { body, ...rest } = LogBatchAppended.decode(json)
      expect({ ...rest, body: Buffer.from(body) }).toEqual({ ...batch, body: Buffer.from(batch.body) })
    }
    expect(store.batches[0]).toMatchObject({
      source: log,
      path: log,
      labels: { type: "syslog" },
      time: "observed",
      range: { from: 0, to: 9 },
      lines: 2
    })
    expect(store.problems).toEqual([])
  })

  it("may begin with a byte order mark: it stays in the recorded bytes, and out of the lines", async () => {
    const bytes = `\ufeff${text(numbers(0, 3))}`
    writeFileSync(log, bytes.slice(0, 1))
    const store = new Store()
    const { stop } = reader(store, [logFile(log)])
    await sleep(60)
    appendFileSync(log, bytes.slice(1))
    await until("three lines", () => store.count === 3)
    await stop()
    appendFileSync(log, text(["\ufeffthree", numbered(4)]))
    await readUntil(store, 5)
    renameSync(log, `${log}.1`)
    writeFileSync(log, `\ufeff${text([numbered(5)])}`)
    await readUntil(store, 6)
    expect(store.lines).toEqual([...numbers(0, 3), "\ufeffthree", ...numbers(4, 6)])
    expect(Buffer.concat(store.batches.slice(0, -1).map(decodeBody))).toEqual(readFileSync(`${log}.1`))
    expect(decodeBody(store.batches.at(-1)!)).toEqual(readFileSync(log))
    expect(store.problems).toEqual([])
  })

  it("answers at once, not at the next poll", async () => {
    writeFileSync(log, "first\n")
    const store = new Store()
    const { stop } = reader(store, [logFile(log)], { poll: 60_000 })
    await until("first", () => store.lines.length === 1)
    await sleep(50)
    const begin = performance.now()
    appendFileSync(log, "second\n")
    await until("second", () => store.lines.length === 2)
    const taken = performance.now() - begin
    await stop()
    expect(taken).toBeLessThan(30_000)
  })

  it("begins at the end when told so, and at the beginning of files that appear later", async () => {
    writeFileSync(log, "old\nhalf")
    const store = new Store()
    const { stop } = reader(store, [logFile(log, "end"), logFile(join(folder, "late.log"), "end")])
    await until("the missing file is named", () => store.codes.includes("TST-ACQ-MISSING"))
    await sleep(100)
    appendFileSync(log, " a line\nnew\n")
    writeFileSync(join(folder, "late.log"), "late\n")
    await until("both", () => store.lines.length === 2)
    await stop()
    expect([...store.lines].sort()).toEqual(["late", "new"])
    expect(store.codes).toEqual(["TST-ACQ-MISSING"])
  })

  it("passes a line of 10 MB and what comes after it", async () => {
    writeFileSync(log, `a\n${"x".repeat(10_000_000)}\nb\n`)
    const store = new Store()
    await readUntil(store, 3)
    expect(store.lines.map((line) => line.length)).toEqual([1, 262_144, 1])
    expect(store.batches.at(-1)!.range.to).toBe(10_000_005)
  })

  it("goes on after every possible stop, each line once", async () => {
    writeFileSync(log, `a\n${"x".repeat(600_000)}\n${text(numbers(0, 2_500))}`)
    const whole = new Store()
    await readUntil(whole, 2_502)
    expect(whole.batches.length).toBeGreaterThan(4)
    for (let kept = 1; kept <= whole.batches.length; kept += 1) {
      const store = new Store()
      store.batches.push(...whole.batches.slice(0, kept))
      await readUntil(store, 2_502)
      expect(store.lines).toEqual(whole.lines)
    }
  })

  it("lets a slow sink hold up the reading", async () => {
    writeFileSync(log, text(numbers(0, 5_000)))
    const store = new Store()
    let running = 0
    let most = 0
    const { stop } = reader(store, [logFile(log)], {
      sink: {
        append: (batches) =>
          Effect.gen(function* () {
            running += 1
            most = Math.max(most, running)
            yield* Effect.sleep("10 millis")
            store.batches.push(...batches)
            running -= 1
          })
      }
    })
    await until("all", () => store.lines.length === 5_000)
    await stop()
    expect(most).toBe(1)
    expect(store.lines).toEqual(numbers(0, 5_000))
  })

  it("ends with the failure of the sink", async () => {
    writeFileSync(log, "one\n")
    const failing = acquire({
      sources: [logFile(log)],
      sink: { append: () => Effect.fail("disk full" as const) },
      last: () => Effect.succeed(undefined),
      timeOf: () => undefined,
      report: () => {}
    })
    expect(await Effect.runPromise(Effect.flip(failing))).toBe("disk full")
  })
})

describe("rotation by renaming", () => {
  it("reads the old file to its end first, also what is written to it for a while", async () => {
    writeFileSync(log, text(numbers(0, 10)))
    const store = new Store()
    const { stop } = reader(store, [logFile(log)])
    await until("begun", () => store.lines.length === 10)
    renameSync(log, `${log}.1`)
    writeFileSync(log, text(numbers(12, 20)))
    appendFileSync(`${log}.1`, "000010 line\n000011 line")
    await until("all", () => store.lines.length === 20)
    await stop()
    expect(store.lines).toEqual(numbers(0, 20))
    expect(store.problems).toEqual([])
  })

  for (const packed of [false, true]) {
    it(`finds its way through three rotations while it was away${packed ? ", compressed" : ""}`, async () => {
      writeFileSync(log, text(numbers(0, 200)))
      const store = new Store()
      await readUntil(store, 200)
      const rotate = () => {
        for (let n = 8; n >= 1; n -= 1) {
          for (const end of ["", ".gz"]) {
            if (existsSync(`${log}.${n}${end}`)) renameSync(`${log}.${n}${end}`, `${log}.${n + 1}${end}`)
          }
        }
        renameSync(log, `${log}.1`)
        if (!packed) return
        writeFileSync(`${log}.1.gz`, gzipSync(readFileSync(`${log}.1`)))
        rmSync(`${log}.1`)
      }
      appendFileSync(log, text(numbers(200, 300)))
      rotate()
      writeFileSync(log, text(numbers(300, 400)))
      rotate()
      writeFileSync(log, text(numbers(400, 500)))
      rotate()
      writeFileSync(log, text(numbers(500, 600)))
      await readUntil(store, 600)
      expect(store.lines).toEqual(numbers(0, 600))
      expect(store.problems).toEqual([])
      await readUntil(store, 600)
      expect(store.lines).toHaveLength(600)
    })
  }

  it("does not read rotated files of which it knows nothing", async () => {
    writeFileSync(`${log}.1`, "before our time\n")
    writeFileSync(log, "now\n")
    const store = new Store()
    await readUntil(store, 1)
    expect(store.lines).toEqual(["now"])
  })

  it("says so when the file that was read last is nowhere", async () => {
    writeFileSync(log, text(numbers(0, 100)))
    const store = new Store()
    await readUntil(store, 100)
    writeFileSync(join(folder, "other"), "keeps the inode from being used again\n")
    rmSync(log)
    writeFileSync(log, text(numbers(100, 200)))
    await readUntil(store, 200)
    expect(store.lines).toEqual(numbers(0, 200))
    expect(store.codes).toEqual(["TST-ACQ-GAP"])
  })
})

describe("rotation by copying and truncating", () => {
  it("finds in the copy what it had not read yet", async () => {
    writeFileSync(log, text(numbers(0, 100)))
    const store = new Store()
    await readUntil(store, 100)
    appendFileSync(log, text(numbers(100, 150)))
    copyFileSync(log, `${log}.1`)
    truncateSync(log)
    appendFileSync(log, text(numbers(150, 160)))
    copyFileSync(log, `${log}.0`)
    renameSync(`${log}.1`, `${log}.2`)
    renameSync(`${log}.0`, `${log}.1`)
    truncateSync(log)
    appendFileSync(log, text(numbers(160, 1_000)))
    await readUntil(store, 1_000)
    expect(store.lines).toEqual(numbers(0, 1_000))
    expect(store.problems).toEqual([])
  })

  it("goes on with an unfinished line in the copy", async () => {
    writeFileSync(log, "000000 line\n000001")
    const store = new Store()
    const { stop } = reader(store, [logFile(log)])
    await until("begun", () => store.lines.length === 1)
    await sleep(50)
    appendFileSync(log, " line\n000002 line\n")
    copyFileSync(log, `${log}.1`)
    truncateSync(log)
    appendFileSync(log, "000003 line\n")
    await until("all", () => store.lines.length === 4)
    await stop()
    expect(store.lines).toEqual(numbers(0, 4))
  })

  it("goes on at the new end when only the end of the file was removed", async () => {
    writeFileSync(log, text(numbers(0, 500)))
    const store = new Store()
    const { stop } = reader(store, [logFile(log)])
    await until("begun", () => store.lines.length === 500)
    truncateSync(log, text(numbers(0, 490)).length)
    await until("said", () => store.codes.length === 1)
    appendFileSync(log, text(numbers(500, 510)))
    await until("all", () => store.lines.length === 510)
    await stop()
    expect(store.lines).toEqual(numbers(0, 510))
    expect(store.codes).toEqual(["TST-ACQ-CUT"])
  })
})

describe("what can be wrong", () => {
  it("is said once for each file, and the others live on", async () => {
    const directory = join(folder, "directory.log")
    const binaryFile = join(folder, "binary.log")
    const packed = join(folder, "packed.log")
    const fifo = join(folder, "fifo.log")
    mkdirSync(directory)
    writeFileSync(binaryFile, Buffer.concat([Buffer.from("\x7fELF"), Buffer.alloc(3_000)]))
    writeFileSync(packed, gzipSync("text\n"))
    execFileSync("mkfifo", [fifo])
    writeFileSync(log, Buffer.from([0x61, 0xff, 0x0a]))
    const empty = join(folder, "empty.log")
    writeFileSync(empty, "")
    const paths = [directory, binaryFile, packed, fifo, empty, log, join(folder, "missing.log")]
    const store = new Store()
    const { stop } = reader(
      store,
      paths.map((path) => logFile(path))
    )
    await until("problems", () => store.problems.length >= 5 && store.lines.length === 1)
    await sleep(150)
    await stop()
    expect(store.lines).toEqual(["a\ufffd"])
    expect(store.problems.map(({ code, file }) => [file.slice(folder.length + 1), code]).sort()).toEqual([
      ["binary.log", "TST-ACQ-BINARY"],
      ["directory.log", "TST-ACQ-NOT-A-FILE"],
      ["fifo.log", "TST-ACQ-NOT-A-FILE"],
      ["missing.log", "TST-ACQ-MISSING"],
      ["packed.log", "TST-ACQ-COMPRESSED"]
    ])
    expect(store.problems.find(({ code }) => code === "TST-ACQ-BINARY")?.message).toContain("offset 4")
  })

  it("a binary file is read again when a text takes its place", async () => {
    writeFileSync(log, Buffer.alloc(100))
    const store = new Store()
    const { stop } = reader(store, [logFile(log)])
    await until("said", () => store.codes.includes("TST-ACQ-BINARY"))
    truncateSync(log)
    appendFileSync(log, "text\n")
    await until("read", () => store.lines.length === 1)
    await stop()
    expect(store.lines).toEqual(["text"])
  })

  it("NUL bytes that a client puts into the first line of a young log do not blind the reader", async () => {
    const first = `login failed for ${"\0".repeat(30)}`
    writeFileSync(log, `${first}\n`)
    const store = new Store()
    const { stop } = reader(store, [logFile(log)])
    await until("told", () => store.codes.length === 1)
    expect(store.codes).toEqual(["TST-ACQ-BINARY"])
    appendFileSync(log, text(numbers(0, 100)))
    await until("read", () => store.count >= 101)
    appendFileSync(log, text(numbers(100, 101)))
    await until("followed", () => store.count >= 102)
    await stop()
    expect(store.lines).toEqual([first, ...numbers(0, 101)])
  })

  it("a log is read behind the hole that is left when it is truncated and its writer keeps its place", async () => {
    const writer = openSync(log, "w")
    writeSync(writer, text(numbers(0, 300)))
    const store = new Store()
    let { stop } = reader(store, [logFile(log)])
    await until("begun", () => store.count === 300)
    for (const [turn, next] of [300, 310, 320].entries()) {
      writeSync(writer, text(numbers(next, next + 5)))
      await until("followed", () => store.count === next + 5)
      copyFileSync(log, `${log}.${9 - turn}`)
      truncateSync(log)
      writeSync(writer, text(numbers(next + 5, next + 10)))
      await until("behind the hole", () => store.count >= next + 10)
      await stop()
      ;({ stop } = reader(store, [logFile(log)]))
    }
    await sleep(50)
    await stop()
    closeSync(writer)
    expect(store.lines).toEqual(numbers(0, 330))
    expect(store.codes).toEqual([])
  })

  it("a deleted file is let go and read when it comes back", async () => {
    writeFileSync(log, "one\ntwo")
    const store = new Store()
    const { stop } = reader(store, [logFile(log)])
    await until("one", () => store.lines.length === 1)
    await sleep(50)
    rmSync(log)
    await until("gone", () => store.codes.includes("TST-ACQ-GONE"))
    writeFileSync(log, "three\n")
    await until("back", () => store.lines.length === 3)
    await stop()
    expect(store.lines).toEqual(["one", "two", "three"])
    expect(store.codes).toEqual(["TST-ACQ-GONE"])
  })

  it("names the place when the recorded batch is damaged", async () => {
    writeFileSync(log, "one\n")
    const store = new Store()
    await readUntil(store, 1)
    const damaged = { ...store.batches[0]!, body: new Uint8Array(9) }
    const program = acquire({
      sources: [logFile(log)],
      sink: { append: () => Effect.void },
      last: () => Effect.succeed(damaged),
      timeOf: () => undefined,
      report: () => {}
    })
    expect(await Effect.runPromise(Effect.flip(program))).toMatchObject({ code: "TST-ACQ-DAMAGED-BATCH" })
  })
})

test("a file is looked at the seldomer the longer it is idle, and never less than every five seconds", () => {
  const waits = [-1_000, 0, 1_000, 10_000, 60_000, 3_600_000, Number.MAX_SAFE_INTEGER].map((idle) =>
    Duration.toMillis(pollAfter(idle, 250))
  )
  expect(waits).toEqual([250, 250, 250, 250, 1_500, 5_000, 5_000])
})

describe("patterns and links", () => {
  it("finds new files while running and leaves rotated and compressed ones to their log", async () => {
    const site = (name: string) => join(folder, name)
    writeFileSync(site("access.log"), "a\n")
    writeFileSync(site("access.log.1"), "old a\n")
    writeFileSync(site("packed.log.gz"), gzipSync("packed\n"))
    const store = new Store()
    const { stop } = reader(store, [logFile(join(folder, "*")), logFile(site("access.log"))])
    await until("first", () => store.lines.length === 1)
    writeFileSync(site("new.log"), "n\n")
    await until("second", () => store.lines.length === 2)
    appendFileSync(site("access.log"), "a2\n")
    appendFileSync(site("new.log"), "n2\n")
    await until("all", () => store.lines.length === 4)
    await sleep(80)
    await stop()
    expect(store.linesOf(site("access.log"))).toEqual(["a", "a2"])
    expect(store.linesOf(site("new.log"))).toEqual(["n", "n2"])
    expect(store.lines).toHaveLength(4)
  })

  it("lets go of a file that a pattern found and that is gone, and goes on with it when it is back", async () => {
    const store = new Store()
    const asked: Array<string> = []
    const { stop } = reader(store, [logFile(join(folder, "*.log")), logFile(join(folder, "named.txt"))], {
      last: (source) =>
        Effect.sync(() => {
          asked.push(source)
          return store.batches.findLast((batch) => batch.source === source)
        })
    })
    const paths = ["pod.log", "named.txt"].map((name) => join(folder, name))
    for (const round of [1, 2, 3]) {
      for (const path of paths) writeFileSync(path, text(numbers(round, round + 1)))
      await until(`round ${round}`, () => store.lines.length === 2 * round)
      for (const path of paths) rmSync(path)
      await until("both are missed", () => store.codes.filter((code) => code === "TST-ACQ-GONE").length === 2 * round)
      await sleep(60)
    }
    await stop()
    for (const path of paths) expect(store.linesOf(path)).toEqual(numbers(1, 4))
    const timesAsked = (path: string) => asked.filter((source) => source === sourceName(path)).length
    // What is not followed any more is looked up again.
    expect(timesAsked(paths[0]!)).toBeGreaterThan(1)
    expect(timesAsked(paths[1]!)).toBe(1)
  })

  it("reads a file once that a pattern finds under its name and by a symbolic link", async () => {
    mkdirSync(join(folder, "logs"))
    const [first, second, outside] = ["logs/1.log", "logs/2.log", "outside.log"].map((name) => join(folder, name))
    writeFileSync(first!, "1 a\n")
    writeFileSync(second!, "2 b\n")
    writeFileSync(outside!, "3 c\n")
    symlinkSync("1.log", join(folder, "logs/current.log"))
    symlinkSync("current.log", join(folder, "logs/latest.log"))
    symlinkSync(outside!, join(folder, "logs/linked.log"))
    const store = new Store()
    await readUntil(store, 3, [logFile(join(folder, "logs", "*.log"))])
    expect(store.lines).toEqual(["1 a", "2 b", "3 c"])
  })

  it("follows a symbolic link to the rotated files of its target", async () => {
    mkdirSync(join(folder, "disk"))
    const target = join(folder, "disk", "app.log")
    writeFileSync(target, text(numbers(0, 5)))
    symlinkSync(target, log)
    const store = new Store()
    await readUntil(store, 5)
    appendFileSync(target, "000005 line\n")
    renameSync(target, `${target}.1`)
    writeFileSync(target, "000006 line\n")
    await readUntil(store, 7)
    expect(store.lines).toEqual(numbers(0, 7))
  })

  it("gives the backlogs of several files in the order of their times", async () => {
    const other = join(folder, "other.log")
    const stamped = (from: number, step: number, name: string) =>
      Array.from({ length: 500 }, (_, index) => `${from + index * step} ${name}`)
    writeFileSync(log, text(stamped(1_000, 7, "a")))
    writeFileSync(other, text(stamped(1_003, 2, "b")))
    const store = new Store()
    await readUntil(store, 1_000, [logFile(log), logFile(other)])
    const times = store.lines.map((line) => Number.parseInt(line, 10))
    for (const [index, time] of times.entries()) expect(time).toBeGreaterThan((times[index - 1] ?? 0) - 5)
    expect(store.linesOf(other)).toEqual(stamped(1_003, 2, "b"))
  })
})

describe("source names", () => {
  it("are readable and different for different paths", () => {
    expect(sourceName("/var/log/../log/auth.log")).toBe("/var/log/auth.log")
    expect(sourceName("/a b/ü%.log")).toBe("/a%20b/%C3%BC%25.log")
    expect(sourceName("-")).toBe("stdin")
  })
})

/** What may happen to a log, in any order, while its writer goes on. */
const happening = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("write" as const), lines: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("half" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("rename" as const), late: fc.boolean(), pack: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("copytruncate" as const), pack: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("restart" as const), away: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("pause" as const), time: fc.nat(40) }) }
)

describe("whatever happens to a log", () => {
  it("every line is read exactly once, in order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 25 }), async (story) => {
        const place = mkdtempSync(join(folder, "story-"))
        const path = join(place, "app.log")
        const store = new Store()
        let next = 0
        let half = ""
        const write = (count: number, into = path): void => {
          const lines = numbers(next, next + count)
          next += count
          appendFileSync(into, text(lines).slice(half.length))
          half = ""
        }
        const shift = (pack: boolean): void => {
          for (let n = 30; n >= 1; n -= 1) {
            for (const end of ["", ".gz"]) {
              if (existsSync(`${path}.${n}${end}`)) renameSync(`${path}.${n}${end}`, `${path}.${n + 1}${end}`)
            }
          }
          if (!pack || !existsSync(`${path}.2`)) return
          writeFileSync(`${path}.2.gz`, gzipSync(readFileSync(`${path}.2`)))
          rmSync(`${path}.2`)
        }
        write(3)
        let running: ReturnType<typeof reader> | undefined = reader(store, [logFile(path)])
        // Nothing is known of a log that was rotated before its first line was recorded.
        await until("the first lines", () => store.count >= 3)
        let away = 0
        for (const event of story) {
          if (event.kind === "write") write(event.lines)
          else if (event.kind === "half") {
            appendFileSync(path, numbered(next).slice(half.length, 8))
            half = numbered(next).slice(0, 8)
          } else if (event.kind === "rename") {
            shift(event.pack)
            renameSync(path, `${path}.1`)
            if (half !== "" || event.late) write(2, `${path}.1`)
            write(1)
          } else if (event.kind === "copytruncate") {
            if (half !== "") write(1)
            shift(event.pack)
            copyFileSync(path, `${path}.1`)
            truncateSync(path)
          } else if (event.kind === "restart") {
            await running?.stop()
            running = undefined
            away = event.away
          } else await sleep(event.time)
          if (running === undefined && away-- <= 0) running = reader(store, [logFile(path)])
        }
        if (half !== "") write(1)
        running ??= reader(store, [logFile(path)])
        await until(`${next} lines`, () => store.count >= next).catch(() => {})
        await sleep(30)
        await running.stop()
        expect(store.lines).toEqual(numbers(0, next))
        expect(store.problems).toEqual([])
      }),
      { numRuns: 25, endOnFailure: true }
    )
  }, 600_000)
})
