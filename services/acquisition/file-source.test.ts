import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { gzipSync } from "node:zlib"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { folder, log, logFile, numbers, reader, readUntil, Store, text, until } from "./acquisition.fixture.ts"
import { sourceName } from "./file-source.ts"

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
      recent: (source, most) =>
        Effect.sync(() => {
          asked.push(source)
          return store.recent(source, most)
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
