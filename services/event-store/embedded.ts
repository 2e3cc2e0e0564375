/**
 * The event store in one directory of this machine: durable, without a server. One process writes, others read beside it.
 *
 * A commit syncs the write-ahead log before the append answers (`synchronous = full`), so that an acknowledged event
 * survives SIGKILL and power loss. Readers take short snapshots, a page each, so that the log can always be folded back
 * into the database.
 */
import { join, resolve } from "node:path"
import type { DatabaseSync } from "node:sqlite"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { EventLog, type GroupOutcome, type PageSize } from "./event-log.ts"
import {
  type AppendError,
  EventStore,
  type ReadAllOptions,
  type StoreUnavailable,
  type StreamAppend
} from "./event-store.ts"
import { storeFailure, storeFailureOf } from "./failure.ts"
import { follow } from "./follower.ts"
import { Horizon } from "./horizon.ts"
import { closedOnFailure, makeDirectory, openForReading, openForWriting, storeFile } from "./layout.ts"
import { subscription } from "./subscription.ts"
import { whole } from "./whole.ts"
import { lockForWriting } from "./writer-lock.ts"

export interface EmbeddedOptions {
  /** Made when it is not there and `mode` is `writer`. */
  readonly directory: string
  /** `writer`: the only one, it may append. `reader`: any number, beside the writer or without one. */
  readonly mode: "writer" | "reader"
  /** What other processes can learn of the writer with `readHolder`, such as where its API listens. */
  readonly announce?: Readonly<Record<string, string>>
}

/** What a subscription holds in memory at a time. */
const subscriptionPage: PageSize = { events: 256, bytes: 2_000_000 }
/** After so long without an append the write-ahead log is folded into the database, before a busy moment has to. */
const idleMilliseconds = 500

/** The port over an open log. */
const storeOver = (
  log: EventLog,
  path: string,
  horizon: Horizon,
  write: (group: ReadonlyArray<StreamAppend>, recordedAt: number) => GroupOutcome,
  change: (use: (log: EventLog) => void) => void
): typeof EventStore.Service => {
  const attempt = <A>(use: () => A): Effect.Effect<A, StoreUnavailable> =>
    Effect.try({ try: use, catch: (error) => storeFailureOf(error, path) })

  const appendGroup = (group: ReadonlyArray<StreamAppend>) =>
    Clock.currentTimeMillis.pipe(
      Effect.flatMap((now) => attempt(() => write(group, now))),
      Effect.flatMap(
        ({ appended, failure }): Effect.Effect<GroupOutcome["appended"], AppendError> =>
          failure === undefined ? Effect.succeed(appended) : Effect.fail(failure)
      )
    )

  return EventStore.of({
    append: (stream, events, expected) =>
      Effect.map(appendGroup([{ stream, events, expected }]), (appended) => appended[0]!),
    appendGroup,
    readStream: (stream, options = {}) =>
      whole(options.limit, 1, "limit").pipe(
        Effect.andThen(whole(options.from, 0, "from")),
        Effect.andThen(attempt(() => log.readStream(stream, options)))
      ),
    readAll: ({ after = -1, limit = 1000, filter = {} }: ReadAllOptions = {}) =>
      whole(limit, 1, "limit").pipe(
        Effect.andThen(whole(after, -1, "after")),
        Effect.andThen(attempt(() => log.page(after, log.head(), filter, { events: limit, bytes: Infinity }).events))
      ),
    subscribe: ({ after = -1, filter = {} } = {}) => {
      const nextPage = (position: number) =>
        attempt(() => {
          const upTo = Math.max(log.head(), position)
          const page = log.page(position, upTo, filter, subscriptionPage)
          return { ...page, end: page.next === upTo }
        })
      return Stream.unwrap(Effect.as(whole(after, -1, "after"), subscription(after, nextPage, horizon)))
    },
    eventAt: (position) => attempt(() => log.eventAt(position)),
    head: attempt(() => log.head()),
    truncate: (stream, before) =>
      Effect.andThen(
        whole(before, 0, "before"),
        attempt(() => change((log) => log.truncate(stream, before)))
      ),
    deleteStream: (stream) => attempt(() => change((log) => log.deleteStream(stream)))
  })
}

/** The log as a resource that is closed with its scope, together with those who wait for more of it. */
const opened = (
  path: string,
  open: (path: string) => DatabaseSync
): Effect.Effect<{ readonly log: EventLog; readonly horizon: Horizon }, StoreUnavailable, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => {
        const db = open(path)
        return closedOnFailure(db, () => {
          const log = new EventLog(db, path)
          return { log, horizon: new Horizon(log.head()) }
        })
      },
      catch: (error) => storeFailureOf(error, path)
    }),
    ({ log, horizon }) =>
      Effect.sync(() => {
        log.close()
        horizon.end(storeFailure("TST-STORE-CLOSED", `The event store ${path} is closed.`))
      })
  )

/** The writer of an open log: nobody else appends, so that whoever waits for more hears it from here. */
const writer = (
  path: string,
  open: (path: string) => DatabaseSync
): Effect.Effect<typeof EventStore.Service, StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const { log, horizon } = yield* opened(path, open)
    const idle = setTimeout(() => {
      try {
        log.checkpoint()
      } catch {
        // The commits are safe without it; what is wrong shows with the next append.
      }
    }, idleMilliseconds).unref()
    yield* Effect.addFinalizer(() => Effect.sync(() => clearTimeout(idle)))
    return storeOver(
      log,
      path,
      horizon,
      (group, recordedAt) => {
        const outcome = log.append(group, recordedAt)
        horizon.advance(log.head())
        idle.refresh()
        return outcome
      },
      (use) => use(log)
    )
  })

const writerOf = (options: EmbeddedOptions): Effect.Effect<typeof EventStore.Service, StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const path = join(resolve(options.directory), storeFile)
    const now = yield* Clock.currentTimeMillis
    yield* Effect.acquireRelease(
      Effect.try({
        try: () => {
          makeDirectory(resolve(options.directory))
          return lockForWriting(resolve(options.directory), new Date(now).toISOString(), options.announce ?? {})
        },
        catch: (error) => storeFailureOf(error, resolve(options.directory))
      }),
      (release) => Effect.sync(release)
    )
    return yield* writer(path, openForWriting)
  })

const readerOf = (options: EmbeddedOptions): Effect.Effect<typeof EventStore.Service, StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const path = join(resolve(options.directory), storeFile)
    const { log, horizon } = yield* opened(path, openForReading)
    yield* Effect.acquireRelease(
      Effect.sync(() => follow(log, path, horizon)),
      (stop) => Effect.sync(stop)
    )
    const refuse = (): never => {
      throw storeFailure(
        "TST-STORE-READER",
        `The event store ${path} is open for reading only: write through the process that holds it.`
      )
    }
    return storeOver(log, path, horizon, refuse, refuse)
  })

export const EmbeddedEventStore = {
  /**
   * The store in a directory. Fails with `StoreUnavailable`: `TST-STORE-IN-USE` for a second writer, `TST-STORE-MISSING`
   * for a reader where no store is, `TST-STORE-READ-ONLY`, `-FULL`, `-DIRECTORY`, `-DAMAGED`, `-NEWER`, `-BUSY`, `-IO`.
   */
  layer: (options: EmbeddedOptions): Layer.Layer<EventStore, StoreUnavailable> =>
    Layer.effect(EventStore, options.mode === "writer" ? writerOf(options) : readerOf(options)),

  /** A store of its own in memory, gone with its scope. */
  layerMemory: Layer.effect(EventStore, writer(":memory:", openForWriting)) satisfies Layer.Layer<
    EventStore,
    StoreUnavailable
  >
}
