/**
 * The event store in one directory of this machine: durable, without a server. One process writes, others read beside it.
 *
 * A commit syncs the write-ahead log and then the head record before the append answers, so that an acknowledged event
 * survives SIGKILL and power loss, and its loss does not go unnoticed. Readers take short snapshots, a page each, so that
 * the log can always be folded back into the database.
 */
import { join, resolve } from "node:path"
import type { DatabaseSync } from "node:sqlite"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { type Appender, directAppender, failureOf } from "./appender.ts"
import { EventLog } from "./event-log.ts"
import {
  type AppendError,
  type Appended,
  AppendRefused,
  EventStore,
  type StoreUnavailable,
  storedBytes,
  type StreamAppend
} from "./event-store.ts"
import { storeFailure, storeFailureOf } from "./failure.ts"
import { follow } from "./follower.ts"
import { Horizon } from "./horizon.ts"
import { closedOnFailure, makeDirectory, openForReading, openForWriting, storeFile } from "./layout.ts"
import { lastEvents } from "./last-events.ts"
import { LogWriter } from "./log-writer.ts"
import type { PageSize } from "./page-size.ts"
import { portOver } from "./port-over.ts"
import type { Drop, ReadyAppend, ReadyGroup, Written } from "./ready-group.ts"
import { proposals } from "./proposal.ts"
import { subscription } from "./subscription.ts"
import { lockForWriting } from "./writer-lock.ts"
import { WriterThread } from "./writer-thread.ts"

export interface EmbeddedOptions {
  /** Made when it is not there and `mode` is `writer`. */
  readonly directory: string
  /** `writer`: the only one, it may append. `reader`: any number, beside the writer or without one. */
  readonly mode: "writer" | "reader"
  /** What other processes can learn of the writer with `readHolder`, such as the socket of its administration. */
  readonly announce?: Readonly<Record<string, string>>
  /** Go on from what is there when acknowledged events are missing. */
  readonly acceptLoss?: boolean
}

/** What a subscription holds in memory at a time. */
const subscriptionPage: PageSize = { events: 256, bytes: 2_000_000 }

/** The parts that keep the rules of the port, up to the first that does not, and what is wrong with that one. */
const ready = (
  group: ReadonlyArray<StreamAppend>
): { readonly parts: ReadonlyArray<ReadyAppend>; readonly refused: AppendRefused | undefined } => {
  const parts: Array<ReadyAppend> = []
  for (const part of group) {
    const { stream, expected } = part
    const proposed = proposals(part)
    if (proposed instanceof AppendRefused) return { parts, refused: proposed }
    const stored = proposed.map(({ id, type, metadata, text, bytes }) => ({ id, type, metadata, data: text, bytes }))
    parts.push({ stream, expected, events: stored })
  }
  return { parts, refused: undefined }
}

const nothingWritten = Effect.succeed<Written>({ appended: [] })

/** The port over an open log. */
const storeOver = (log: EventLog, path: string, horizon: Horizon, appender: Appender): typeof EventStore.Service => {
  const attempt = <A>(use: () => A): Effect.Effect<A, StoreUnavailable> =>
    Effect.try({ try: use, catch: (error) => storeFailureOf(error, path) })

  const look = attempt(() => horizon.advance(log.head()))
  /**
   * What was written although that is not acknowledged is read all the same: perhaps nothing comes behind it. Whoever is
   * interrupted meanwhile waits for the outcome.
   */
  const written = (groupAt: (recordedAt: number) => ReadyGroup): Effect.Effect<Written, StoreUnavailable> =>
    Effect.flatMap(Clock.currentTimeMillis, (recordedAt) => {
      const group = groupAt(recordedAt)
      return "parts" in group && group.parts.length === 0 ? nothingWritten : appender.take(group)
    }).pipe(
      Effect.tapError(() => Effect.ignore(look)),
      Effect.uninterruptible
    )

  const dropped = (drop: Drop) =>
    Effect.andThen(
      written((recordedAt) => ({ drop, recordedAt })),
      look
    )

  const appendGroup = (group: ReadonlyArray<StreamAppend>): Effect.Effect<ReadonlyArray<Appended>, AppendError> =>
    Effect.gen(function* () {
      let refused: AppendRefused | undefined
      const { appended, failure } = yield* written((recordedAt) => {
        const checked = ready(group)
        refused = checked.refused
        return { parts: checked.parts, recordedAt }
      })
      for (const { position } of appended) horizon.advance(position)
      if (failure !== undefined) return yield* failureOf(failure)
      if (refused !== undefined) return yield* refused
      return appended
    })

  return portOver({
    appendGroup,
    readStream: (stream, options = {}) => attempt(() => log.readStream(stream, options)),
    readAll: ({ after = -1, limit = 1000, filter = {} } = {}) =>
      attempt(() => log.page(after, log.head(), filter, { events: limit, bytes: Infinity }).events),
    subscribe: ({ after = -1, filter = {} } = {}) => {
      const nextPage = (position: number) =>
        attempt(() => {
          const upTo = Math.max(log.head(), position)
          const page = log.page(position, upTo, filter, subscriptionPage)
          return { ...page, end: page.next === upTo }
        })
      return subscription(after, nextPage, horizon)
    },
    eventAt: (position) => attempt(() => log.eventAt(position)),
    readLast: (limit, { filter = {} } = {}) =>
      Effect.flatMap(
        attempt(() => log.head()),
        (head) => lastEvents(head, limit, (after) => attempt(() => log.page(after, head, filter, subscriptionPage)))
      ),
    readStored: (after, limit) => attempt(() => log.rows(after, { events: limit, bytes: storedBytes })),
    storedAt: (position) => attempt(() => log.rowAt(position)),
    head: attempt(() => log.head()),
    truncate: (stream, before) => dropped({ stream, before }),
    deleteStream: (stream, options = {}) => dropped({ stream, before: "all", ...options })
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

/** A log in memory: written and read through one connection. */
const inMemory: Effect.Effect<typeof EventStore.Service, StoreUnavailable, Scope.Scope> = Effect.gen(function* () {
  const path = ":memory:"
  const { db } = openForWriting(path)
  const { log, horizon } = yield* opened(path, () => db)
  return storeOver(log, path, horizon, directAppender(new LogWriter(db, path), path))
})

/** Who writes to a directory: nobody else appends, so that whoever waits for more hears it from here. */
const writerOf = (options: EmbeddedOptions): Effect.Effect<typeof EventStore.Service, StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const directory = resolve(options.directory)
    const path = join(directory, storeFile)
    const now = yield* Clock.currentTimeMillis
    yield* Effect.acquireRelease(
      Effect.try({
        try: () => {
          makeDirectory(directory)
          return lockForWriting(directory, new Date(now).toISOString(), options.announce ?? {})
        },
        catch: (error) => storeFailureOf(error, directory)
      }),
      (release) => Effect.sync(release)
    )
    const { thread, notices } = yield* Effect.acquireRelease(
      WriterThread.open(path, options.acceptLoss === true ? { acceptLoss: true } : {}),
      ({ thread }) => thread.close
    )
    for (const notice of notices) yield* Effect.logWarning(notice)
    const { log, horizon } = yield* opened(path, openForReading)
    return storeOver(log, path, horizon, thread)
  })

const readerOf = (options: EmbeddedOptions): Effect.Effect<typeof EventStore.Service, StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const path = join(resolve(options.directory), storeFile)
    const { log, horizon } = yield* opened(path, openForReading)
    yield* Effect.acquireRelease(
      Effect.sync(() => follow(log, path, horizon)),
      (stop) => Effect.sync(stop)
    )
    const refuse = Effect.fail(
      storeFailure(
        "TST-STORE-READER",
        `The event store ${path} is open for reading only: write through the process that holds it.`
      )
    )
    return storeOver(log, path, horizon, { take: () => refuse, close: Effect.void })
  })

export const EmbeddedEventStore = {
  /**
   * The store in a directory. Fails with `StoreUnavailable`: `TST-STORE-IN-USE` for a second writer, `TST-STORE-MISSING`
   * for a reader where no store is, `TST-STORE-LOST` where acknowledged events are missing, `TST-STORE-READ-ONLY`,
   * `-FULL`, `-DIRECTORY`, `-DAMAGED`, `-NEWER`, `-BUSY`, `-IO`.
   */
  layer: (options: EmbeddedOptions): Layer.Layer<EventStore, StoreUnavailable> =>
    Layer.effect(EventStore, options.mode === "writer" ? writerOf(options) : readerOf(options)),

  /** A store of its own in memory, gone with its scope. */
  layerMemory: Layer.effect(EventStore, inMemory) satisfies Layer.Layer<EventStore, StoreUnavailable>
}
