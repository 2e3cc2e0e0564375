/**
 * What is still written to the files of a log after a rotation, when reading has gone on to the next one: by a worker that
 * finishes a long request, or a daemon that nobody told of the rotation.
 *
 * It is a source of its own, because the last batch of a log's source has to say where reading stands in the newest file.
 * Each file that was read begins there with a checkpoint, so that a stop loses nothing: what is written to it meanwhile is
 * read then, and whatever it is called by then, it is known to have been read.
 */
import type { LogBatch } from "../../domain/events/log-batch.ts"
import { reopen } from "./continuation.ts"
import { type Position, statusOf } from "./file-identity.ts"
import { lateSourceName } from "./file-source.ts"
import type { FilesRead } from "./files-read.ts"
import { batchOf, checkpointOf, type LogDescription } from "./line-reader.ts"
import { LineWindow } from "./line-window.ts"
import { GrowingFile, type OpenFile } from "./open-file.ts"
import type { Patience } from "./patience.ts"
import * as Say from "./reading-problem.ts"

export interface LateLinesOptions extends LogDescription {
  /** Name of the log's source. */
  readonly source: string
  readonly path: string
  /** Where reading stands in the files that were left before a stop. */
  readonly positions: ReadonlyArray<Position>
  readonly patience: Patience
  readonly report: Say.Report
  /** The files that all readers have or had. */
  readonly read: FilesRead
}

interface LateFile {
  readonly file: OpenFile
  readonly window: LineWindow
  /** When reading went on to the next file. Milliseconds since 1970, as all times here. */
  readonly since: number
  /** When it was found changed last. */
  written: number
  isTold: boolean
  /** There are too many newer ones: it is read to its end, and no longer. */
  isOld: boolean
  /** Nothing more is read; it is closed when its lines are taken. */
  isOver: boolean
}

/** A log that is rotated again and again within minutes has no writers so slow that they are at more files than these. */
export const mostLateFiles = 3

export class LateLines {
  readonly source: string
  readonly path: string
  readonly labels: Readonly<Record<string, string>>
  readonly zone: string
  readonly #options: LateLinesOptions
  #expected: ReadonlyArray<Position>
  #files: ReadonlyArray<LateFile> = []
  #current: LateFile | undefined
  #unrecorded: ReadonlyArray<Position> = []

  constructor(options: LateLinesOptions) {
    this.#options = options
    this.source = lateSourceName(options.source)
    this.path = options.path
    this.labels = options.labels
    this.zone = options.zone
    this.#expected = options.positions
  }

  get isEmpty(): boolean {
    return this.#files.length === 0 && this.#expected.length === 0
  }

  /** Where reading is to go on in a file that is not open yet. */
  get expected(): ReadonlyArray<Position> {
    return this.#expected
  }

  /** Whether this file is one of those that are looked at. */
  has({ device, inode }: { readonly device: number; readonly inode: number }): boolean {
    return this.#files.some(({ file }) => file.device === device && file.inode === inode)
  }

  /** Takes over a file that was read to its end. False: nobody is expected to write to it. */
  async takeOver(file: OpenFile, now: number): Promise<boolean> {
    if (file.settled || !(file instanceof GrowingFile) || file.end === 0) return false
    const { changed, links } = await statusOf(file.handle)
    if (links === 0) return false
    this.#unrecorded = [...this.#unrecorded, file.position(now)]
    if (now - changed >= this.#options.patience.late) return false
    this.watch(file, now)
    return true
  }

  /** Looks at this file from now on. */
  watch(file: OpenFile, now: number): void {
    this.#add(file, now)
    for (const old of this.#files.slice(0, -mostLateFiles)) old.isOld = true
  }

  /** `place`: where the log is now. Problems are reported, never thrown. */
  async fill(place: string, now: number): Promise<"lines" | "waiting"> {
    for (const position of this.#expected) await this.#goOn(place, position, now)
    this.#expected = []
    for (const late of this.#files) {
      this.#current = late
      try {
        if (await this.#read(late, now)) return "lines"
      } catch (cause) {
        this.#options.report(Say.readingProblem(late.file.path, cause))
        await this.#letGo(late, now)
      }
    }
    return "waiting"
  }

  /** After `fill` has found some: lines of one file. */
  take(now: number): LogBatch | undefined {
    const late = this.#current
    const piece = late?.window.take()
    return late === undefined || piece === undefined ? undefined : batchOf(this, late.file, piece, "observed", now)
  }

  /** Of the files that were left since: to be stored before anything of the files after them. */
  checkpoints(now: number): ReadonlyArray<LogBatch> {
    const positions = this.#unrecorded
    this.#unrecorded = []
    return positions.map((position) => checkpointOf(this, position, now))
  }

  async close(): Promise<void> {
    const files = this.#files
    this.#files = []
    for (const { file } of files) this.#options.read.release(file, this)
    await Promise.all(files.map(({ file }) => file.close()))
  }

  async #goOn(place: string, position: Position, now: number): Promise<void> {
    try {
      const file = await reopen(place, position)
      if (file === undefined) return
      if (this.#options.read.isHeld(file)) await file.close()
      else this.#add(await this.#options.read.beyond(file), now)
    } catch (cause) {
      this.#options.report(Say.readingProblem(place, cause))
    }
  }

  /** A line that was taken without its end is over: what comes of it is no line of its own. */
  #add(file: OpenFile, now: number): void {
    const window = new LineWindow(file.end, file.position(now).insideLine)
    const late = { file, window, since: now, written: now, isTold: false, isOld: false, isOver: false }
    this.#files = [...this.#files, late]
    this.#options.read.hold(file, this)
  }

  /** Whether there are lines. */
  async #read(late: LateFile, now: number): Promise<boolean> {
    for (;;) {
      if (late.window.ready > 0) return true
      if (late.isOver) {
        await this.#letGo(late, now)
        return false
      }
      const chunk = await late.file.read(late.window.room)
      if (chunk === "changed" || (chunk === "end" && (await this.#isQuiet(late, now)))) this.#end(late)
      else if (chunk === "end") return false
      else {
        late.window.push(chunk)
        late.written = now
        this.#tell(late, now)
      }
    }
  }

  async #isQuiet(late: LateFile, now: number): Promise<boolean> {
    const { file } = late
    if (late.isOld || !(file instanceof GrowingFile) || file.settled) return true
    const { late: usual, deleted } = this.#options.patience
    // The clock may be set back meanwhile.
    late.written = Math.min(late.written, now)
    return now - late.written >= ((await statusOf(file.handle)).links > 0 ? usual : deleted)
  }

  #tell(late: LateFile, now: number): void {
    if (late.isTold || now - late.since < this.#options.patience.stillWritten) return
    late.isTold = true
    this.#options.report(Say.stillWritten(this.path))
  }

  #end(late: LateFile): void {
    late.window.finish()
    late.isOver = true
  }

  async #letGo(late: LateFile, now: number): Promise<void> {
    this.#files = this.#files.filter((each) => each !== late)
    this.#options.read.remember(late.file.position(now))
    this.#options.read.release(late.file, this)
    await late.file.close()
  }
}
