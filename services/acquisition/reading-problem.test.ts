import { execFileSync } from "node:child_process"
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync
} from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { gzipSync } from "node:zlib"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { folder, log, logFile, numbers, reader, readUntil, Store, text, until } from "./acquisition.fixture.ts"
import { acquire } from "./acquisition.ts"
import { readingProblem } from "./reading-problem.ts"

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

  it.each([
    ["a binary file", Buffer.alloc(100), "TST-ACQ-BINARY"],
    ["an archive", gzipSync(text(numbers(0, 10))), "TST-ACQ-COMPRESSED"]
  ])("%s is read again when a text takes its place", async (_, bytes, code) => {
    writeFileSync(log, bytes)
    const store = new Store()
    const { stop } = reader(store, [logFile(log)])
    await until("said", () => store.codes.includes(code))
    truncateSync(log)
    appendFileSync(log, "text\n")
    await until("read", () => store.lines.length === 1)
    await stop()
    expect(store.lines).toEqual(["text"])
  })

  it.each([
    [
      "a binary file",
      (part: number) => Buffer.concat([Buffer.from("\x7fELF"), Buffer.alloc(600, part), Buffer.from("\n")])
    ],
    ["an archive", (part: number) => gzipSync(text(numbers(part * 1_000, part * 1_000 + 900)), { level: 0 })]
  ])("%s that grows gives no lines", async (_, part) => {
    const other = join(folder, "other.log")
    writeFileSync(log, part(0))
    writeFileSync(other, "")
    const store = new Store()
    const { stop } = reader(store, [logFile(log), logFile(other)])
    await until("said", () => store.codes.length === 1)
    for (let more = 1; more < 8; more++) {
      await sleep(20)
      appendFileSync(log, part(more))
      appendFileSync(other, `${more}\n`)
      await until("the other log", () => store.lines.includes(`${more}`))
    }
    await sleep(100)
    await stop()
    expect(store.lines).toEqual(["1", "2", "3", "4", "5", "6", "7"])
    expect(store.codes).toHaveLength(1)
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
      recent: () => Effect.succeed([damaged]),
      timeOf: () => undefined,
      report: () => {}
    })
    expect(await Effect.runPromise(Effect.flip(program))).toMatchObject({ code: "TST-ACQ-DAMAGED-BATCH" })
  })
})

describe("what the operating system answers", () => {
  it("is told to people with a code of its own", () => {
    const answer = (code: string) => readingProblem("/var/log/auth.log", Object.assign(new Error("x"), { code }))
    expect(answer("EACCES")).toMatchObject({ code: "TST-ACQ-PERMISSION", message: expect.stringContaining("group") })
    expect(answer("ENOENT")).toMatchObject({ code: "TST-ACQ-MISSING", severity: "error" })
    expect(answer("EISDIR").code).toBe("TST-ACQ-NOT-A-FILE")
    expect(answer("EIO")).toMatchObject({ code: "TST-ACQ-READ", message: expect.stringContaining("EIO") })
  })

  it("is the limit of open files, and not the disk, where it is that", () => {
    for (const code of ["EMFILE", "ENFILE"]) {
      const problem = readingProblem("/var/log/a.log", Object.assign(new Error(code), { code }))
      expect(problem).toMatchObject({ code: "TST-ACQ-DESCRIPTORS", severity: "error", file: "/var/log/a.log" })
      expect(problem.message).toContain("LimitNOFILE")
    }
  })
})
