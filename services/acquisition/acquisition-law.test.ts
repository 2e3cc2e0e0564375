import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
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
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { folder, logFile, numbered, numbers, reader, Store, text, until } from "./acquisition.fixture.ts"

/** What may happen to a log, in any order, while its writer goes on. */
const happening = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("write" as const), lines: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("half" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("rename" as const), late: fc.boolean(), pack: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("copytruncate" as const), pack: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("restart" as const), away: fc.nat(2) }) },
  // Longer than is waited before reading goes on to the next file, or shorter.
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("straggle" as const), after: fc.nat(120) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("pause" as const), time: fc.nat(40) }) }
)

describe("whatever happens to a log", () => {
  it("every line is read exactly once, in order; also what comes late to a file that was rotated", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 25 }), async (story) => {
        const place = mkdtempSync(join(folder, "story-"))
        const path = join(place, "app.log")
        const store = new Store()
        let next = 0
        let half = ""
        const stragglers: Array<string> = []
        let isRenamed = false
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
        const isLate = (line: string): boolean => line.startsWith("late")
        /** What is compressed while nobody reads cannot be told from other files that begin alike: nothing may be unread in it. */
        const mayPack = async (): Promise<boolean> => {
          const isHeard = () => store.lines.filter(isLate).length === stragglers.length
          if (running !== undefined) await until("what came late", isHeard)
          return isHeard()
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
            shift(event.pack && (await mayPack()))
            renameSync(path, `${path}.1`)
            if (half !== "" || event.late) write(2, `${path}.1`)
            write(1)
            isRenamed = true
          } else if (event.kind === "straggle") {
            // A copy has no writers, and an empty file was not left by the reader.
            if (!isRenamed || statSync(`${path}.1`).size === 0) continue
            await sleep(event.after)
            stragglers.push(`late ${stragglers.length}`)
            appendFileSync(`${path}.1`, text(stragglers.slice(-1)))
          } else if (event.kind === "copytruncate") {
            isRenamed = false
            if (half !== "") write(1)
            shift(event.pack && (await mayPack()))
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
        const all = next + stragglers.length
        await until(`${all} lines`, () => store.count >= all).catch(() => {})
        await sleep(30)
        await running.stop()
        expect(store.lines.filter((line) => !isLate(line))).toEqual(numbers(0, next))
        expect(store.lines.filter(isLate).sort()).toEqual([...stragglers].sort())
        expect(store.problems).toEqual([])
      }),
      { numRuns: 25, endOnFailure: true }
    )
  }, 600_000)
})
