/**
 * A log file that is followed through all that happens to logs: it grows, is rotated by renaming or by copying and
 * truncating, while we watch or while we were away, disappears and comes back.
 *
 * Files are read strictly one after the other, each to its end. So the last recorded batch says it all: what comes
 * before its range's end was read, what comes after was not. What is written to a file later than that is another source
 * (see `late-lines.ts`).
 */
import { realpath } from "node:fs/promises"
import type { FileIdentity, LogBatch } from "../../domain/events/log-batch.ts"
import { maxBatchLines } from "./body.ts"
import { compressionOf } from "./compression.ts"
import { type Continuation, continueAfter } from "./continuation.ts"
import { Departure } from "./departure.ts"
import { fingerprintBytes, openFile, type Position, statusOf } from "./file-identity.ts"
import type { FileReader, FilesRead } from "./files-read.ts"
import { endsAsLog } from "./binary.ts"
import { LateLines } from "./late-lines.ts"
import { batchOf, type LineReader } from "./line-reader.ts"
import { LineWindow } from "./line-window.ts"
import { GrowingFile, noTextAt, type OpenFile } from "./open-file.ts"
import type { Patience } from "./patience.ts"
import * as Say from "./reading-problem.ts"
import { lookAt } from "./rotated-files.ts"

export interface FollowOptions {
  readonly source: string
  readonly path: string
  /** A person named this very file; false: a pattern found it. */
  readonly isNamed: boolean
  readonly labels: Readonly<Record<string, string>>
  readonly zone: string
  /** Where to go on. Undefined: nothing was recorded, so the file is read from its beginning. */
  readonly position: Position | undefined
  /** All of that file was read before it went away. */
  readonly isFinished: boolean
  /** Where to go on in the files before that one, for what is written to them late. */
  readonly latePositions: ReadonlyArray<Position>
  /** The files that all readers have or had. */
  readonly read: FilesRead
  readonly patience: Patience
  readonly report: Say.Report
}

const isGone = (path: string): Promise<boolean> => statusOf(path).then(() => false, Say.isGone)

export class FollowedFile implements LineReader, FileReader {
  readonly source: string
  readonly path: string
  readonly labels: Readonly<Record<string, string>>
  readonly zone: string
  /** What still comes to the files before the open one. */
  readonly late: LateLines
  readonly #options: FollowOptions
  #window = new LineWindow(0)
  #opened: OpenFile | undefined
  /** The open file was found at the path, not among the rotated ones. */
  #atPath = false
  /** Why the open file is done with; it is let go when its lines are taken. */
  #left: "at its end" | "not what it was" | undefined
  /** Inode of the file at the path that was taken for no log. */
  #leftOut: number | undefined
  /** How far was read in the file before the open one; it counts until something was read of the open one. */
  #known: Position | undefined
  #finished: boolean
  /** There is no file at the path, and nothing left to read of those that were. */
  #missing = false
  /** When the open file was last looked at, in milliseconds since 1970. */
  #seen = 0
  /** Where the path leads when it is a symbolic link; rotation happens there. */
  #place: string
  #status: { readonly inode: number; readonly size: number } | undefined
  /** What was there when the last search found nothing. */
  #looked = ""
  readonly #departure: Departure
  readonly #said = new Set<string>()

  constructor(options: FollowOptions) {
    this.#options = options
    this.source = options.source
    this.path = options.path
    this.labels = options.labels
    this.zone = options.zone
    this.#known = options.position
    this.#finished = options.isFinished
    this.#place = options.path
    const { latePositions: positions, read } = options
    this.late = new LateLines({ ...options, positions })
    this.#departure = new Departure({ ...options, isHeld: (file) => read.isHeld(file, this) })
    read.enter(this)
  }

  get window(): LineWindow {
    return this.#window
  }

  /** The real path, for watching its folder. */
  get place(): string {
    return this.#place
  }

  /** Remembers how much there is now: from then on {@link caughtUp} tells whether all of it was read. */
  async mark(): Promise<void> {
    try {
      this.#status = await statusOf(this.path)
    } catch {
      this.#status = undefined
    }
  }

  get caughtUp(): boolean {
    return (
      this.#status !== undefined && this.#file?.inode === this.#status.inode && this.#window.offset >= this.#status.size
    )
  }

  /** Whether there is nothing to wait for: a file that a person named may always come back. */
  get isGone(): boolean {
    return this.#missing && !this.#options.isNamed
  }

  get #file(): OpenFile | undefined {
    return this.#opened
  }

  set #file(file: OpenFile | undefined) {
    if (this.#opened !== undefined) this.#options.read.release(this.#opened, this)
    this.#opened = file
    if (file !== undefined) this.#options.read.hold(file, this)
  }

  get expected(): ReadonlyArray<Position> {
    const known = this.#file === undefined && !this.#finished ? this.#known : undefined
    return known === undefined ? this.late.expected : [known, ...this.late.expected]
  }

  get identity(): FileIdentity | undefined {
    return this.#file?.position(this.#seen).file
  }

  #say(problem: ReturnType<typeof Say.gone>): void {
    if (this.#said.has(problem.code)) return
    this.#said.add(problem.code)
    this.#options.report(problem)
  }

  async fill(now: number): Promise<"lines" | "waiting"> {
    try {
      for (;;) {
        if (this.#window.ready > 0) return "lines"
        if (this.#left !== undefined) await this.#letGo(now)
        if (this.#file === undefined && !(await this.#open(now))) return "waiting"
        const file = this.#file!
        const chunk = await file.read(this.#window.room)
        if (chunk !== "changed") this.#seen = now
        if (chunk === "changed") await this.#followChange(file)
        else if (chunk === "end") {
          if (!(await this.#leave(file, now))) return "waiting"
        } else await this.#accept(file, chunk)
      }
    } catch (cause) {
      const isGone = Say.isGone(cause)
      this.#missing = isGone && this.#file === undefined
      this.#say(isGone ? Say.missing(this.path) : Say.readingProblem(this.path, cause))
      return "waiting"
    }
  }

  take(now: number, most: number = maxBatchLines): LogBatch | undefined {
    const file = this.#file
    const piece = file === undefined ? undefined : this.#window.take(most)
    return file === undefined || piece === undefined ? undefined : batchOf(this, file, piece, "observed", now)
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    this.#options.read.leave(this)
    await Promise.all([file?.close(), this.#departure.close(), this.late.close()])
  }

  async #accept(file: OpenFile, chunk: Buffer): Promise<void> {
    // What was taken is text: whoever writes into a log does not end it by that.
    if (this.#window.offset === 0 && file.end - chunk.length < fingerprintBytes) {
      const packed = compressionOf(file.head) !== undefined && !file.settled
      const nul = packed ? undefined : await noTextAt(file)
      if (packed || nul !== undefined) {
        this.#said.delete("TST-ACQ-BINARY")
        this.#say(packed ? Say.compressed(file.path) : Say.binary(file.path, nul ?? 0))
        this.#leaveOut(file.inode)
        return
      }
    }
    this.#window.push(chunk)
  }

  /** What is no text gives no lines. Only another file at its place will be read, or this one when it becomes a log. */
  #leaveOut(inode: number): void {
    this.#window = new LineWindow(0)
    this.#left = "not what it was"
    this.#leftOut = inode
  }

  /** Whether the file that was left out is a log after all: then it is read from its beginning. `none`: there is no such file. */
  async #reconsider(): Promise<"a log" | "no log" | "none"> {
    if (this.#leftOut === undefined) return "none"
    const opened = await openFile(this.#place, this.#leftOut).catch(() => undefined)
    if (opened === undefined) return "none"
    const file = await GrowingFile.at(this.#place, opened, 0)
    if (compressionOf(file.head) === undefined && endsAsLog(await file.last())) {
      this.#begin(file, true)
      return "a log"
    }
    await file.close()
    return "no log"
  }

  /** Goes on where reading stands. False: there is nothing to open now. */
  async #open(now: number): Promise<boolean> {
    this.#place = await realpath(this.path).catch(() => this.#place)
    if (this.#known === undefined) return this.#openFirst()
    const position = this.#known
    const look = await lookAt(this.#place)
    if (look === this.#looked) return false
    const leftOut = await this.#reconsider()
    if (leftOut === "a log") return true
    if (leftOut === "no log") {
      this.#looked = look
      return false
    }
    const next = await continueAfter(this.#place, position, this.#finished, (other) => this.#isRead(other))
    const { as, atPath, file, lost, sure } = next
    if (lost && !this.#finished) this.#say(Say.lostTrack(this.path))
    if (lost) this.#finished = true
    if (file === undefined) {
      if (sure) this.#looked = look
      if (this.#said.has("TST-ACQ-GONE")) this.#missing = sure && (await isGone(this.path))
      else await statusOf(this.path) // Fails, and is reported, when there is no file.
      return false
    }
    // It was renamed to a name under which another reader found it.
    if (as === "same" && !this.#finished && this.#options.read.isHeld(file, this)) {
      await file.close()
      this.#finished = true
      return this.#open(now)
    }
    if (atPath && (await this.#isElsewhere(file, as))) {
      await file.close()
      this.#looked = look
      this.#missing = !this.#options.isNamed
      return false
    }
    if (as === "cut") this.#say(Say.cutShort(this.path, file.end))
    const passedOver = await this.#departure.passedOver(file, atPath)
    if (passedOver !== undefined) this.late.watch(passedOver, now)
    const beyond = await this.#options.read.beyond(file)
    this.#begin(beyond, atPath, as === "same" && beyond === file ? position.insideLine : undefined)
    return true
  }

  /** Nothing was recorded: the file at the path, and no rotated ones. */
  async #openFirst(): Promise<boolean> {
    const status = await statusOf(this.path)
    if (status.kind !== "file") {
      this.#say(Say.noFile(this.path, status.kind === "directory" ? "a directory" : "a pipe, socket or device"))
      return false
    }
    const opened = await openFile(this.path)
    if (opened === undefined) return false
    const file = await GrowingFile.at(this.path, opened, 0)
    // A hard link. Nothing may come between asking and holding: another reader may be about to open it as well.
    if (!this.#options.isNamed && this.#options.read.isHeld(file, this)) {
      await file.close()
      this.#missing = true
      return false
    }
    this.#begin(file, true)
    return true
  }

  #begin(file: OpenFile, atPath: boolean, insideLine?: boolean): void {
    this.#window = new LineWindow(file.end, insideLine ?? file.position(this.#seen).insideLine)
    this.#take(file, atPath)
  }

  #take(file: OpenFile, atPath: boolean): void {
    this.#file = file
    this.#atPath = atPath
    this.#left = undefined
    this.#leftOut = undefined
    this.#finished = true
    this.#missing = false
    this.#departure.reset()
    this.#looked = ""
    if (atPath) this.#said.clear()
  }

  /** Closes a file whose end was reached for good and whose lines were taken. */
  async #letGo(now: number): Promise<void> {
    const file = this.#file
    const left = this.#left
    this.#left = undefined
    if (file === undefined) return
    this.#known = file.position(this.#seen)
    this.#finished = true
    this.#looked = ""
    if (left === "at its end") {
      this.#options.read.remember(this.#known)
      if (await this.late.takeOver(file, now)) {
        this.#file = undefined
        return
      }
    }
    this.#file = undefined
    await file.close()
  }

  /** Whether the file at the path is read elsewhere: another log was renamed to it, or a rotation was undone. */
  async #isElsewhere(file: OpenFile, as: Continuation["as"]): Promise<boolean> {
    if (this.late.has(file)) return true
    return as === "same" ? this.#options.read.isHeld(file, this) : !this.#options.isNamed && (await this.#isRead(file))
  }

  /** Whether a file is or was read already, here or by another reader. */
  async #isRead(file: OpenFile): Promise<boolean> {
    const { read } = this.#options
    return read.isHeld(file, this) || (await read.wasLeft(file))
  }

  /**
   * The file at the path is not what it was: it was cut to zero, most likely after it was copied. The copy has what was
   * written since our last look. It is the same bytes, so an unfinished line goes on in it.
   */
  async #followChange(file: OpenFile): Promise<void> {
    if (file.end === 0) {
      this.#file = undefined
      await file.close()
      return
    }
    const position = file.position(this.#seen)
    const next = await continueAfter(this.#place, position, false, (other) => this.#isRead(other))
    if (next.file !== undefined && next.as === "same") {
      this.#take(next.file, next.atPath)
      await file.close()
      return
    }
    await next.file?.close()
    if (next.as === "cut" && next.file !== undefined) {
      // Known and not finished: opening finds the same cut again, and says so.
      this.#known = position
      this.#finished = false
      this.#file = undefined
      await file.close()
      return
    }
    if (next.lost) this.#say(Say.lostTrack(this.path))
    this.#window.finish()
    this.#left = "not what it was"
  }

  /** At the end of a file: whether to leave it for a newer one. */
  async #leave(file: OpenFile, now: number): Promise<boolean> {
    if (file instanceof GrowingFile && !file.settled) {
      this.#place = await realpath(this.path).catch(() => this.#place)
      const departure = await this.#departure.from(file, { place: this.#place, atPath: this.#atPath, now })
      if (departure === "not yet") return false
      if (departure === "is gone") this.#say(Say.gone(this.path))
    }
    if (file.failure !== undefined) this.#options.report(Say.endedEarly(file))
    this.#window.finish()
    this.#left = "at its end"
    return true
  }
}
