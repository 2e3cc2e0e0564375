import { appendFileSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { gzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { log, logFile, numbered, numbers, reader, readUntil, Store, text, until } from "./acquisition.fixture.ts"
import { decodeLines } from "./body.ts"
import { openFile } from "./file-identity.ts"
import { lateSourceName, sourceName } from "./file-source.ts"
import { FilesRead } from "./files-read.ts"
import { LateLines, mostLateFiles } from "./late-lines.ts"
import { GrowingFile } from "./open-file.ts"
import { usualPatience } from "./patience.ts"
import { RecordedFiles } from "./recorded-files.ts"

const old = (): string => `${log}.1`
const append = (path: string, from: number, to: number): void => appendFileSync(path, text(numbers(from, to)))
const late = (store: Store) => store.batches.filter(({ source }) => source === lateSourceName(sourceName(log)))
const lateLines = (store: Store): Array<string> => late(store).flatMap(decodeLines)

/** The log is rotated when ten lines were read, and reading has gone on to ten lines of the new one. */
const rotated = async (patience: { late?: number; stillWritten?: number } = {}) => {
  append(log, 0, 10)
  const store = new Store()
  const { stop } = reader(store, [logFile(log)], {
    patience: { rotated: 60, deleted: 100, bothWritten: 2_000, ...patience }
  })
  await until("begun", () => store.count === 10)
  renameSync(log, old())
  append(log, 10, 20)
  await until("gone on", () => store.count === 20)
  return { store, stop }
}

describe("what is written to a rotated file when reading has gone on to the next one", () => {
  it("is read, as a source of its own that begins with a checkpoint", async () => {
    const { store, stop } = await rotated()
    append(old(), 20, 22)
    await until("late lines", () => store.count === 22)
    append(log, 22, 23)
    append(old(), 23, 24)
    await until("both", () => store.count === 24)
    await stop()
    expect(lateLines(store)).toEqual([...numbers(20, 22), numbered(23)])
    expect(store.linesOf(log)).toEqual([...numbers(0, 20), numbered(22)])
    expect(late(store)[0]).toMatchObject({ path: log, lines: 0, range: { from: 120, to: 120 } })
    expect(store.problems).toEqual([])
  })

  it("is told when it goes on, once", async () => {
    const { store, stop } = await rotated({ stillWritten: 1_000 })
    append(old(), 20, 21)
    await until("the first", () => store.count === 21)
    expect(store.codes).toEqual([])
    await sleep(1_100)
    append(old(), 21, 22)
    await until("the second", () => store.count === 22)
    append(old(), 22, 23)
    await until("the third", () => store.count === 23)
    await stop()
    expect(store.codes).toEqual(["TST-ACQ-STILL-WRITTEN"])
  })

  it("is read until nothing comes any more", async () => {
    const { store, stop } = await rotated({ late: 700 })
    for (let line = 20; line < 25; line += 1) {
      append(old(), line, line + 1)
      await until(`line ${line}`, () => store.count === line + 1)
      await sleep(100)
    }
    await sleep(1_200)
    append(old(), 25, 26)
    await sleep(100)
    await stop()
    expect(lateLines(store)).toEqual(numbers(20, 25))
  })

  it("is read from a deleted file too", async () => {
    const { store, stop } = await rotated()
    await sleep(60)
    append(old(), 20, 21)
    rmSync(old())
    await until("the last line", () => store.count === 21)
    await stop()
    expect(lateLines(store)).toEqual([numbered(20)])
  })

  it("is read from a file that was empty when it was rotated, before and after the new one begins", async () => {
    append(log, 0, 1)
    const store = new Store()
    const { stop } = reader(store, [logFile(log)])
    await until("begun", () => store.count === 1)
    renameSync(log, `${log}.2`)
    writeFileSync(log, "")
    await sleep(150)
    renameSync(log, old())
    writeFileSync(log, "")
    await sleep(150)
    append(old(), 1, 2)
    await until("what its writer writes on", () => store.count === 2)
    await sleep(150)
    renameSync(log, `${log}.0`)
    append(log, 2, 3)
    await until("the new one", () => store.count === 3)
    await sleep(150)
    append(`${log}.0`, 3, 4)
    await until("what its writer writes late", () => store.count === 4)
    await stop()
    expect(store.lines).toEqual(numbers(0, 4))
    expect(store.problems).toEqual([])
  })

  it("is none in a file that is waited for, although reading goes on to one between", async () => {
    append(log, 0, 1)
    const store = new Store()
    const { stop } = reader(store, [logFile(log)])
    await until("begun", () => store.count === 1)
    renameSync(log, `${log}.2`)
    append(log, 1, 2)
    renameSync(log, old())
    writeFileSync(log, "")
    await until("the file between", () => store.count === 2)
    await sleep(150)
    append(log, 2, 3)
    await until("what was waited for", () => store.count === 3)
    writeFileSync(`${old()}.gz`, gzipSync(readFileSync(log)))
    rmSync(log)
    append(log, 3, 4)
    await until("the last one", () => store.count >= 4)
    await sleep(150)
    await stop()
    expect(store.linesOf(log)).toEqual(numbers(0, 4))
    expect(store.count).toBe(4)
  })

  it("is read to its end in a file that is not looked at any more because there are too many newer ones", async () => {
    const lines = new LateLines({
      ...{ source: log, path: log, labels: {}, zone: "UTC", positions: [] },
      ...{ patience: usualPatience, report: () => {}, read: new FilesRead() }
    })
    const now = Date.now()
    for (let number = 0; number <= mostLateFiles; number += 1) {
      const path = `${log}.${number}`
      append(path, number, number + 1)
      const opened = await openFile(path)
      lines.watch(await GrowingFile.at(path, opened!, opened!.status.size), now)
      if (number === 0) append(path, 100, 101)
    }
    expect(await lines.fill(log, now)).toBe("lines")
    expect(decodeLines(lines.take(now)!)).toEqual([numbered(100)])
    expect(await lines.fill(log, now)).toBe("waiting")
    const { dev: device, ino: inode } = statSync(`${log}.0`)
    expect(lines.has({ device, inode })).toBe(false)
    await lines.close()
  })

  it("is no line of its own when it is the rest of one that was taken without its end", async () => {
    append(log, 0, 10)
    const store = new Store()
    const { stop } = reader(store, [logFile(log)])
    await until("begun", () => store.count === 10)
    renameSync(log, old())
    appendFileSync(old(), "000010 li")
    append(log, 11, 12)
    await until("gone on", () => store.count === 12)
    appendFileSync(old(), `ne\n${text(numbers(12, 13))}`)
    await until("late line", () => store.count === 13)
    await stop()
    expect(store.lines).toEqual([...numbers(0, 10), "000010 li", numbered(11), numbered(12)])
  })

  for (const packed of [false, true]) {
    it(`is read when it was written while the reader was away${packed ? ", compressed by now" : ""}`, async () => {
      const { store, stop } = await rotated()
      append(old(), 20, 21)
      await until("late line", () => store.count === 21)
      await stop()
      append(old(), 21, 23)
      if (packed) {
        const { atime, mtime } = statSync(old())
        writeFileSync(`${log}.2.gz`, gzipSync(readFileSync(old())))
        utimesSync(`${log}.2.gz`, atime, mtime)
        rmSync(old())
      } else renameSync(old(), `${log}.2`)
      renameSync(log, old())
      append(old(), 23, 25)
      append(log, 25, 27)
      await readUntil(store, 27)
      await readUntil(store, 27)
      expect([...store.lines].sort()).toEqual(numbers(0, 27))
      expect(lateLines(store)).toEqual(numbers(20, 23))
      expect(store.problems).toEqual([])
    })
  }

  it("is not taken from another file that begins like the one that was left, and is gone by now", async () => {
    const banner = "the same words at each start\n".repeat(80)
    writeFileSync(log, banner + text(numbers(0, 10)))
    const store = new Store()
    const { stop } = reader(store, [logFile(log)])
    await until("begun", () => store.count === 90)
    renameSync(log, old())
    writeFileSync(log, banner + text(numbers(10, 20)))
    await until("gone on", () => store.count === 180)
    await stop()
    writeFileSync(`${log}.2`, "")
    rmSync(old())
    writeFileSync(`${log}.2`, banner + text(numbers(500, 600)))
    append(log, 20, 21)
    await readUntil(store, 181)
    expect(store.lines.slice(-1)).toEqual(numbers(20, 21))
    expect(lateLines(store)).toEqual([])
    expect(store.count).toBe(181)
  })

  it("is not read again when the reader is killed before anything of the next file is stored", async () => {
    const { store, stop } = await rotated()
    append(old(), 20, 21)
    await until("late line", () => store.count === 21)
    await stop()
    const killed = new Store()
    killed.batches.push(...store.batches.filter((batch) => batch.file.inode === store.batches[0]!.file.inode))
    append(old(), 21, 22)
    await readUntil(killed, 22)
    expect([...killed.lines].sort()).toEqual(numbers(0, 22))
    expect(killed.problems).toEqual([])
  })

  it("counts as read in a replay of the file, and a checkpoint alone does not", async () => {
    const { store, stop } = await rotated()
    append(old(), 20, 21)
    await until("late line", () => store.count === 21)
    await stop()
    const head = readFileSync(old())
    const file = store.batches[0]!.file
    const recorded = new RecordedFiles()
    recorded.add(late(store)[0]!)
    expect(recorded.find(file, head)).toBeUndefined()
    for (const batch of store.batches) recorded.add(batch)
    expect(recorded.find(file, head)?.to).toBe(head.length)
  })
})
