/**
 * The laws of cold reading, on invented logs: they hold however a log is cut into files, packed, named and interrupted.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync, zstdCompressSync } from "node:zlib"
import * as Effect from "effect/Effect"
import fc from "fast-check"
import { afterEach, beforeEach, expect, test } from "vitest"
import type { LogBatch } from "../../domain/events/log-batch.ts"
import { decodeLines } from "./body.ts"
import { readColdFiles } from "./cold-files.ts"
import { RecordedFiles } from "./recorded-files.ts"

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "testudo-cold-law-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What lines are made of. Each begins with its time or with none, and is the only one of its kind. */
const lineArbitrary = fc.record({
  // Mostly the log goes on, sometimes a line comes late; many lines stand in one second.
  step: fc.oneof({ weight: 6, arbitrary: fc.nat(2) }, { weight: 1, arbitrary: fc.integer({ min: -5, max: 30 }) }),
  timed: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  rest: fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom("", "failed password", "\r", "é ü 漢", "\t\x1b[31m", " ".repeat(600)) },
    { weight: 1, arbitrary: fc.constantFrom("x".repeat(300_000), "y".repeat(262_144)) }
  )
})

const logArbitrary = fc.record({
  lines: fc.array(lineArbitrary, { minLength: 1, maxLength: 120 }),
  /** Where rotation cut it, in parts of the whole. */
  cuts: fc.array(fc.nat(100), { maxLength: 4 }),
  packing: fc.array(fc.constantFrom("plain", "gz", "members", "zst"), { minLength: 5, maxLength: 5 }),
  naming: fc.constantFrom("counter", "date"),
  ended: fc.boolean()
})
type Log = typeof logArbitrary extends fc.Arbitrary<infer A> ? A : never

/** `late`: with lines that come late. Where rotation leaves a line or two in a file, nobody knows its place by them. */
const linesOf = (log: Log, name: string, late: boolean): ReadonlyArray<string> => {
  let time = 1_000
  return log.lines.map(({ step, timed, rest }, index) => {
    time += late ? step : Math.max(0, step)
    return `${timed ? time : "-"} ${name}${index} ${rest}`
  })
}

const textOf = (lines: ReadonlyArray<string>, ended: boolean): string => lines.join("\n") + (ended ? "\n" : "")

const packed = (text: string, packing: string): Buffer => {
  if (packing === "gz") return gzipSync(text)
  if (packing === "zst") return zstdCompressSync(text)
  const bytes = Buffer.from(text)
  const half = Math.floor(bytes.length / 2)
  if (packing === "members") return Buffer.concat([gzipSync(bytes.subarray(0, half)), gzipSync(bytes.subarray(half))])
  return bytes
}

/** Writes a log as rotation leaves it. A log without times in all parts goes by names. */
const writeRotated = (place: string, name: string, log: Log, late: boolean): ReadonlyArray<string> => {
  const lines = linesOf(log, name, late)
  const ends = [...new Set(log.cuts.map((cut) => Math.floor((cut / 100) * lines.length)))].sort((a, b) => a - b)
  const parts = [...ends, lines.length].map((end, index) => lines.slice(index === 0 ? 0 : ends[index - 1]!, end))
  return parts.map((part, index) => {
    const newest = index === parts.length - 1
    const text = part.length === 0 ? "" : textOf(part, newest ? log.ended : true)
    const packing = newest ? "plain" : log.packing[index]!
    const ending = packing === "zst" ? ".zst" : packing === "plain" ? "" : ".gz"
    const suffix = log.naming === "counter" ? `.${parts.length - 1 - index}` : `-202601${String(index + 10)}`
    const path = join(place, newest ? name : `${name}${suffix}${ending}`)
    writeFileSync(path, packed(text, packing))
    return path
  })
}

/** Reads on behind what is stored, until it is killed after so many batches. */
const readOn = async (
  paths: ReadonlyArray<string>,
  stored: Array<LogBatch>,
  most = Number.POSITIVE_INFINITY,
  stdin?: AsyncIterable<Buffer>
): Promise<ReadonlyArray<string>> => {
  const recorded = new RecordedFiles()
  for (const batch of stored) recorded.add(batch)
  const codes: Array<string> = []
  let count = 0
  const program = readColdFiles<"killed">({
    paths,
    recorded,
    labels: { type: "syslog" },
    zone: "UTC",
    ...(stdin === undefined ? {} : { stdin }),
    now: Date.UTC(2026, 0, 1),
    timeOf: (line) => (/^\d+ /.test(line) ? Number.parseInt(line, 10) * 1_000 : undefined),
    report: ({ code }) => codes.push(code),
    sink: {
      append: (group) =>
        Effect.suspend(() => {
          for (const batch of group) {
            if (count++ >= most) return Effect.fail("killed" as const)
            stored.push(batch)
          }
          return Effect.void
        })
    }
  })
  await Effect.runPromise(program.pipe(Effect.catch(() => Effect.void)))
  return codes
}

const shown = (batches: ReadonlyArray<LogBatch>): ReadonlyArray<string> =>
  batches.flatMap(decodeLines).map((line) => line.slice(0, 40))

const shuffledArbitrary = fc.array(fc.nat(1_000), { minLength: 20, maxLength: 20 })
const shuffled = (paths: ReadonlyArray<string>, keys: ReadonlyArray<number>): ReadonlyArray<string> =>
  paths
    .map((path, index) => ({ path, key: keys[index % keys.length]! }))
    .sort((a, b) => a.key - b.key)
    .map(({ path }) => path)

const names = ["a.log", "b.log", "c.log"]
const runs = 40

test("rotated parts in any order are read as the whole log: every line once, in order, also beside other logs", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(logArbitrary, { minLength: 1, maxLength: 3 }), shuffledArbitrary, async (logs, keys) => {
      const place = mkdtempSync(join(folder, "story-"))
      const wholes = join(place, "whole")
      const parts = join(place, "rotated")
      mkdirSync(wholes)
      mkdirSync(parts)
      const whole = logs.map((log, n) => {
        writeFileSync(join(wholes, names[n]!), textOf(linesOf(log, names[n]!, false), log.ended))
        return join(wholes, names[n]!)
      })
      const rotated = logs.flatMap((log, n) => writeRotated(parts, names[n]!, log, false))
      const once: Array<LogBatch> = []
      const inParts: Array<LogBatch> = []
      expect(await readOn(whole, once)).toEqual([])
      expect(await readOn(shuffled(rotated, keys), inParts)).toEqual([])
      expect(shown(inParts)).toEqual(shown(once))
      for (const [n, log] of logs.entries()) {
        const own = once.filter(({ path }) => path === whole[n])
        expect(shown(own)).toEqual(linesOf(log, names[n]!, false).map((line) => line.replace(/\r$/, "").slice(0, 40)))
      }
      rmSync(place, { recursive: true })
    }),
    { numRuns: runs }
  )
}, 600_000)

test("what is read in pieces is read as at once", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(logArbitrary, { minLength: 1, maxLength: 3 }),
      fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 6 }),
      async (logs, kills) => {
        const place = mkdtempSync(join(folder, "story-"))
        const paths = logs.flatMap((log, n) => writeRotated(place, names[n]!, log, true))
        const once: Array<LogBatch> = []
        await readOn(paths, once)
        const inPieces: Array<LogBatch> = []
        for (const kill of kills) await readOn(paths, inPieces, kill)
        await readOn(paths, inPieces)
        expect(shown(inPieces)).toEqual(shown(once))
        rmSync(place, { recursive: true })
      }
    ),
    { numRuns: runs }
  )
}, 600_000)

test("the same bytes give the same lines, from a file or in any chunks, packed or cut off", async () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 70_000 })), {
    minLength: 1,
    maxLength: 12
  })
  await fc.assert(
    fc.asyncProperty(logArbitrary, fc.integer({ min: 50, max: 100 }), sizes, async (log, kept, chunks) => {
      const whole = packed(textOf(linesOf(log, "a", true), log.ended), log.packing[0]!)
      const bytes = whole.subarray(0, Math.ceil((whole.length * kept) / 100))
      const path = join(folder, "bytes")
      writeFileSync(path, bytes)
      async function* inChunks(): AsyncGenerator<Buffer, void, void> {
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = chunks[turn % chunks.length]!
          yield bytes.subarray(at, at + size)
          at += size
        }
      }
      const fromFile: Array<LogBatch> = []
      const fromStream: Array<LogBatch> = []
      const codes = await readOn([path], fromFile)
      expect(await readOn(["-"], fromStream, Number.POSITIVE_INFINITY, inChunks())).toEqual(codes)
      expect(shown(fromStream)).toEqual(shown(fromFile))
    }),
    { numRuns: runs }
  )
}, 600_000)
