import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
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

  for (const lines of [1, 80]) {
    const banner = "the same words at each start\n".repeat(lines)
    const withoutBanner = (store: Store) => store.lines.filter((line) => !banner.startsWith(line))

    for (const path of ["auth.log", "*.log"]) {
      it(`finds the rest in the copy although the log begins with the same ${banner.length} bytes, as ${path}`, async () => {
        const sources = [logFile(join(folder, path))]
        writeFileSync(log, banner + text(numbers(0, 500)))
        const store = new Store()
        await readUntil(store, 500 + lines, sources)
        const { stop } = reader(store, sources)
        await sleep(100)
        appendFileSync(log, text(numbers(500, 510)))
        copyFileSync(log, `${log}.1`)
        writeFileSync(log, banner)
        await until("the rest and the banner", () => store.count === 510 + 2 * lines)
        appendFileSync(log, text(numbers(510, 520)))
        await until("all", () => store.count === 520 + 2 * lines)
        await stop()
        expect(withoutBanner(store)).toEqual(numbers(0, 520))
        expect(store.problems).toEqual([])
      })
    }

    it(`notices it although the log is longer than before at once, behind the same ${banner.length} bytes`, async () => {
      writeFileSync(log, banner + text(numbers(0, 50)))
      const store = new Store()
      const { stop } = reader(store, [logFile(log)])
      await until("begun", () => store.count === 50 + lines)
      appendFileSync(log, text(numbers(50, 60)))
      copyFileSync(log, `${log}.1`)
      writeFileSync(log, banner + text(numbers(60, 500)))
      await until("all", () => store.count >= 500 + 2 * lines)
      await stop()
      expect(withoutBanner(store)).toEqual(numbers(0, 500))
      expect(store.problems).toEqual([])
    })

    it(`does so after a stop, when the log begins with the same ${banner.length} bytes`, async () => {
      writeFileSync(log, banner + text(numbers(0, 500)))
      const store = new Store()
      await readUntil(store, 500 + lines)
      appendFileSync(log, text(numbers(500, 510)))
      copyFileSync(log, `${log}.1`)
      writeFileSync(log, banner + text(numbers(510, 520)))
      await readUntil(store, 520 + 2 * lines)
      expect(withoutBanner(store)).toEqual(numbers(0, 520))
      expect(store.problems).toEqual([])
    })

    it(`reads a log that was emptied and not copied, when it begins with the same ${banner.length} bytes`, async () => {
      writeFileSync(log, banner)
      const store = new Store()
      const { stop } = reader(store, [logFile(log)])
      await until("begun", () => store.count === lines)
      truncateSync(log)
      await until("noticed", () => store.codes.length === 1)
      appendFileSync(log, banner)
      await sleep(50)
      appendFileSync(log, text(numbers(0, 10)))
      await until("what is new", () => withoutBanner(store).length === 10)
      await stop()
      expect(withoutBanner(store)).toEqual(numbers(0, 10))
      expect(store.codes).toEqual(["TST-ACQ-GAP"])
    })
  }

  it("reads a log that gets the inode of one that was read, and begins like it, from its beginning", async () => {
    const banner = "the same words at each start\n".repeat(80)
    writeFileSync(log, banner + text(numbers(0, 50)))
    const store = new Store()
    await readUntil(store, 130)
    const { inode } = store.batches[0]!.file
    renameSync(log, join(folder, "keeps the inode from being used again"))
    await sleep(20)
    writeFileSync(log, banner + text(numbers(50, 60)))
    const another = statSync(log).ino
    expect(another).not.toBe(inode)
    const told = store.batches.map((batch) => ({ ...batch, file: { ...batch.file, inode: another } }))
    store.batches.splice(0, told.length, ...told)
    await readUntil(store, 220)
    expect(store.lines.slice(-90)).toEqual([...banner.trim().split("\n"), ...numbers(50, 60)])
    expect(store.codes).toEqual(["TST-ACQ-GAP"])
  })
})

describe("a file that is put in the place of a log", () => {
  it("is the same log when it is a copy of it", async () => {
    writeFileSync(log, text(numbers(0, 500)))
    const store = new Store()
    const { stop } = reader(store, [logFile(log)])
    await until("begun", () => store.count === 500)
    copyFileSync(log, join(folder, "copy"))
    renameSync(join(folder, "copy"), log)
    await sleep(200)
    appendFileSync(log, text(numbers(500, 510)))
    await until("what is new", () => store.count === 510)
    await stop()
    expect(store.lines).toEqual(numbers(0, 510))
    expect(store.problems).toEqual([])
  })

  it("is the same log when its rotation is undone", async () => {
    writeFileSync(log, text(numbers(0, 10)))
    const store = new Store()
    const { stop } = reader(store, [logFile(log)], {
      patience: { rotated: 60, deleted: 100, bothWritten: 500, late: 400 }
    })
    await until("begun", () => store.count === 10)
    renameSync(log, `${log}.1`)
    writeFileSync(log, text(numbers(10, 20)))
    await until("the new one", () => store.count === 20)
    renameSync(`${log}.1`, log)
    appendFileSync(log, text(numbers(20, 30)))
    await until("what comes to the old one", () => store.count === 30)
    await sleep(800)
    appendFileSync(log, text(numbers(30, 40)))
    await until("what comes when nothing is late any more", () => store.count === 40)
    await stop()
    expect(store.lines).toEqual(numbers(0, 40))
    expect(store.problems).toEqual([])
  })
})
