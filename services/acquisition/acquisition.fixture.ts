/** Logs that are followed by a real reader, and what it gave. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { afterEach, beforeEach } from "vitest"
import type { LogBatch } from "../../domain/events/log-batch.ts"
import type { Problem } from "../../domain/document/problem.ts"
import { type AcquireOptions, acquire } from "./acquisition.ts"
import { decodeLines } from "./body.ts"
import { type FileSource, fileSource, sourceName } from "./file-source.ts"

/** A folder of this test's own, and a log in it that is not there yet. */
export let folder: string
export let log: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "testudo-acquisition-"))
  log = join(folder, "auth.log")
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

export const logFile = (path: string, start?: "end"): FileSource =>
  fileSource({ path, labels: { type: "syslog" }, zone: "UTC", ...(start === undefined ? {} : { start }) })

/** What was stored, kept over stops and starts of the reader. */
export class Store {
  readonly batches: Array<LogBatch> = []
  readonly problems: Array<Problem> = []

  get lines(): Array<string> {
    return this.batches.flatMap(decodeLines)
  }

  get count(): number {
    return this.batches.reduce((sum, { lines }) => sum + lines, 0)
  }

  linesOf(path: string): Array<string> {
    return this.batches.filter(({ source }) => source === sourceName(path)).flatMap(decodeLines)
  }

  /** The last batches of a source, the newest first. */
  recent(source: string, most: number): ReadonlyArray<LogBatch> {
    const own = this.batches.filter((batch) => batch.source === source)
    return own.slice(-most).reverse()
  }

  get codes(): Array<string> {
    return this.problems.map(({ code }) => code)
  }
}

type Changes = Partial<AcquireOptions<never, never>>

export const reader = (store: Store, sources: ReadonlyArray<FileSource>, changes: Changes = {}) => {
  const program = acquire({
    sources,
    sink: { append: (batches) => Effect.sync(() => void store.batches.push(...batches)) },
    recent: (source, most) => Effect.sync(() => store.recent(source, most)),
    timeOf: (line) => (/^\d+ \w$/.test(line) ? Number.parseInt(line, 10) * 1_000 : undefined),
    report: (problem) => store.problems.push(problem),
    poll: 20,
    gather: 10,
    discover: 40,
    patience: { rotated: 60, deleted: 100, bothWritten: 2_000 },
    ...changes
  })
  const fiber = Effect.runFork(program)
  return { stop: () => Effect.runPromise(Fiber.interrupt(fiber)), fiber }
}

export const until = async (what: string, condition: () => boolean): Promise<void> => {
  const begin = performance.now()
  while (!condition()) {
    if (performance.now() - begin > 8_000) throw new Error(`waited in vain: ${what}`)
    await sleep(5)
  }
}

/** Runs the reader until the store has so many lines, and a little longer, in case there are too many. */
export const readUntil = async (store: Store, count: number, sources = [logFile(log)], changes: Changes = {}) => {
  const { stop } = reader(store, sources, changes)
  try {
    await until(`${count} lines`, () => store.count >= count)
    await sleep(50)
  } finally {
    await stop()
  }
}

/** Like a time stamp, the number comes first: two logs that begin alike in all that was read cannot be told apart. */
export const numbered = (number: number): string => `${String(number).padStart(6, "0")} line`
export const numbers = (from: number, to: number): Array<string> =>
  Array.from({ length: to - from }, (_, index) => numbered(from + index))
export const text = (lines: ReadonlyArray<string>): string => lines.map((line) => `${line}\n`).join("")
