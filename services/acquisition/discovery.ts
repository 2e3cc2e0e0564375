/**
 * Finds the files that are to be followed. Of what nothing was recorded is read from its beginning, but for a file that was
 * read under another name: there reading goes on where it stands.
 */
import { dirname } from "node:path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { LogBatch } from "../../domain/events/log-batch.ts"
import { sourceOf } from "../../domain/events/stream-name.ts"
import type { DamagedBatch } from "./body.ts"
import { type FileStatus, openFile, type Position, positionAfter, statusOf } from "./file-identity.ts"
import { type FileSource, lateSourceName, type Match, matchesOf, sourceName } from "./file-source.ts"
import { FilesRead } from "./files-read.ts"
import { FollowedFile } from "./followed-file.ts"
import { mostLateFiles } from "./late-lines.ts"
import { checkpointOf } from "./line-reader.ts"
import { GrowingFile } from "./open-file.ts"
import type { Patience } from "./patience.ts"
import { type Report, readingProblem } from "./reading-problem.ts"

export interface DiscoveryOptions<E, E2> {
  readonly sources: ReadonlyArray<FileSource>
  readonly node: string | undefined
  /** Stores a batch. */
  readonly append: (batch: LogBatch) => Effect.Effect<void, E>
  /** The last batches on the stream of this source, about so many, the newest first. */
  readonly recent: (source: string, most: number) => Effect.Effect<ReadonlyArray<LogBatch>, E2>
  readonly patience: Patience
  readonly report: Report
}

/** In so many batches the files are looked for that something may still be written to. */
const lately = 10
/** In so many, those that are done with: most of them are checkpoints. */
const longAgo = 200

/** A file that is not followed yet. */
interface Candidate extends Match {
  readonly configured: FileSource
  readonly source: string
  /** Where reading stands by what was recorded under this name. */
  readonly position: Position | undefined
  /** The same of the files before, for what is written to them late. */
  readonly late: ReadonlyArray<Position>
}

export class Discovery<E, E2> {
  /** The files that are followed, by their sources. */
  readonly files = new Map<string, FollowedFile>()
  readonly #options: DiscoveryOptions<E, E2>
  readonly #read = new FilesRead()
  /** Sources whose files were read to their ends, before they went away. */
  readonly #gone = new Set<string>()
  /** What those looked like that are perhaps rotated, by their paths. */
  readonly #looks = new Map<string, FileStatus>()

  constructor(options: DiscoveryOptions<E, E2>) {
    this.#options = options
  }

  /** Adds the files that are not followed yet, and tells which. At the start, `start` of the configuration counts. */
  find(isStart: boolean): Effect.Effect<ReadonlyArray<FollowedFile>, E | E2 | DamagedBatch> {
    return Effect.gen({ self: this }, function* () {
      const candidates = yield* this.#candidates()
      // All that was recorded is known before the first file of which nothing was is opened.
      for (const { position, late } of candidates) {
        if (position !== undefined) for (const each of [position, ...late]) this.#read.recall(each)
      }
      if (isStart) yield* this.#lookBack(candidates)
      const recorded = candidates.filter(({ position }) => position !== undefined)
      const fresh = candidates.filter(({ position }) => position === undefined)
      const found: Array<FollowedFile> = []
      for (const candidate of [...recorded, ...fresh]) {
        const file = yield* this.#follow(candidate, isStart)
        if (file === undefined) continue
        this.files.set(file.source, file)
        found.push(file)
      }
      return found
    })
  }

  /** This file is gone. When it comes back, it is found again. */
  leave({ source }: FollowedFile): void {
    this.files.delete(source)
    this.#gone.add(source)
  }

  #candidates() {
    return Effect.gen({ self: this }, function* () {
      const candidates = new Map<string, Candidate>()
      for (const configured of this.#options.sources) {
        for (const match of yield* this.#matches(configured)) {
          const source = sourceOf(this.#options.node, sourceName(match.path))
          if (this.files.has(source) || candidates.has(source)) continue
          if (match.path !== configured.path) {
            const status = yield* attempt(() => statusOf(match.path))
            if (status === undefined || this.#read.isHeld(status)) continue
            if (match.perhapsRotated && !(yield* this.#isLog(match.path, source, status))) continue
          }
          const [position] = yield* this.#positions(source, 1)
          const late = position === undefined ? [] : yield* this.#positions(lateSourceName(source), lately)
          candidates.set(source, { ...match, configured, source, position, late })
        }
      }
      return [...candidates.values()]
    })
  }

  #matches(configured: FileSource): Effect.Effect<ReadonlyArray<Match>> {
    return Effect.tryPromise({
      try: () => matchesOf(configured),
      catch: (cause) => readingProblem(configured.path, cause)
    }).pipe(
      Effect.catch((problem) => {
        this.#options.report(problem)
        return Effect.succeed([])
      })
    )
  }

  /**
   * Which files were read longer ago, when one is there of which the last batches do not tell: under loggers that rename
   * all their files again and again, it may have been another one.
   */
  #lookBack(candidates: ReadonlyArray<Candidate>) {
    return Effect.gen({ self: this }, function* () {
      const folders = new Set<string>()
      for (const candidate of candidates) {
        const status = isNamed(candidate) ? undefined : yield* attempt(() => statusOf(candidate.path))
        if (status !== undefined && !this.#read.knows(status)) folders.add(dirname(candidate.path))
      }
      for (const { path, position, source } of candidates) {
        if (position === undefined || !folders.has(dirname(path))) continue
        for (const each of yield* this.#positions(lateSourceName(source), longAgo)) this.#read.recall(each)
      }
    })
  }

  /** Where reading stands in the files that the last batches on a stream are of, so many: the latest file first. */
  #positions(source: string, batches: number) {
    return Effect.flatMap(this.#options.recent(source, batches), (recent) =>
      Effect.try({
        try: () => recent.filter(isLastOfFile).map(positionAfter),
        catch: (cause) => cause as DamagedBatch
      })
    )
  }

  /**
   * Whether a file whose name may be that of a rotated one is a log: it was followed under this name, or something is
   * written to it.
   */
  #isLog(path: string, source: string, status: FileStatus) {
    return Effect.gen({ self: this }, function* () {
      const before = this.#looks.get(path)
      this.#looks.set(path, status)
      if (before !== undefined) return before.inode === status.inode && before.size < status.size
      const [last] = yield* this.#options.recent(source, 1)
      return last?.file.inode === status.inode
    })
  }

  /** Undefined: another reader has this file. */
  #follow(candidate: Candidate, isStart: boolean) {
    return Effect.gen({ self: this }, function* () {
      const { configured, late, path, source } = candidate
      const { labels, zone } = configured
      const { append, patience, report } = this.#options
      const now = yield* Clock.currentTimeMillis
      const begin = yield* attempt(() => this.#begin(candidate, isStart, now))
      if (begin === "elsewhere") return undefined
      if (begin !== undefined) yield* append(checkpointOf({ source, path, labels, zone }, begin, now))
      const position = begin ?? candidate.position
      return new FollowedFile({
        ...{ source, path, labels, zone, position, patience, report },
        isNamed: isNamed(candidate),
        isFinished: begin === undefined && this.#gone.delete(source),
        latePositions: late.filter(({ file }) => file.inode !== position?.file.inode).slice(0, mostLateFiles),
        read: this.#read
      })
    })
  }

  /**
   * Where a file begins for this reader, if that is neither its beginning nor what was recorded under its name. Of one that
   * a person named it is not asked who else reads it.
   */
  async #begin(candidate: Candidate, isStart: boolean, now: number): Promise<Position | "elsewhere" | undefined> {
    const { configured, path, perhapsRotated, position } = candidate
    const opened = await openFile(path)
    if (opened === undefined) return undefined
    try {
      if (!isNamed(candidate)) {
        if (await this.#read.isExpected(opened)) return "elsewhere"
        const known = await this.#read.positionIn(opened)
        const isNews = known?.file.inode !== position?.file.inode || (known?.to ?? 0) > (position?.to ?? 0)
        if (known !== undefined && isNews) return known
        if (known === undefined && perhapsRotated && this.#read.isCopy(opened.head)) return "elsewhere"
      }
      if (position !== undefined || !isStart || configured.start === "beginning") return undefined
      return (await GrowingFile.at(path, opened, opened.status.size)).position(now)
    } finally {
      await opened.handle.close()
    }
  }
}

const isLastOfFile = ({ file }: LogBatch, index: number, newestFirst: ReadonlyArray<LogBatch>): boolean =>
  newestFirst.findIndex((batch) => batch.file.inode === file.inode) === index

const isNamed = ({ configured, path }: Candidate): boolean => path === configured.path

/** What cannot be looked at now is looked at again soon, or its reader says what is wrong. */
const attempt = <A>(look: () => Promise<A>): Effect.Effect<A | undefined> =>
  Effect.promise(() => look().catch(() => undefined))
