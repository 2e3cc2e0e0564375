import {
  appendFileSync,
  copyFileSync,
  existsSync,
  linkSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { folder, log, logFile, numbers, reader, readUntil, Store, text, until } from "./acquisition.fixture.ts"
import { sourceName } from "./file-source.ts"

const at = (name: string): string => join(folder, name)
const all = () => [logFile(at("*.log"))]
const append = (path: string, from: number, to: number): void => appendFileSync(path, text(numbers(from, to)))

describe("a log that is renamed to a name that its pattern finds", () => {
  it("is not read again, while running and after a stop, and is followed under its new name", async () => {
    append(log, 0, 100)
    const store = new Store()
    const changes = { patience: { rotated: 60, deleted: 100, bothWritten: 2_000, late: 150 } }
    const { stop } = reader(store, all(), changes)
    await until("begun", () => store.count === 100)
    renameSync(log, at("archive.log"))
    append(log, 100, 110)
    await until("the new one", () => store.count === 110)
    append(at("archive.log"), 110, 111)
    await until("what is late", () => store.count === 111)
    await sleep(400)
    append(at("archive.log"), 111, 112)
    await until("what is very late", () => store.count === 112)
    await stop()
    append(at("archive.log"), 112, 113)
    await readUntil(store, 113, all(), changes)
    await readUntil(store, 113, all(), changes)
    expect(store.lines).toEqual(numbers(0, 113))
    expect(store.linesOf(at("archive.log"))).toContain(numbers(111, 112)[0])
    expect(store.problems).toEqual([])
  })

  it("is not read again when that was while the reader was away", async () => {
    append(log, 0, 100)
    const store = new Store()
    await readUntil(store, 100, all())
    append(log, 100, 105)
    renameSync(log, at("archive.log"))
    append(log, 105, 110)
    await readUntil(store, 110, all())
    await readUntil(store, 110, all())
    expect(store.lines).toEqual(numbers(0, 110))
    expect(store.problems).toEqual([])
  })

  for (const name of ["app.1.log", "app-1.log", "app-2026-11-28.log"]) {
    it(`is not read again as ${name}`, async () => {
      append(at("app.log"), 0, 100)
      const store = new Store()
      const { stop } = reader(store, all())
      await until("begun", () => store.count === 100)
      renameSync(at("app.log"), at(name))
      append(at("app.log"), 100, 110)
      await until("the new one", () => store.count === 110)
      append(at(name), 110, 111)
      await until("what is late", () => store.count === 111)
      await sleep(100)
      await stop()
      await readUntil(store, 111, all())
      expect(store.lines).toEqual(numbers(0, 111))
      expect(store.problems).toEqual([])
    })
  }

  it("is not read again where each file is renamed to the name of the next one", async () => {
    const store = new Store()
    let next = 0
    let running = reader(store, all())
    for (let turn = 0; turn < 6; turn += 1) {
      for (let n = 4; n >= 0; n -= 1) {
        if (existsSync(at(`app.${n}.log`))) renameSync(at(`app.${n}.log`), at(`app.${n + 1}.log`))
      }
      append(at("app.0.log"), next, next + 100)
      next += 100
      if (turn === 3) await running.stop()
      else await until(`turn ${turn}`, () => store.count >= next)
      if (turn === 3) running = reader(store, all())
      await sleep(100)
    }
    await running.stop()
    expect(store.lines.sort()).toEqual(numbers(0, next))
    expect(store.problems).toEqual([])
  })
})

describe("a file whose name may be that of a rotated one", () => {
  it("is a log when something is written to it, and goes on to be one after a stop", async () => {
    const daily = at("laravel-2026-11-28.log")
    append(at("laravel.log"), 0, 1)
    append(daily, 1, 3)
    const store = new Store()
    const looked: Array<string> = []
    const { stop } = reader(store, all(), {
      recent: (source, most) =>
        Effect.sync(() => {
          looked.push(source)
          return store.recent(source, most)
        })
    })
    await until("the log beside it", () => store.count === 1)
    await sleep(100)
    expect(store.count).toBe(1)
    append(daily, 3, 4)
    await until("the daily one", () => store.count === 4)
    const next = at("laravel-2026-11-29.log")
    append(next, 4, 5)
    await until("it is found", () => looked.includes(sourceName(next)))
    await sleep(20)
    append(next, 5, 6)
    await until("that of the next day", () => store.count === 6)
    await stop()
    append(daily, 6, 7)
    await readUntil(store, 7, all())
    expect(store.lines).toEqual(numbers(0, 7))
    expect(store.linesOf(next)).toEqual(numbers(4, 6))
    expect(store.problems).toEqual([])
  })

  it("is none while it is a copy in the making", async () => {
    const copy = at("app-20261128.log")
    append(at("app.log"), 0, 1_000)
    const store = new Store()
    const { stop } = reader(store, all())
    await until("begun", () => store.count === 1_000)
    writeFileSync(copy, text(numbers(0, 300)))
    await sleep(100)
    append(copy, 300, 600)
    await sleep(100)
    copyFileSync(at("app.log"), copy)
    truncateSync(at("app.log"))
    append(at("app.log"), 1_000, 1_010)
    await until("what is new", () => store.count >= 1_010)
    await sleep(100)
    await stop()
    expect(store.lines).toEqual(numbers(0, 1_010))
  })

  for (const count of ["up", "down"]) {
    it(`is read when it was made while the reader was away, where the counter goes ${count}`, async () => {
      append(log, 0, 10)
      const store = new Store()
      await readUntil(store, 10)
      for (const turn of [1, 2, 3]) {
        append(log, turn * 10, turn * 10 + 10)
        await sleep(20)
        if (count === "up") renameSync(log, at(`auth-${turn}.log`))
        else {
          for (let n = turn - 1; n >= 1; n -= 1) renameSync(at(`auth-${n}.log`), at(`auth-${n + 1}.log`))
          renameSync(log, at("auth-1.log"))
        }
      }
      append(log, 40, 50)
      await readUntil(store, 50)
      expect(store.lines).toEqual(numbers(0, 50))
      expect(store.problems).toEqual([])
    })
  }

  it("is another machine's where the log is rotated in another way", async () => {
    append(at("web.log"), 0, 10)
    const store = new Store()
    const sources = [logFile(at("web.log"))]
    await readUntil(store, 10, sources)
    renameSync(at("web.log"), at("web.log.1"))
    append(at("web-1.log"), 10, 20)
    append(at("web.log"), 20, 30)
    await readUntil(store, 20, sources)
    expect(store.lines).toEqual([...numbers(0, 10), ...numbers(20, 30)])
    expect(store.problems).toEqual([])
  })
})

describe("a pattern", () => {
  it("reads a file with two names once", async () => {
    append(log, 0, 10)
    linkSync(log, at("link.log"))
    const store = new Store()
    const { stop } = reader(store, all())
    await until("begun", () => store.count >= 10)
    linkSync(log, at("another.log"))
    await sleep(100)
    append(log, 10, 20)
    await until("what is new", () => store.count >= 20)
    await stop()
    append(log, 20, 30)
    await readUntil(store, 30, all())
    expect(store.lines).toEqual(numbers(0, 30))
    expect(store.problems).toEqual([])
  })

  it("finds a log again that was deleted, and says nothing of a gap", async () => {
    append(log, 0, 10)
    const store = new Store()
    const { stop } = reader(store, all())
    await until("begun", () => store.count === 10)
    rmSync(log)
    await until("gone", () => store.codes.length === 1)
    await sleep(100)
    append(log, 10, 20)
    await until("the new one", () => store.count === 20)
    await stop()
    expect(store.lines).toEqual(numbers(0, 20))
    expect(store.codes).toEqual(["TST-ACQ-GONE"])
  })

  it("reads a newer file with the inode and the beginning of one that was left before a stop", async () => {
    const banner = text(numbers(0, 100))
    writeFileSync(log, banner + text(numbers(100, 110)))
    const store = new Store()
    await readUntil(store, 110, all())
    renameSync(log, `${log}.1`)
    writeFileSync(log, text(numbers(200, 300)))
    await readUntil(store, 210, all())
    await sleep(20)
    writeFileSync(at("new"), banner + text(numbers(300, 320)))
    const told = store.batches.map((batch) =>
      batch.source === sourceName(log) ? batch : { ...batch, file: { ...batch.file, inode: statSync(at("new")).ino } }
    )
    store.batches.splice(0, told.length, ...told)
    const { stop } = reader(store, all())
    await sleep(100)
    renameSync(at("new"), log)
    await until("the new one", () => store.count === 330)
    await stop()
    expect(store.lines.slice(-20)).toEqual(numbers(300, 320))
  })
})

describe("`start: end`", () => {
  for (const before of ["", "old\n", "old\nhalf"]) {
    it(`passes over ${JSON.stringify(before)} and nothing more, also when the first line comes after a stop`, async () => {
      writeFileSync(log, before)
      const store = new Store()
      const { stop } = reader(store, [logFile(log, "end")])
      await until("its place is recorded", () => store.batches.length === 1)
      await stop()
      append(log, 0, 2)
      await readUntil(store, before.endsWith("f") ? 1 : 2, [logFile(log, "end")])
      expect(store.lines).toEqual(numbers(before.endsWith("f") ? 1 : 0, 2))
      expect(store.problems).toEqual([])
    })
  }
})
