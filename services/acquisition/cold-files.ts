/**
 * Reads cold logs (`testudo replay FILE|-...`) from their first line to their last, on the lines' own time.
 *
 * Files that rotation made of one log are one source and are read oldest first; different logs are merged by the times
 * of their lines (see `merge.ts`). What the event log already has of a file, under this or another name, plain or
 * compressed, is not read again, so a replay that was killed goes on where the log ends.
 */
import { fstatSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import type { Sink } from "./acquisition.ts"
import { DamagedBatch } from "./body.ts"
import { openCold, openPassing, openStream } from "./cold-file.ts"
import { type ColdMember, ColdSet, beginningTime } from "./cold-set.ts"
import { sha256, statusOf } from "./file-identity.ts"
import { sourceName } from "./file-source.ts"
import type { LogDescription, TimeOf } from "./line-reader.ts"
import { Merge } from "./merge.ts"
import { StreamedFile } from "./open-file.ts"
import { type Report, noFile, readBefore, readingProblem } from "./reading-problem.ts"
import type { RecordedFiles } from "./recorded-files.ts"
import { bySuffix, rotatedName } from "./rotation.ts"

/** Raw bytes, of compressed files the compressed ones. `total` is undefined when a stream is among the inputs. */
export interface ColdProgress {
  readonly done: number
  readonly total: number | undefined
}

export interface ColdOptions<E> extends LogDescription {
  /** Paths, or `-` for standard input. */
  readonly paths: ReadonlyArray<string>
  readonly sink: Sink<E>
  /** All log batches of the store. The batches that are read now are added to it. */
  readonly recorded: RecordedFiles
  readonly timeOf: TimeOf
  readonly report: Report
  /** The observed time of all batches, in milliseconds since 1970. */
  readonly now: number
  readonly onProgress?: (progress: ColdProgress) => void
  readonly stdin?: AsyncIterable<Buffer>
}

interface Candidate {
  readonly member: ColdMember
  readonly order: number
  readonly time: number | undefined
  /** The log that this is a part of. */
  readonly log: string
  readonly suffix: string | undefined
  /** Files that begin alike are copies, or one goes on where the other ends: they are never read side by side. */
  readonly beginning: string | undefined
}

/** Fails when the sink does, or when a recorded batch that it needs is damaged. */
export const readColdFiles = <E>(options: ColdOptions<E>): Effect.Effect<void, E | DamagedBatch> =>
  Effect.scoped(
    Effect.gen(function* () {
      let done = 0
      const { candidates, total } = yield* Effect.promise(() => examine(options))
      const sets = yield* Effect.acquireRelease(
        Effect.sync(() =>
          setsOf(candidates).map(
            (members) =>
              new ColdSet({
                source: sourceName(members[0]!.log),
                labels: options.labels,
                zone: options.zone,
                members: members.map(({ member }) => member),
                recorded: options.recorded,
                report: options.report,
                onBytes: (count) => {
                  done += count
                }
              })
          )
        ),
        (opened) => Effect.promise(() => Promise.all(opened.map((set) => set.close())))
      )
      const merge = new Merge(sets, options.timeOf, "own")
      for (;;) {
        const group = yield* Effect.tryPromise({
          try: () => merge.next(options.now),
          catch: (cause) => cause
        }).pipe(Effect.catch((cause) => (cause instanceof DamagedBatch ? Effect.fail(cause) : Effect.die(cause))))
        options.onProgress?.({ done, total })
        if (group.length === 0) return
        yield* options.sink.append(group)
      }
    })
  )

/** Has a look at each input: what it is, when it begins, and whether it was named before. */
const examine = async <E>(
  options: ColdOptions<E>
): Promise<{ readonly candidates: ReadonlyArray<Candidate>; readonly total: number | undefined }> => {
  const { labels, now, report, zone } = options
  const candidates: Array<Candidate> = []
  const seen = new Set<string>()
  let total: number | undefined = 0
  for (const [order, path] of options.paths.entries()) {
    const rest = { order, log: path, suffix: undefined, beginning: undefined, time: undefined }
    try {
      const status = path === "-" ? undefined : await statusOf(path)
      const key = status === undefined ? "-" : `${status.device}:${status.inode}`
      if (seen.has(key)) {
        report(readBefore(path))
        continue
      }
      seen.add(key)
      if (status === undefined) {
        const stdin = options.stdin ?? standardInput()
        candidates.push({ ...rest, member: { path, open: (onBytes) => openStream(path, stdin, onBytes) } })
        total = undefined
      } else if (status.kind === "directory") report(noFile(path, "a directory"))
      else if (status.kind === "stream") {
        const stream = openPassing(path)
        candidates.push({ ...rest, member: { path, open: (onBytes) => openStream(path, stream, onBytes) } })
        total = undefined
      } else {
        const file = await openCold(path, () => {})
        const time = await beginningTime(path, file, (line) =>
          options.timeOf(line, { labels, path, zone, observedAt: now })
        )
        const rotated = rotatedName(basename(path))
        // However the path is written: two sources of one name would be one stream with two readers.
        const log = resolve(
          rotated === undefined ? path.replace(/\.(?:gz|zst)$/, "") : join(dirname(path), rotated.base)
        )
        const beginning = file.head.length === 0 ? undefined : sha256(file.head)
        await (file instanceof StreamedFile ? file.close() : file.handle.close())
        if (total !== undefined) total += status.size
        const member: ColdMember = { path, open: (onBytes) => openCold(path, onBytes) }
        candidates.push({ member, order, time, log, suffix: rotated?.suffix, beginning })
      }
    } catch (cause) {
      report(readingProblem(path, cause))
    }
  }
  return { candidates, total }
}

/** Of a directory Node would make an input that is empty. */
const standardInput = (): AsyncIterable<Buffer> => {
  if (fstatSync(0).isDirectory()) throw Object.assign(new Error("a directory"), { code: "EISDIR" })
  return process.stdin
}

/** The inputs as logs, each with its parts in the order of time. */
const setsOf = (candidates: ReadonlyArray<Candidate>): ReadonlyArray<ReadonlyArray<Candidate>> => {
  const sets: Array<Array<Candidate>> = []
  for (const candidate of candidates) {
    const own = sets.filter((set) =>
      set.some(
        ({ beginning, log }) => log === candidate.log || (beginning !== undefined && beginning === candidate.beginning)
      )
    )
    const joined = [...own.flat(), candidate]
    for (const set of own) sets.splice(sets.indexOf(set), 1)
    sets.push(joined)
  }
  // Within a second the logs follow one another (see `merge.ts`): by name, so that the order of the call says nothing.
  return sets.map(inOrder).sort(([left], [right]) => (sourceName(left!.log) < sourceName(right!.log) ? -1 : 1))
}

/**
 * By the times that they begin at when all have one, else by what their names say: the log's own name is the newest.
 * The log itself is often empty, just after a rotation: that says nothing about the others.
 */
const inOrder = (set: ReadonlyArray<Candidate>): ReadonlyArray<Candidate> => {
  const timed = set.every(({ beginning, time }) => beginning === undefined || time !== undefined)
  const begun = ({ time = Number.MIN_SAFE_INTEGER }: Candidate): number => (timed ? time : 0)
  return [...set].sort((left, right) => begun(left) - begun(right) || byName(left, right) || left.order - right.order)
}

const byName = (left: Candidate, right: Candidate): number => {
  if (left.suffix === undefined || right.suffix === undefined) {
    return Number(left.suffix === undefined) - Number(right.suffix === undefined)
  }
  return bySuffix(left.suffix, right.suffix) ?? 0
}
