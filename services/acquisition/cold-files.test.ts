import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { constants, gzipSync, zstdCompressSync } from "node:zlib"
import * as Effect from "effect/Effect"
import fc from "fast-check"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { LogBatch } from "../../domain/events/log-batch.ts"
import type { Problem } from "../../domain/document/problem.ts"
import { decodeLines } from "./body.ts"
import { type ColdOptions, type ColdProgress, readColdFiles } from "./cold-files.ts"
import { sourceName } from "./file-source.ts"
import { RecordedFiles } from "./recorded-files.ts"

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "testudo-cold-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string, content?: string | Buffer): string => {
  const path = join(folder, name)
  if (content !== undefined) writeFileSync(path, content)
  return path
}

interface Outcome {
  readonly batches: ReadonlyArray<LogBatch>
  readonly lines: ReadonlyArray<string>
  readonly problems: ReadonlyArray<Problem>
  readonly codes: ReadonlyArray<string>
  readonly progress: ColdProgress | undefined
}

/** Reads the files after what `before` has recorded. `most`: the store is killed after so many batches. */
const read = async (
  paths: ReadonlyArray<string>,
  before: ReadonlyArray<LogBatch> = [],
  changes: Partial<ColdOptions<never>> = {},
  most = Number.POSITIVE_INFINITY
): Promise<Outcome> => {
  const recorded = new RecordedFiles()
  for (const batch of before) recorded.add(batch)
  const batches: Array<LogBatch> = []
  const problems: Array<Problem> = []
  let progress: ColdProgress | undefined
  const program = readColdFiles<"killed">({
    paths,
    recorded,
    labels: { type: "syslog" },
    zone: "UTC",
    now: Date.UTC(2026, 0, 1),
    timeOf: (line) => (/^\d+ /.test(line) ? Number.parseInt(line, 10) * 1_000 : undefined),
    report: (problem) => problems.push(problem),
    onProgress: (made) => {
      progress = made
    },
    sink: {
      append: (group) =>
        Effect.suspend(() => {
          for (const batch of group) {
            if (batches.length >= most) return Effect.fail("killed" as const)
            batches.push(batch)
          }
          return Effect.void
        })
    },
    ...changes
  })
  await Effect.runPromise(program.pipe(Effect.catch(() => Effect.void)))
  return { batches, lines: batches.flatMap(decodeLines), problems, codes: problems.map(({ code }) => code), progress }
}

const stamped = (from: number, to: number, step = 1, name = "line of a log"): Array<string> =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, index) => `${from + index * step} ${name}`)
const text = (lines: ReadonlyArray<string>): string => lines.map((line) => `${line}\n`).join("")

describe("one cold file", () => {
  it("is read to its end, on its own time, also without a last line end", async () => {
    const path = at("auth.log", `${text(stamped(0, 4_000))}the end`)
    const { batches, codes, lines, progress } = await read([path])
    expect(lines).toEqual([...stamped(0, 4_000), "the end"])
    expect(batches.map(({ lines: count }) => count)).toEqual([2_000, 2_000, 1])
    expect(batches[0]).toMatchObject({
      source: sourceName(path),
      path,
      time: "own",
      observedAt: "2026-01-01T00:00:00.000Z",
      file: { fingerprint: { bytes: 1_024 } }
    })
    const size = readFileSync(path).length
    expect(progress).toEqual({ done: size, total: size })
    expect(codes).toEqual([])
  })

  it("may be empty", async () => {
    expect(await read([at("empty.log", "")])).toMatchObject({ lines: [], codes: [] })
  })

  it("may be compressed, in several members, with gzip or zstd, under any name", async () => {
    const one = text(stamped(0, 30_000))
    const two = text(stamped(30_000, 40_000))
    const members = Buffer.concat([gzipSync(one), gzipSync(two)])
    const { batches, codes, lines, progress } = await read([at("log.txt", members)])
    expect(lines).toEqual(stamped(0, 40_000))
    expect(batches.at(-1)!.range.to).toBe(one.length + two.length)
    expect(progress).toEqual({ done: members.length, total: members.length })
    expect(codes).toEqual([])
    const frames = Buffer.concat([zstdCompressSync(one), zstdCompressSync(two)])
    expect((await read([at("log.zst", frames)])).lines).toEqual(stamped(0, 40_000))
  })

  it("may begin with a byte order mark, plain or compressed, and is known again by it", async () => {
    const marked = `\ufeff${text(stamped(5, 3_000))}`
    const plain = await read([at("b.log", marked), at("a.log", text(stamped(0, 3_000, 10)))])
    expect(plain.lines.slice(0, 3)).toEqual(["0 line of a log", "5 line of a log", "6 line of a log"])
    expect(plain.lines).toHaveLength(2_995 + 300)
    const begun = await read([at("b.log")], [], {}, 1)
    expect(begun.batches[0]).toMatchObject({ range: { from: 0 }, startsInsideLine: false })
    const packed = await read([at("b.log.gz", gzipSync(marked))], begun.batches)
    expect([...begun.lines, ...packed.lines]).toEqual(stamped(5, 3_000))
    expect(packed.codes).toEqual([])
  })

  it("is read as far as it goes when it is compressed and cut off or damaged", async () => {
    const whole = gzipSync(text(stamped(0, 50_000)), { level: constants.Z_BEST_SPEED })
    const cut = await read([at("cut.log.gz", whole.subarray(0, Math.floor(whole.length / 2))), at("next.log", "9 x\n")])
    expect(cut.codes).toEqual(["TST-ACQ-BROKEN-ARCHIVE"])
    expect(cut.lines).toContain("9 x")
    const read1 = cut.lines.filter((line) => line !== "9 x")
    expect(read1.length).toBeGreaterThan(15_000)
    expect(read1.slice(0, -1)).toEqual(stamped(0, read1.length - 1))
    const damaged = Buffer.from(whole)
    damaged.fill(255, whole.length - 2_000)
    expect((await read([at("bad.log.gz", damaged)])).codes).toEqual(["TST-ACQ-BROKEN-ARCHIVE"])
  })

  it("keeps its text when something else follows the compressed one, however little there is, as zcat does", async () => {
    const skipped = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
    for (const [name, pack] of [
      ["gzip", gzipSync],
      ["zstd", zstdCompressSync]
    ] as const) {
      for (const count of [1, 30_000]) {
        const lines = stamped(0, count)
        const packed = pack(text(lines))
        for (const junk of ["junk", "j", "\u001f\u008bjunk and more", "\0\0junk"]) {
          const {
            codes,
            lines: found,
            problems
          } = await read([at("a.log", Buffer.concat([packed, Buffer.from(junk, "latin1")]))])
          expect([junk, found.length, codes]).toEqual([junk, count, ["TST-ACQ-BROKEN-ARCHIVE"]])
          expect(found).toEqual(lines)
          expect(problems[0]!.message).toMatch(/^[^\n]+$/)
        }
        const good = [packed, Buffer.alloc(10_000)]
        if (name === "zstd") good.unshift(skipped, packed, skipped)
        const padded = await read([at("a.log", Buffer.concat(good))])
        expect([padded.lines.length, padded.codes]).toEqual([name === "zstd" ? 2 * count : count, []])
      }
    }
  })

  it("keeps the text of a member of gzip with names, comments and a wrong sum", async () => {
    const plain = gzipSync("1 one\n")
    const header = Buffer.concat([
      Buffer.from([0x1f, 0x8b, 8, 0b1_1110, 0, 0, 0, 0, 0, 3]),
      Buffer.from([3, 0, 7, 7, 7]),
      Buffer.from("auth.log\0a comment\0"),
      Buffer.from([1, 2])
    ])
    const named = Buffer.concat([header, plain.subarray(10)])
    expect(await read([at("a.log", Buffer.concat([named, gzipSync("2 two\n")]))])).toMatchObject({
      lines: ["1 one", "2 two"],
      codes: []
    })
    for (const place of [-8, -1]) {
      const wrong = Buffer.from(plain)
      wrong[wrong.length + place]! ^= 1
      expect(await read([at("b.log", wrong)])).toMatchObject({ lines: ["1 one"], codes: ["TST-ACQ-BROKEN-ARCHIVE"] })
    }
    const endless = Buffer.concat([header.subarray(0, 15), Buffer.alloc(1_000_000, 97)])
    expect((await read([at("c.log", endless)])).problems[0]!.message).toContain("has no end")
    expect((await read([at("d.log", plain.subarray(0, 5))])).codes).toEqual(["TST-ACQ-BROKEN-ARCHIVE"])
  })

  it("is named and left out when it cannot be a log; the others are read", async () => {
    mkdirSync(at("folder"))
    const paths = [at("missing"), at("folder"), at("binary", Buffer.alloc(5_000)), at("good.log", "1 good\n")]
    const { codes, lines } = await read(paths)
    expect(lines).toEqual(["1 good"])
    expect([...codes].sort()).toEqual(["TST-ACQ-BINARY", "TST-ACQ-MISSING", "TST-ACQ-NOT-A-FILE"])
  })

  it("may be standard input, plain or compressed, and goes on there as well", async () => {
    const plain = Buffer.from(text(stamped(0, 5_000)))
    const stdin = (bytes: Buffer) =>
      (async function* () {
        for (let from = 0; from < bytes.length; from += 7_001) yield bytes.subarray(from, from + 7_001)
      })()
    const first = await read(["-", "-"], [], { stdin: stdin(plain) }, 2)
    expect(first.batches[0]).toMatchObject({ source: "stdin", path: "-", file: { device: 0, inode: 0 } })
    expect(first.codes).toEqual(["TST-ACQ-READ-BEFORE"])
    expect(first.progress?.total).toBeUndefined()
    const second = await read(["-"], first.batches, { stdin: stdin(gzipSync(plain)) })
    expect([...first.lines, ...second.lines]).toEqual(stamped(0, 5_000))
    const third = await read(["-"], [...first.batches, ...second.batches], { stdin: stdin(plain) })
    expect(third).toMatchObject({ lines: [], codes: ["TST-ACQ-READ-BEFORE"] })
    const other = Buffer.from(plain)
    other.fill(120, 2_000, 60_000)
    const fourth = await read(["-"], first.batches, { stdin: stdin(other) })
    expect(fourth).toMatchObject({ lines: [], codes: ["TST-ACQ-CHANGED"] })
  })
})

describe("several cold files", () => {
  it("of one log are one source, oldest first by their lines, however they are named", async () => {
    const paths = [
      at("auth.log", text(stamped(300, 400))),
      at("auth.log.2.gz", gzipSync(text(stamped(0, 150)))),
      at("auth.log.1", text(stamped(150, 300)))
    ]
    const { batches, lines } = await read(paths)
    expect(lines).toEqual(stamped(0, 400))
    expect(new Set(batches.map(({ source }) => source))).toEqual(new Set([sourceName(at("auth.log"))]))
    expect(new Set(batches.map(({ path }) => path))).toEqual(new Set(paths))
  })

  it("of one log are one source however their paths are written", async () => {
    const [older, newer] = [at("auth.log.1", text(stamped(0, 10))), at("auth.log", text(stamped(10, 20)))]
    const { batches, lines } = await read([relative(process.cwd(), newer), `${folder}/./auth.log.1`, older])
    expect(lines).toEqual(stamped(0, 20))
    expect(new Set(batches.map(({ source }) => source)).size).toBe(1)
  })

  it("of one log without times go by their names", async () => {
    const names = ["app.log", "app.log.10", "app.log.9.gz", "app.log.1"]
    const paths = names.map((name) => at(name, name.endsWith("gz") ? gzipSync(`${name}\n`) : `${name}\n`))
    expect((await read(paths)).lines).toEqual(["app.log.10", "app.log.9.gz", "app.log.1", "app.log"])
    const dated = ["web.log", "web.log-20260301", "web.log-20260130"].map((name) => at(name, `${name}\n`))
    expect((await read(dated)).lines).toEqual(["web.log-20260130", "web.log-20260301", "web.log"])
  })

  it("of one log keep their order when the first line of one came late, and when the log itself is empty", async () => {
    const late = [
      at("app.log.1", text(["50 late", ...stamped(100, 120)])),
      at("app.log.2", text(stamped(60, 100))),
      at("app.log", "")
    ]
    expect((await read(late)).lines).toEqual([...stamped(60, 100), "50 late", ...stamped(100, 120)])
    const named = [at("web.log.bak", "2 newer\n"), at("web.log.old", "1 older\n"), at("web.log", "")]
    expect((await read(named)).lines).toEqual(["1 older", "2 newer"])
  })

  it("of different logs are merged by the time of a line that is longer than a batch, too", async () => {
    const paths = [at("a.log", `no time\n1001 ${"x".repeat(300_000)}`), at("b.log", "1000 b\n")]
    expect((await read(paths)).lines.map((line) => line.slice(0, 7))).toEqual(["no time", "1000 b", "1001 xx"])
  })

  it("of different logs are merged the same in whatever order they are named", async () => {
    const paths = ["b.log", "a.log", "c.log"].map((name) => at(name, text(stamped(0, 50, 1, name))))
    const { lines } = await read(paths)
    expect((await read([...paths].reverse())).lines).toEqual(lines)
    expect(lines.slice(0, 3)).toEqual(["0 a.log", "0 b.log", "0 c.log"])
  })

  it("of different logs are merged by time, the same however often it was killed", async () => {
    const paths = [
      at("a.log", text(stamped(0, 3_000, 1, "a"))),
      at("b.log", text(stamped(0, 3_000, 13, "b"))),
      at("c.log", text(stamped(1_000, 1_600, 1, "c")))
    ]
    const whole = await read(paths)
    expect(whole.lines).toHaveLength(3_000 + 231 + 600)
    let latest = 0
    for (const line of whole.lines) {
      const time = Number.parseInt(line, 10)
      expect(time).toBeGreaterThan(latest - 5)
      latest = Math.max(latest, time)
    }
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 }), async (kills) => {
        const stored: Array<LogBatch> = []
        for (const kill of kills) stored.push(...(await read(paths, stored, {}, kill)).batches)
        stored.push(...(await read(paths, stored)).batches)
        expect(stored.flatMap(decodeLines)).toEqual(whole.lines)
      }),
      { numRuns: 10 }
    )
  })
})

describe("what was read before", () => {
  const log = text(stamped(0, 5_000))

  it("is recognised after renaming, copying and compressing, and not counted again", async () => {
    const path = at("auth.log", log)
    const { batches } = await read([path])
    renameSync(path, at("auth.log.1"))
    copyFileSync(at("auth.log.1"), at("copy.log"))
    const paths = [
      at("auth.log.1"),
      at("copy.log"),
      at("auth.log.2.gz", gzipSync(log)),
      at("prefix.log", log.slice(0, 9_000))
    ]
    const again = await read(paths, batches)
    expect(again.lines).toEqual([])
    expect(again.codes).toEqual(Array(4).fill("TST-ACQ-READ-BEFORE"))
    expect(again.progress?.done).toBe(again.progress?.total)
  })

  it("is recognised within one command", async () => {
    const path = at("auth.log", log)
    mkdirSync(at("other"))
    const paths = [path, path, at("other/backup", log), at("other/packed.gz", gzipSync(log + log))]
    const { codes, lines } = await read(paths)
    expect(lines).toEqual([...stamped(0, 5_000), ...stamped(0, 5_000)])
    expect(codes).toEqual(["TST-ACQ-READ-BEFORE", "TST-ACQ-READ-BEFORE"])
  })

  it("is followed by what was written since", async () => {
    const path = at("auth.log", text(stamped(0, 10)))
    const { batches } = await read([path])
    appendFileSync(path, text(stamped(10, 2_000)))
    const more = await read([path], batches)
    expect(more.lines).toEqual(stamped(10, 2_000))
    appendFileSync(path, text(stamped(2_000, 2_001)))
    expect((await read([path], [...batches, ...more.batches])).lines).toEqual(stamped(2_000, 2_001))
  })

  it("is not confused with a young log that begins alike", async () => {
    const { batches } = await read([at("a.log", "1 same\n")])
    expect((await read([at("b.log", "1 same\n2 other\n")], batches)).lines).toEqual(["1 same", "2 other"])
  })

  it("is not confused with a log that has the same first KiB and another past", async () => {
    const banner = "#".repeat(1_100)
    const { batches } = await read([at("a.log", `${banner}\n1 a\n2 a\n`)])
    const plain = await read([at("b.log", `${banner}\n1 b\n2 b\n3 b\n`)], batches)
    expect(plain.lines).toEqual([banner, "1 b", "2 b", "3 b"])
    const packed = await read([at("b.log.gz", gzipSync(`${banner}\n1 b\n2 b\n3 b\n`))], batches)
    expect(packed.lines).toEqual([banner, "1 b", "2 b", "3 b"])
  })

  it("goes on within a line that is longer than a batch", async () => {
    const path = at("long.log", `first\n${"x".repeat(1_000_000)}\nlast\n`)
    const whole = await read([path])
    expect(whole.lines.map((line) => line.length)).toEqual([5, 262_144, 4])
    for (let kept = 1; kept < whole.batches.length; kept += 1) {
      const stored = whole.batches.slice(0, kept)
      const rest = await read([path], stored)
      expect([...stored, ...rest.batches].flatMap(decodeLines)).toEqual(whole.lines)
      expect(rest.batches.at(-1)!.range.to).toBe(1_000_012)
    }
  })
})
