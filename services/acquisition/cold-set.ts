/** A set of cold files that are one log: the rotated parts of it, oldest first, read like one file. */
import type { LogBatch } from "../../domain/events/log-batch.ts"
import { DamagedBatch, maxBatchBytes, maxBatchLines } from "./body.ts"
import { type ColdFile, goOn, type OnBytes } from "./cold-file.ts"
import { fingerprintBytes } from "./file-identity.ts"
import { binaryAt } from "./binary.ts"
import { batchOf, type LineReader } from "./line-reader.ts"
import { LineWindow } from "./line-window.ts"
import { GrowingFile, noTextAt, type OpenFile, StreamedFile } from "./open-file.ts"
import * as Say from "./reading-problem.ts"
import type { RecordedFiles } from "./recorded-files.ts"

/** A file to be read when its turn comes. */
export interface ColdMember {
  readonly path: string
  readonly open: (onBytes: OnBytes) => Promise<ColdFile>
}

export interface ColdSetOptions {
  readonly source: string
  readonly labels: Readonly<Record<string, string>>
  readonly zone: string
  readonly members: ReadonlyArray<ColdMember>
  readonly recorded: RecordedFiles
  readonly onBytes: OnBytes
  readonly report: Say.Report
}

export class ColdSet implements LineReader {
  readonly source: string
  readonly labels: Readonly<Record<string, string>>
  readonly zone: string
  readonly #options: ColdSetOptions
  #window = new LineWindow(0)
  #next = 0
  #file: OpenFile | undefined
  #ended = false

  constructor(options: ColdSetOptions) {
    this.#options = options
    this.source = options.source
    this.labels = options.labels
    this.zone = options.zone
  }

  get path(): string {
    return this.#file?.path ?? this.#options.members[0]?.path ?? this.source
  }

  get window(): LineWindow {
    return this.#window
  }

  async fill(): Promise<"lines" | "end"> {
    for (;;) {
      if (this.#window.ready > 0) return "lines"
      if (this.#ended) await this.close()
      const file = this.#file
      if (file === undefined) {
        const member = this.#options.members[this.#next]
        if (member === undefined) return "end"
        this.#next += 1
        await this.#attempt(member.path, () => this.#open(member))
      } else {
        await this.#attempt(file.path, () => this.#read(file))
      }
    }
  }

  take(now: number, most: number = maxBatchLines): LogBatch | undefined {
    const file = this.#file
    const piece = file === undefined ? undefined : this.#window.take(most)
    if (file === undefined || piece === undefined) return undefined
    const batch = batchOf(this, file, piece, "own", now)
    this.#options.recorded.add(batch)
    return batch
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    this.#ended = false
    await file?.close()
  }

  /** What is wrong with one file ends that file; what was read of it counts. */
  async #attempt(path: string, read: () => Promise<void>): Promise<void> {
    try {
      await read()
    } catch (cause) {
      if (cause instanceof DamagedBatch) throw cause
      this.#options.report(Say.readingProblem(path, cause))
      this.#end()
    }
  }

  async #open(member: ColdMember): Promise<void> {
    const { onBytes, recorded, report } = this.#options
    const opened = await goOn(member.path, await member.open(onBytes), recorded, onBytes, report)
    if (opened === undefined) return
    const { file, position } = opened
    this.#file = file
    this.#window = new LineWindow(file.end, position?.insideLine ?? false)
    const nul = await noTextAt(file)
    if (nul !== undefined) {
      report(Say.binary(file.path, nul))
      this.#ended = true
    } else if (position !== undefined) {
      await this.#read(file)
      if (this.#window.size === 0) report(Say.readBefore(file.path))
    }
  }

  async #read(file: OpenFile): Promise<void> {
    while (this.#window.ready < maxBatchLines && this.#window.size <= maxBatchBytes) {
      const chunk = await file.read(this.#window.room)
      if (typeof chunk === "string") {
        if (chunk === "changed") throw new Error("it was changed while it was read")
        if (file.failure !== undefined) this.#options.report(Say.endedEarly(file))
        return this.#end()
      }
      if (!(file instanceof StreamedFile)) this.#options.onBytes(chunk.length)
      this.#window.push(chunk)
    }
  }

  #end(): void {
    this.#window.finish()
    this.#ended = true
  }
}

/** Times are looked for in so many first lines of a file, and so many are enough. */
const looked = { lines: 100, times: 9 }

/**
 * When a file begins, to know which part of a log it is: the middle one of its first time stamps, as the very first
 * line may have come late. Reads from the file; close it afterwards.
 */
export const beginningTime = async (
  path: string,
  cold: ColdFile,
  timeOf: (line: string) => number | undefined
): Promise<number | undefined> => {
  const file = cold instanceof StreamedFile ? cold : await GrowingFile.at(path, cold, 0)
  const chunk = await file.read()
  if (typeof chunk === "string" || binaryAt(chunk.subarray(0, fingerprintBytes)) !== undefined) return undefined
  const window = new LineWindow(0)
  window.push(chunk)
  window.finish()
  const times: Array<number> = []
  for (let n = 0; n < Math.min(window.ready, looked.lines) && times.length < looked.times; n += 1) {
    const line = window.peek(n)
    const time = line === undefined ? undefined : timeOf(line)
    if (time !== undefined) times.push(time)
  }
  times.sort((left, right) => left - right)
  return times[Math.floor((times.length - 1) / 2)]
}
