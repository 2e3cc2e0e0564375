/**
 * Follows log files and gives what is written to them to a sink, batch by batch, each stored before the next is read.
 *
 * The log is the only checkpoint: at the start, and when a file is found later, the sink is asked for the last batch of
 * that source, and reading goes on right behind it. When the sink is slow, reading waits and the files keep the data.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { LogBatch } from "../../domain/events/log-batch.ts"
import { sourceOf } from "../../domain/events/stream-name.ts"
import type { DamagedBatch } from "./body.ts"
import { positionAfter } from "./file-identity.ts"
import { type FileSource, pathsOf, sourceName } from "./file-source.ts"
import { FolderWatch } from "./folder-watch.ts"
import { FollowedFile, type Patience, usualPatience } from "./followed-file.ts"
import type { LineReader, TimeOf } from "./line-reader.ts"
import { Merge } from "./merge.ts"
import { type Report, readingProblem } from "./reading-problem.ts"

/** Where batches go. */
export interface Sink<E> {
  /** Stores the batches in this order and answers when all of them are durable. At most 64 batches, about 2 MiB raw. */
  readonly append: (batches: ReadonlyArray<LogBatch>) => Effect.Effect<void, E>
}

export interface AcquireOptions<E, E2> {
  readonly sources: ReadonlyArray<FileSource>
  /** Name of the node that reads them, where several share a log: part of the names of the sources. */
  readonly node?: string | undefined
  readonly sink: Sink<E>
  /** The last batch on the stream of this source. */
  readonly last: (source: string) => Effect.Effect<LogBatch | undefined, E2>
  /** Orders the backlogs of several sources. */
  readonly timeOf: TimeOf
  readonly report: Report
  /** Runs once, when all that was there at the start has been stored. */
  readonly onCaughtUp?: Effect.Effect<void>
  /** How often files are looked at when nothing wakes the reader, in milliseconds. Default 250. */
  readonly poll?: number
  /** How often patterns are looked at for new files, in milliseconds. Default 1,000. */
  readonly discover?: number
  readonly patience?: Partial<Patience>
}

/** A catch-up that took longer than this, in milliseconds, leaves a backlog worth another one. */
const longCatchUp = 5_000
/** A source that is written faster than it is read must not keep the others from going live. */
const maxCatchUps = 5

/**
 * Reads until it is interrupted; fails when the sink does, or `last`. First all backlogs are read, merged by the lines'
 * own times (see `merge.ts`), then every file goes its own way without delay. Files that a pattern finds later are
 * followed from their beginning. What is wrong with a file is reported and does not touch the others.
 */
export const acquire = <E, E2>(options: AcquireOptions<E, E2>): Effect.Effect<never, E | E2 | DamagedBatch> =>
  Effect.scoped(
    Effect.gen(function* () {
      const watch = yield* Effect.acquireRelease(
        Effect.sync(() => new FolderWatch()),
        (each) => Effect.sync(() => each.close())
      )
      const known = new Set<string>()
      const files = yield* openNew(options, known, "as configured")
      yield* catchUp(options, files)
      if (options.onCaughtUp !== undefined) yield* options.onCaughtUp
      const follow = (file: FollowedFile) => followLive(options, file, watch)
      const discover = Effect.gen(function* () {
        yield* Effect.sleep(Duration.millis(options.discover ?? 1_000))
        return yield* openNew(options, known, "beginning")
      })
      // New files join the ones that are followed; the first failure ends all of them.
      const followFrom = (
        found: ReadonlyArray<FollowedFile>
      ): Effect.Effect<never, E | E2 | DamagedBatch, Scope.Scope> =>
        Effect.all([...found.map(follow), Effect.flatMap(untilSome(discover), followFrom)], {
          concurrency: "unbounded"
        }).pipe(Effect.andThen(Effect.never))
      return yield* followFrom(files)
    })
  )

/** A read is short and ends before an interruption goes on to close the file. */
const whole = <A>(read: () => Promise<A>): Effect.Effect<A> => Effect.uninterruptible(Effect.promise(read))

const untilSome = <A, E, R>(effect: Effect.Effect<ReadonlyArray<A>, E, R>): Effect.Effect<ReadonlyArray<A>, E, R> =>
  Effect.gen(function* () {
    for (;;) {
      const found = yield* effect
      if (found.length > 0) return found
    }
  })

/** Opens the files that are not known yet. Each is closed with the scope. */
const openNew = <E, E2>(options: AcquireOptions<E, E2>, known: Set<string>, start: "as configured" | "beginning") =>
  Effect.gen(function* () {
    const files: Array<FollowedFile> = []
    for (const configured of options.sources) {
      const paths = yield* Effect.tryPromise({
        try: () => pathsOf(configured),
        catch: (cause) => readingProblem(configured.path, cause)
      }).pipe(
        Effect.catch((problem) => {
          options.report(problem)
          return Effect.succeed<ReadonlyArray<string>>([])
        })
      )
      for (const path of paths) {
        const source = sourceOf(options.node, sourceName(path))
        if (known.has(source)) continue
        known.add(source)
        const last = yield* options.last(source)
        const position = yield* positionOf(last)
        files.push(
          yield* Effect.acquireRelease(
            Effect.sync(
              () =>
                new FollowedFile({
                  source,
                  path,
                  labels: configured.labels,
                  zone: configured.zone,
                  start: start === "beginning" ? start : configured.start,
                  position,
                  patience: { ...usualPatience, ...options.patience },
                  report: options.report
                })
            ),
            (file) => Effect.promise(() => file.close())
          )
        )
      }
    }
    return files
  })

const positionOf = (last: LogBatch | undefined) =>
  last === undefined
    ? Effect.succeed(undefined)
    : Effect.try({ try: () => positionAfter(last), catch: (cause) => cause as DamagedBatch })

const catchUp = Effect.fnUntraced(function* <E, E2>(
  options: AcquireOptions<E, E2>,
  files: ReadonlyArray<FollowedFile>
) {
  const isDone = (reader: LineReader): boolean => (reader as FollowedFile).caughtUp
  for (let round = 1; round <= maxCatchUps; round += 1) {
    const started = yield* Clock.currentTimeMillis
    yield* Effect.promise(() => Promise.all(files.map((file) => file.mark())))
    const merge = new Merge(files, options.timeOf, "observed")
    for (;;) {
      const now = yield* Clock.currentTimeMillis
      const group = yield* whole(() => merge.next(now, isDone))
      if (group.length === 0) break
      yield* options.sink.append(group)
    }
    if ((yield* Clock.currentTimeMillis) - started < longCatchUp) return
  }
})

/** Gives what one look at the file gave, at once; waits only when there is nothing. */
const followLive = <E, E2>(
  options: AcquireOptions<E, E2>,
  file: FollowedFile,
  watch: FolderWatch
): Effect.Effect<never, E> =>
  Effect.gen(function* () {
    let hint = false
    let wake = (): void => {}
    const onHint = (): void => {
      hint = true
      wake()
    }
    const nextHint = Effect.callback<void>((resume) => {
      if (hint) return resume(Effect.void)
      wake = () => resume(Effect.void)
    }).pipe(Effect.timeoutOption(Duration.millis(options.poll ?? 250)))
    for (;;) {
      hint = false
      watch.listen(file.place, onHint)
      const now = yield* Clock.currentTimeMillis
      const state = yield* whole(() => file.fill(now))
      if (state === "waiting") yield* nextHint
      else {
        const batch = file.take(now)
        if (batch !== undefined) yield* options.sink.append([batch])
      }
    }
  })
