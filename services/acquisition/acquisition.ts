/**
 * Follows log files and gives what is written to them to a sink, batch by batch, each stored before the next is read.
 *
 * The log is the only checkpoint: at the start, and when a file is found later, the log is asked for the last batches
 * of that source, and reading goes on right behind it. When the sink is slow, reading waits and the files keep the data.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import type { LogBatch } from "../../domain/events/log-batch.ts"
import type { DamagedBatch } from "./body.ts"
import { Discovery } from "./discovery.ts"
import type { FileSource } from "./file-source.ts"
import { FolderWatch } from "./folder-watch.ts"
import type { FollowedFile } from "./followed-file.ts"
import { Gathering } from "./gathering.ts"
import type { LineReader, TimeOf } from "./line-reader.ts"
import { Merge } from "./merge.ts"
import { type Patience, usualPatience } from "./patience.ts"
import type { Report } from "./reading-problem.ts"

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
  /** The last batches on the stream of this source, about so many, the newest first. */
  readonly recent: (source: string, most: number) => Effect.Effect<ReadonlyArray<LogBatch>, E2>
  /** Orders the backlogs of several sources. */
  readonly timeOf: TimeOf
  readonly report: Report
  /** Runs once, when all that was there at the start has been stored. */
  readonly onCaughtUp?: Effect.Effect<void>
  /**
   * How often files are looked at when nothing wakes the reader, in milliseconds: seldomer when nothing was written for
   * long. Default 250.
   */
  readonly poll?: number
  /** How long lines are gathered, in milliseconds. Default 200. */
  readonly gather?: number
  /** How often patterns are looked at for new files, in milliseconds. Default 1,000. */
  readonly discover?: number
  readonly patience?: Partial<Patience>
}

/** A catch-up that took longer than this, in milliseconds, leaves a backlog worth another one. */
const longCatchUp = 5_000
/** A source that is written faster than it is read must not keep the others from going live. */
const maxCatchUps = 5

/**
 * Reads until it is interrupted; fails when the sink does, or `recent`. First all backlogs are read, merged by the lines'
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
      const discovery = new Discovery({
        ...options,
        node: options.node,
        append: (batch) => options.sink.append([batch]),
        patience: { ...usualPatience, ...options.patience }
      })
      const { files } = discovery
      yield* Effect.addFinalizer(() => Effect.forEach(files.values(), close, { discard: true }))
      yield* discovery.find(true)
      yield* catchUp(options, [...files.values()])
      if (options.onCaughtUp !== undefined) yield* options.onCaughtUp
      const following = yield* FiberSet.make<void, E | E2 | DamagedBatch>()
      const gathering = new Gathering(options.gather ?? 200)
      const follow = (file: FollowedFile) =>
        followLive(options, file, watch, gathering).pipe(
          Effect.andThen(close(file)),
          Effect.andThen(Effect.sync(() => discovery.leave(file)))
        )
      yield* Effect.forEach([...files.values()], (file) => FiberSet.run(following, follow(file)), { discard: true })
      const discover = Effect.sleep(Duration.millis(options.discover ?? 1_000)).pipe(
        Effect.andThen(discovery.find(false)),
        Effect.flatMap((found) => Effect.forEach(found, (file) => FiberSet.run(following, follow(file)))),
        Effect.forever
      )
      // The first failure ends all of them.
      return yield* Effect.raceFirst(discover, Effect.andThen(FiberSet.join(following), Effect.never))
    })
  )

const close = (file: FollowedFile): Effect.Effect<void> => Effect.promise(() => file.close())

/** A read is short and ends before an interruption goes on to close the file. */
const whole = <A>(read: () => Promise<A>): Effect.Effect<A> => Effect.uninterruptible(Effect.promise(read))

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
      const checkpoints = files.flatMap((file) => file.late.checkpoints(now))
      yield* options.sink.append([...checkpoints, ...group])
    }
    if ((yield* Clock.currentTimeMillis) - started < longCatchUp) return
  }
})

/** The longest time between two looks at a file that is idle, in milliseconds. */
const longestPoll = 5_000
/** So many times longer than it waits for the next look a file is idle. */
const idleFor = 40

/**
 * Gives what one look at the file gave, at once, and gathers what comes next. Ends with a file that a pattern found and
 * that is gone: when it comes back, the pattern finds it again, and the log knows how far it was read.
 */
const followLive = <E, E2>(
  options: AcquireOptions<E, E2>,
  file: FollowedFile,
  watch: FolderWatch,
  gathering: Gathering
): Effect.Effect<void, E> =>
  Effect.gen(function* () {
    const poll = options.poll ?? 250
    let hint = false
    let wake = (): void => {}
    const onHint = (): void => {
      hint = true
      wake()
    }
    yield* Effect.addFinalizer(() => Effect.sync(() => watch.leave(onHint)))
    const nextHint = Effect.callback<void>((resume) => {
      if (hint) return resume(Effect.void)
      wake = () => resume(Effect.void)
    })
    let busy = yield* Clock.currentTimeMillis
    for (;;) {
      hint = false
      watch.listen(file.place, onHint)
      const now = yield* Clock.currentTimeMillis
      const state = yield* whole(() => file.fill(now))
      const checkpoints = file.late.checkpoints(now)
      const lateState = yield* whole(() => file.late.fill(file.place, now))
      const lines = [
        lateState === "lines" ? file.late.take(now) : undefined,
        state === "lines" ? file.take(now) : undefined
      ]
      const batches = [...checkpoints, ...lines.filter((batch) => batch !== undefined)]
      if (batches.length > 0) {
        busy = now
        yield* options.sink.append(batches)
        yield* gathering.after(batches)
      } else if (file.isGone && file.late.isEmpty) return
      else {
        yield* Effect.timeoutOption(nextHint, pollAfter(now - busy, poll))
        if (hint) busy = now
        yield* gathering.over
      }
    }
  }).pipe(Effect.scoped)

/** How long to wait for the next look at a file that was idle for so long: what has slept for an hour may sleep on. */
export const pollAfter = (idle: number, poll: number): Duration.Duration =>
  Duration.millis(Math.max(poll, Math.min(idle / idleFor, longestPoll)))
