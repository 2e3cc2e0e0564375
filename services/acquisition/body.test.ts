import { holeLength } from "./binary.ts"
import { zstdCompressSync } from "node:zlib"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { LogBatch } from "../../domain/events/log-batch.ts"
import {
  decodeBody,
  decodeLines,
  keepsCommitment,
  maxBatchBytes,
  maxBatchLines,
  sealBody,
  tailOf,
  withoutLines
} from "./body.ts"
import { batchOf } from "./line-reader.ts"
import { LineWindow, type Piece } from "./line-window.ts"

const log = { source: "s", path: "/log", labels: { type: "syslog" }, zone: "UTC" }

const toBatch = (piece: Piece): LogBatch =>
  batchOf(log, { device: 1, inode: 2, head: Buffer.alloc(0) }, piece, "own", Date.UTC(2026, 0, 1))

/** Everything that a window gives for these chunks. */
const batchesOf = (chunks: ReadonlyArray<Buffer>, most?: number): Array<LogBatch> => {
  const window = new LineWindow(0)
  const batches: Array<LogBatch> = []
  const drain = () => {
    for (let piece = window.take(most); piece !== undefined; piece = window.take(most)) batches.push(toBatch(piece))
  }
  for (const chunk of chunks) {
    window.push(chunk)
    drain()
  }
  window.finish()
  drain()
  return batches
}

const linesOf = (text: string): Array<string> => batchesOf([Buffer.from(text)]).flatMap(decodeLines)

describe("body", () => {
  it("drops line ends, with and without a carriage return, and keeps empty lines", () => {
    expect(linesOf("one\r\ntwo\n\nthree\r\r\nfour")).toEqual(["one", "two", "", "three\r", "four"])
    expect(linesOf("")).toEqual([])
    expect(linesOf("\n")).toEqual([""])
  })

  it("holds what was read, although the next bytes are read into the same memory", () => {
    const texts = Array.from({ length: 12 }, (_, number) => `${number} ${"x".repeat(number % 3 === 0 ? 10 : 200_000)}`)
    const window = new LineWindow(0)
    const read = (text: string): LogBatch => {
      const room = window.room(250_000)
      window.push(room.subarray(0, room.write(`${text}\n`)))
      return toBatch(window.take()!)
    }
    const batches = texts.slice(0, 6).map(read)
    // Some are judged before the next ones are read, as by a node that follows its log.
    const lines = batches.splice(0, 3).flatMap(decodeLines)
    batches.push(...texts.slice(6).map(read))
    expect([...lines, ...batches.flatMap(decodeLines)]).toEqual(texts)
  })

  it("leaves out the byte order mark of a file, and no other", () => {
    expect(linesOf("\ufeffone\n\ufefftwo\n")).toEqual(["one", "\ufefftwo"])
    expect(linesOf("\ufeff\ufeffone")).toEqual(["\ufeffone"])
    expect([linesOf("\ufeff"), linesOf("\ufeff\r\n"), linesOf("\ufeff\none")]).toEqual([[""], [""], ["", "one"]])
    const [first, second] = batchesOf([Buffer.from("\ufeffone\n"), Buffer.from("\ufefftwo\n")])
    expect([first!.range, second!.range]).toEqual([
      { from: 0, to: 7 },
      { from: 7, to: 14 }
    ])
    expect(decodeLines(second!)).toEqual(["\ufefftwo"])
    const window = new LineWindow(0)
    window.push(Buffer.from("\ufeff1 one\n\ufeff2 two\n\ufeff3 three\n"))
    expect([window.peek(0), window.peek(1)]).toEqual(["1 one", "\ufeff2 two"])
    window.take(1)
    expect(window.peek(0)).toBe("\ufeff2 two")
  })

  it("makes invalid UTF-8 visible and leaves the other lines alone", () => {
    const bytes = Buffer.concat([Buffer.from("grün\n"), Buffer.from([0x61, 0xff, 0x62, 0x0a]), Buffer.from("plain\n")])
    expect(batchesOf([bytes]).flatMap(decodeLines)).toEqual(["grün", "a\ufffdb", "plain"])
  })

  it("refuses a damaged body, one that expands without bound, and one that does not hold what it says", () => {
    const [batch] = batchesOf([Buffer.from("one\ntwo\n")])
    expect(() => decodeLines({ ...batch!, body: new Uint8Array(9) })).toThrow(/\/log.*cannot be read/)
    const bomb = Buffer.concat([Buffer.alloc(17), zstdCompressSync(Buffer.alloc(100_000_000))])
    expect(() => decodeLines({ ...batch!, body: bomb })).toThrow(/cannot be read/)
    expect(() => decodeLines({ ...batch!, lines: 3 })).toThrow(/2 lines instead of 3/)
    expect(() => decodeLines({ ...batch!, range: { from: 0, to: 9 } })).toThrow(/8 bytes instead of 9/)
  })

  it("gives what the log holds, also while it still knows what it has sealed", () => {
    const [batch] = batchesOf([Buffer.from("one\r\nzwölf\n\n")])
    const [other] = batchesOf([Buffer.from("1\n2\n3\n")])
    const redacted = withoutLines(batch!, (line) => line.includes("one"))!
    expect(decodeLines({ ...batch!, body: redacted })).toEqual(["****", "zwölf", ""])
    expect(() => decodeLines({ ...batch!, body: other!.body })).toThrow(/6 bytes instead of 13/)
    const known = decodeLines({ ...batch!, body: Uint8Array.from(batch!.body) })
    expect([known, decodeLines(batch!)]).toEqual(Array(2).fill(["one", "zwölf", ""]))
    const batches = batchesOf([Buffer.from("a line\n".repeat(200))], 1)
    expect(batches.flatMap(decodeLines)).toEqual(Array(200).fill("a line"))
  })

  it("keeps any bytes and any lines, however they arrive, but for a hole at the beginning", () => {
    const text = fc.array(fc.oneof(fc.constantFrom("\n", "\r\n", "ä", "\u0000"), fc.string()), { maxLength: 60 })
    fc.assert(
      fc.property(
        text,
        fc.array(fc.nat(40), { maxLength: 20 }),
        fc.integer({ min: 1, max: 9 }),
        (parts, cuts, most) => {
          const bytes = Buffer.from(parts.join(""))
          const whole = bytes.subarray(holeLength(bytes))
          const chunks: Array<Buffer> = []
          let at = 0
          for (const cut of cuts) {
            chunks.push(bytes.subarray(at, at + cut))
            at = Math.min(bytes.length, at + cut)
          }
          chunks.push(bytes.subarray(at))
          const batches = batchesOf(chunks, most)
          expect(Buffer.concat(batches.map(decodeBody)).equals(whole)).toBe(true)
          for (const [index, batch] of batches.entries())
            expect(batch.range.from).toBe(batches[index - 1]?.range.to ?? bytes.length - whole.length)
          const expected = whole.toString().split("\n")
          if (expected.at(-1) === "") expected.pop()
          expect(batches.flatMap(decodeLines)).toEqual(expected.map((line) => line.replace(/\r$/, "")))
        }
      )
    )
  })
})

describe("line window", () => {
  it("holds batches to 2,000 lines and 256 KiB", () => {
    const short = batchesOf([Buffer.from("x\n".repeat(4_500))])
    expect(short.map(({ lines }) => lines)).toEqual([maxBatchLines, maxBatchLines, 500])
    const long = batchesOf([Buffer.from(`${"y".repeat(99_999)}\n`.repeat(5))])
    expect(long.map(({ lines }) => lines)).toEqual([2, 2, 1])
  })

  it("cuts a line of 10 MB over batches, counts it once and shows its beginning", () => {
    const bytes = Buffer.from(`before\n${"z".repeat(10_000_000)}\nafter\n`)
    const window = new LineWindow(0)
    const batches: Array<LogBatch> = []
    let largest = 0
    for (let at = 0; at < bytes.length; at += maxBatchBytes) {
      window.push(bytes.subarray(at, at + maxBatchBytes))
      largest = Math.max(largest, window.size)
      for (let piece = window.take(); piece !== undefined; piece = window.take()) batches.push(toBatch(piece))
    }
    expect(largest).toBeLessThanOrEqual(2 * maxBatchBytes + 7)
    expect(batches.reduce((sum, { lines }) => sum + lines, 0)).toBe(3)
    for (const [index, batch] of batches.entries()) {
      expect(batch.startsInsideLine).toBe(batches[index - 1]?.endsInsideLine ?? false)
      expect(batch.range.to - batch.range.from).toBeLessThanOrEqual(maxBatchBytes)
    }
    const lines = batches.flatMap(decodeLines)
    expect(lines.map((line) => line.slice(0, 6))).toEqual(["before", "zzzzzz", "after"])
    expect(lines[1]).toHaveLength(maxBatchBytes)
    expect(Buffer.concat(batches.map(decodeBody)).equals(bytes)).toBe(true)
    expect(batches.every(keepsCommitment)).toBe(true)
  })

  it("knows where the lines of a piece end, wherever it was cut", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "\r", "\n"), maxLength: 60 })
    fc.assert(
      fc.property(fc.array(text), fc.integer({ min: 1, max: 4 }), (texts, most) => {
        const batches = batchesOf(
          texts.map((each) => Buffer.from(each)),
          most
        )
        const known = batches.map(decodeLines)
        // A body's lines are known until they are read; from now on they are looked for.
        expect(batches.map(decodeLines)).toEqual(known)
        expect(batches.every(keepsCommitment)).toBe(true)
      })
    )
  })

  it("waits for the end of a line", () => {
    const window = new LineWindow(100)
    window.push(Buffer.from("half"))
    expect(window.take()).toBeUndefined()
    window.push(Buffer.from(" done\nnext"))
    expect(window.peek(0)).toBe("half done")
    expect(window.take()).toMatchObject({ from: 100, to: 110, lines: 1, endsInsideLine: false })
    expect(window.ready).toBe(0)
    window.finish()
    expect(window.take()).toMatchObject({ from: 110, to: 114, lines: 1 })
  })
})

describe("what a batch commits to", () => {
  const text = fc.array(fc.stringMatching(/^[a-zé \r]{0,30}$/), { maxLength: 30 }).map((lines) => lines.join("\n"))

  it("is kept by what remains when lines are erased, one after the other", () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat({ max: 40 }), { maxLength: 8 }), (log, erased) => {
        for (const original of batchesOf([Buffer.from(log)])) {
          expect(keepsCommitment(original)).toBe(true)
          let batch = original
          const gone = new Set<number>()
          for (const which of erased) {
            let line = -1
            const body = withoutLines(batch, () => ++line === which)
            // Lines that were erased before are not asked about again.
            if (body === undefined) continue
            const kept = decodeLines(batch)
            const asked = [...kept.keys()].filter((index) => !gone.has(index))
            gone.add(asked[which]!)
            batch = { ...batch, body }
            expect(keepsCommitment(batch)).toBe(true)
            const [before, after] = [decodeLines(original), decodeLines(batch)]
            expect(after).toHaveLength(before.length)
            for (const [index, line] of after.entries()) {
              if (gone.has(index)) expect(line).toMatch(/^\**$/)
              else expect(line).toBe(before[index])
            }
          }
        }
      })
    )
  })

  it("reveals every other change", () => {
    const [batch] = batchesOf([Buffer.from("one 203.0.113.9\ntwo 203.0.113.10\nthree\n")])
    const same = sealBody(Buffer.from("one 203.0.113.9\ntwo 203.0.113.11\nthree\n"))
    expect(keepsCommitment({ ...batch!, body: same.body })).toBe(false)
    const erased = withoutLines(batch!, (line) => line.includes("203.0.113.9"))!
    for (let at = 5; at < 5 + 33 + 17 * 2; at++) {
      const changed = Buffer.from(erased)
      changed[at]! ^= 2
      const kept = () => {
        try {
          return keepsCommitment({ ...batch!, body: changed })
        } catch {
          return false
        }
      }
      expect(kept(), `byte ${at}`).toBe(false)
    }
  })

  it("never holds what was erased, and gives the tail of the file up to there", () => {
    const lines = Array.from({ length: 50 }, (_, n) => `line ${n} of 203.0.113.${n % 5}`)
    const [batch] = batchesOf([Buffer.from(`${lines.join("\n")}\n`)])
    expect(tailOf(batch!, 20).toString()).toBe("49 of 203.0.113.4\n".padStart(20, "e "))
    const body = withoutLines(batch!, (line) => line.includes("203.0.113.3"))!
    expect(decodeBody({ ...batch!, body }).includes("203.0.113.3")).toBe(false)
    expect(tailOf({ ...batch!, body }, 1000).toString()).toBe("line 49 of 203.0.113.4\n")
    expect(withoutLines({ ...batch!, body }, (line) => line.includes("203.0.113.3"))).toBeUndefined()
  })
})
