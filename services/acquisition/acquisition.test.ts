import { appendFileSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { LogBatchAppended } from "../../domain/events/log-batch.ts"
import {
  folder,
  log,
  logFile,
  numbered,
  numbers,
  reader,
  readUntil,
  Store,
  text,
  until
} from "./acquisition.fixture.ts"
import { acquire, pollAfter } from "./acquisition.ts"
import { decodeBody } from "./body.ts"

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

  it("gives the first line after a pause at once, and those that come one by one after it together", async () => {
    writeFileSync(log, "")
    const store = new Store()
    const { stop } = reader(store, [logFile(log)], { gather: 1_000 })
    await sleep(60)
    const begun = performance.now()
    appendFileSync(log, text([numbered(0)]))
    await until("the first line", () => store.count === 1)
    const first = performance.now()
    for (let line = 1; line <= 20; line++) {
      appendFileSync(log, text([numbered(line)]))
      await sleep(2)
    }
    await until("the others", () => store.count === 21)
    await stop()
    // A machine that sleeps in between may cut them once more.
    expect(store.batches.length).toBeLessThan(5)
    if (first - begun < 500) expect(performance.now() - first).toBeGreaterThan(500)
    expect(store.lines).toEqual(numbers(0, 21))
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
      recent: () => Effect.succeed([]),
      timeOf: () => undefined,
      report: () => {}
    })
    expect(await Effect.runPromise(Effect.flip(failing))).toBe("disk full")
  })

  it("is looked at the seldomer the longer it is idle, and never less than every five seconds", () => {
    const waits = [-1_000, 0, 1_000, 10_000, 60_000, 3_600_000, Number.MAX_SAFE_INTEGER].map((idle) =>
      Duration.toMillis(pollAfter(idle, 250))
    )
    expect(waits).toEqual([250, 250, 250, 250, 1_500, 5_000, 5_000])
  })
})
