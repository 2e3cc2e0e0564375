import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import fc from "fast-check"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { arrange, perform, play } from "./player.ts"
import { findStamp } from "./time-stamp.ts"

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "testudo-player-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const moved = (line: string, to: string, zone = "UTC"): string => {
  const [cue] = arrange([line], { speed: 1 }, zone)
  return perform(cue!, Date.parse(to))
}

describe("time stamps", () => {
  it("are written anew in their own layout", () => {
    const to = "2026-03-05T07:08:09.123Z"
    expect(moved("Dec 10 06:55:46 LabSZ sshd[1]: hi", to)).toBe("Mar  5 07:08:09 LabSZ sshd[1]: hi")
    expect(moved("Jun  1 06:55:46 h x: hi", to, "Asia/Kolkata")).toBe("Mar  5 12:38:09 h x: hi")
    expect(moved("2020-01-01T00:00:00Z a", to)).toBe("2026-03-05T07:08:09Z a")
    expect(moved("2020-01-01T00:00:00.123456+02:00 a", to)).toBe("2026-03-05T09:08:09.123000+02:00 a")
    expect(moved("2020-01-01 00:00:00,5 a", to, "America/New_York")).toBe("2026-03-05 02:08:09,1 a")
    expect(moved('1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] "GET /"', to)).toBe(
      '1.2.3.4 - - [05/Mar/2026:00:08:09 -0700] "GET /"'
    )
    expect(moved("[Sun Dec 04 04:47:44 2005] [notice] x", to)).toBe("[Thu Mar 05 07:08:09 2026] [notice] x")
    expect(moved("no time 12:00", to)).toBe("no time 12:00")
  })

  it("say what they were made to say", () => {
    const samples = ["2020-01-01T00:00:00.000Z x", "x [10/Oct/2000:13:55:36 -0700] y", "[Sun Dec 04 04:47:44 2005] x"]
    const times = fc.integer({ min: 0, max: Date.UTC(2037, 0, 1) })
    fc.assert(
      fc.property(fc.constantFrom(...samples), times, (sample, time) => {
        const written = perform(arrange([sample], { speed: 1 }, "UTC")[0]!, time)
        const read = findStamp(written, "UTC")!.time
        expect(Math.floor(read / 1_000)).toBe(Math.floor(time / 1_000))
      })
    )
  })
})

describe("arranging", () => {
  it("keeps distances and order, over a new year and with lines out of order or without a time", () => {
    const lines = [
      "Dec 31 23:59:50 h a",
      "  continued",
      "Jan  1 00:00:10 h b",
      "Jan  1 00:00:05 h late",
      "Jan  1 00:01:50 h c"
    ]
    expect(arrange(lines, { speed: 10 }, "UTC").map(({ after }) => after)).toEqual([0, 0, 2_000, 2_000, 12_000])
    expect(arrange(lines, { seconds: 6 }, "UTC").map(({ after }) => Math.round(after))).toEqual([
      0, 0, 1_000, 1_000, 6_000
    ])
  })
})

describe("playing", () => {
  const sample = (): string => {
    const path = join(folder, "sample.log")
    writeFileSync(
      path,
      Array.from({ length: 60 }, (_, n) => `Dec 10 06:00:${String(n).padStart(2, "0")} h x: ${n}\n`).join("")
    )
    return path
  }

  it("writes each line at its time, stamped with it, and behind what is there the second time", async () => {
    const into = join(folder, "new", "growing.log")
    const begin = Math.floor(Date.now() / 1_000) * 1_000
    const options = { from: sample(), into, pace: { seconds: 0.5 } }
    expect(await Effect.runPromise(play(options))).toBe(60)
    expect(Date.now() - begin).toBeGreaterThanOrEqual(500)
    const lines = readFileSync(into, "utf8").split("\n").slice(0, -1)
    expect(lines.map((line) => line.slice(16))).toEqual(Array.from({ length: 60 }, (_, n) => `h x: ${n}`))
    for (const line of lines) {
      const time = Date.parse(`${line.slice(0, 6)} ${new Date(begin).getUTCFullYear()} ${line.slice(7, 15)} UTC`)
      expect(time).toBeGreaterThanOrEqual(begin)
      expect(time).toBeLessThanOrEqual(Date.now())
    }
    await Effect.runPromise(play(options))
    expect(readFileSync(into, "utf8").split("\n")).toHaveLength(121)
    await Effect.runPromise(play({ ...options, rotateAt: 1_000 }))
    expect(readFileSync(`${into}.1`, "utf8").split("\n")).toHaveLength(121)
    expect(readFileSync(into, "utf8").split("\n")).toHaveLength(61)
  })

  it("stops between two lines", async () => {
    const into = join(folder, "growing.log")
    const fiber = Effect.runFork(play({ from: sample(), into, pace: { speed: 20 } }))
    await new Promise((resolve) => setTimeout(resolve, 400))
    await Effect.runPromise(Fiber.interrupt(fiber))
    const size = statSync(into).size
    const written = readFileSync(into, "utf8")
    expect(written.endsWith("\n")).toBe(true)
    expect(written.split("\n").length).toBeLessThan(60)
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(statSync(into).size).toBe(size)
  })

  it("says what is wrong with the sample", async () => {
    const failure = (from: string) =>
      Effect.runPromise(Effect.flip(play({ from, into: join(folder, "x.log"), pace: { seconds: 1 } })))
    expect((await failure(join(folder, "missing.log"))).message).toContain("failed: it does not exist.")
    const without = join(folder, "without.log")
    writeFileSync(without, "no stamps\n")
    expect(await failure(without)).toMatchObject({ code: "TST-ACQ-SAMPLE" })
  })
})
