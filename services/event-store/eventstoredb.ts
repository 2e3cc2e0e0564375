/**
 * The event store in EventStoreDB (KurrentDB), through its official client.
 *
 * Every process may write: exact revisions keep the streams right. What the server and its client do that the port does
 * not allow is dealt with in the folder beside this file: one file a trap.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { AppendRefused, EventStore, type StoreUnavailable, type StreamAppend } from "./event-store.ts"
import { Appender } from "./eventstoredb/appender.ts"
import { Connection, within } from "./eventstoredb/connection.ts"
import { isStreamDeleted, isWrongVersion } from "./eventstoredb/failure.ts"
import { Live } from "./eventstoredb/live.ts"
import { Outage } from "./eventstoredb/outage.ts"
import { RawStreams } from "./eventstoredb/raw-streams.ts"
import { Reader } from "./eventstoredb/reader.ts"
import { numberOf } from "./eventstoredb/recorded.ts"
import { Rewriter } from "./eventstoredb/rewriter.ts"
import { Segments } from "./eventstoredb/segments.ts"
import { subscription } from "./eventstoredb/subscription.ts"
import { View } from "./eventstoredb/view.ts"
import { storeFailure } from "./failure.ts"
import { portOver } from "./port-over.ts"

export interface EventStoreDbOptions {
  /** What the client takes (`kurrentdb://…`), with the password in it. */
  readonly connectionString: string
  /** The same for people, without the password. */
  readonly shown: string
  /**
   * How long a call waits for a server that is away, in milliseconds: `Infinity` for a node, which has nothing else to do;
   * some seconds for a command that somebody looks at.
   */
  readonly patience: number
  /** After so many milliseconds without an answer a call is given up and asked again. Default 10,000. */
  readonly callTimeout?: number
  /** After so many milliseconds a reader looks up whether something was erased. Default 1,000. */
  readonly lookUpAfter?: number
}

const defaultLookUp = 1_000

/** The port on a server, and what rewrites stretches of its streams. */
export interface RewritableStore {
  readonly store: typeof EventStore.Service
  readonly rewriter: Rewriter
  /** By then every reader has looked up what was rewritten. */
  readonly known: Effect.Effect<void>
}

const open = (options: EventStoreDbOptions): Effect.Effect<RewritableStore, StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const { lookUpAfter = defaultLookUp } = options
    const connection = yield* Effect.acquireRelease(
      Effect.sync(() => new Connection({ ...options, callTimeout: options.callTimeout ?? 10_000 })),
      (open) => Effect.promise(() => open.close())
    )
    const outage = new Outage(options.shown, options.patience)
    const reader = new Reader(connection, outage)
    const segments = new Segments(reader, options.shown, lookUpAfter)
    const view = new View(reader, segments, options.shown)
    const streams = new RawStreams(connection, reader)
    const rewriter = new Rewriter({ shown: options.shown, reader, streams, segments, view })
    // The first read makes the connection of the native half, which takes half a second.
    yield* reader.head
    const live = yield* Effect.acquireRelease(
      Effect.sync(() => new Live(connection, reader)),
      (open) =>
        Effect.sync(() => open.end(storeFailure("TST-STORE-CLOSED", `The event store ${options.shown} is closed.`)))
    )
    const appender = new Appender(connection, outage, reader, () => live.hint())
    const scope = yield* Effect.scope
    let isFollowed = false
    /** Nobody who only reads and appends needs a live subscription. */
    const follow = Effect.suspend(() => {
      if (isFollowed) return Effect.void
      isFollowed = true
      const following = live.follow.pipe(
        Effect.tapError((failure) => Effect.sync(() => live.end(failure))),
        Effect.ignore
      )
      return Effect.asVoid(Effect.forkIn(following, scope))
    })

    const truncate = (stream: string, before: number) =>
      Effect.gen(function* () {
        const [last] = yield* reader.streamEvents(stream, { direction: "backwards", limit: 1 })
        if (last === undefined) return
        yield* streams.truncate(stream, Math.min(before, numberOf(last.revision, options.shown)))
      })

    /** A stretch of the stream may stand in a segment. */
    const truncateAll = (stream: string, before: number) =>
      Effect.gen(function* () {
        yield* segments.refreshed
        const segment = segments.of(stream)
        if (segment === undefined) return yield* truncate(stream, before)
        segments.dropped()
        const isBehind = before > segment.last && segment.renamed === null
        if (isBehind) yield* truncate(stream, before)
        yield* isBehind
          ? streams.empty(segment.segment)
          : truncate(segment.segment, Math.max(before - segment.first, 0))
      })

    const deleteAll = (stream: string, last: number | undefined) =>
      Effect.gen(function* () {
        yield* segments.refreshed
        const segment = segments.of(stream)
        // Nobody appends to one that was renamed.
        const isAsExpected = (yield* deleteStream(stream, last)) || (segment?.renamed ?? null) !== null
        if (segment === undefined || !isAsExpected) return
        segments.dropped()
        yield* streams.empty(segment.segment)
      })

    /** False: it is not there, or ends elsewhere. */
    const deleteStream = (stream: string, last: number | undefined) =>
      reader.call(async ({ client }) => {
        const options = last === undefined ? {} : { expectedRevision: BigInt(last) }
        try {
          await within(connection.callTimeout, client.deleteStream(stream, options))
          return true
        } catch (error) {
          // It is not there, ends elsewhere, or is deleted for good.
          if (!isWrongVersion(error) && !isStreamDeleted(error)) throw error
          return last === undefined
        } finally {
          appender.forget(stream)
        }
      })

    const appendGroup = (group: ReadonlyArray<StreamAppend>) => {
      const closed = group.find(({ stream }) => (segments.of(stream)?.renamed ?? null) !== null)
      if (closed === undefined) return appender.append(group)
      const { stream } = closed
      const message = `The stream ${JSON.stringify(stream)} is the dossier of an offender who was erased: nothing is written to it any more.`
      return Effect.fail(new AppendRefused({ stream, message }))
    }

    const store = portOver({
      appendGroup,
      readStream: (stream, page = {}) => view.stream(stream, page),
      readAll: ({ after = -1, limit = 1000, filter = {} } = {}) =>
        Effect.map(view.page(after, filter, { events: limit, bytes: Infinity }), ({ events }) => events),
      eventAt: (position) => view.eventAt(position),
      readLast: (limit, { filter = {} } = {}) => view.last(limit, filter),
      readStored: (after, limit) => view.rows(after, limit),
      storedAt: (position) => view.rowAt(position),
      subscribe: ({ after = -1, filter = {} } = {}) =>
        Stream.unwrap(Effect.as(follow, subscription(after, filter, { reader, view, live, shown: options.shown }))),
      head: reader.head,
      truncate: truncateAll,
      deleteStream: (stream, { last } = {}) => deleteAll(stream, last)
    })
    return { store, rewriter, known: Effect.sleep(2 * lookUpAfter) }
  })

export const EventStoreDb = {
  /**
   * The store on a server or a cluster. Fails with `StoreUnavailable`: `TST-STORE-AWAY` when the server is away for longer
   * than the patience, `TST-STORE-CONNECTION` when the client does not accept the location, `TST-STORE-DENIED`.
   */
  layer: (options: EventStoreDbOptions): Layer.Layer<EventStore, StoreUnavailable> =>
    Layer.effect(
      EventStore,
      Effect.map(open(options), ({ store }) => store)
    ),

  /** The same for whoever rewrites what the log says. */
  open
}
