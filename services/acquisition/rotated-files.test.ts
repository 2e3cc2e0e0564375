import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { gzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { folder, log, logFile, numbers, reader, readUntil, Store, text, until } from "./acquisition.fixture.ts"

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

  for (const left of [490 * 12, 20 * 12, 20 * 12 + 5]) {
    it(`goes on at the new end when all but the first ${left} bytes of the file were removed`, async () => {
      writeFileSync(log, text(numbers(0, 500)))
      const store = new Store()
      const { stop } = reader(store, [logFile(log)])
      await until("begun", () => store.lines.length === 500)
      truncateSync(log, left)
      await until("said", () => store.codes.length === 1)
      appendFileSync(log, `${left % 12 === 0 ? "" : "\n"}${text(numbers(500, 510))}`)
      await until("all", () => store.lines.length === 510)
      await stop()
      expect(store.lines).toEqual(numbers(0, 510))
      expect(store.codes).toEqual(["TST-ACQ-CUT"])
    })
  }

  it("finds the rest in the copy although the log begins as it did before", async () => {
    const banner = "the same words at each start\n"
    writeFileSync(log, banner + text(numbers(0, 500)))
    const store = new Store()
    const { stop } = reader(store, [logFile(log)])
    await until("begun", () => store.count === 501)
    appendFileSync(log, text(numbers(500, 510)))
    copyFileSync(log, `${log}.1`)
    writeFileSync(log, banner)
    await until("the rest and the banner", () => store.count === 512)
    appendFileSync(log, text(numbers(510, 520)))
    await until("all", () => store.count === 522)
    await stop()
    expect(store.lines.filter((line) => line !== banner.trim())).toEqual(numbers(0, 520))
    expect(store.problems).toEqual([])
  })
})
