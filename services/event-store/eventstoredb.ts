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
import { EventStore, type StoreUnavailable } from "./event-store.ts"
import { Appender } from "./eventstoredb/appender.ts"
import { Connection, within } from "./eventstoredb/connection.ts"
import { isStreamDeleted, isWrongVersion } from "./eventstoredb/failure.ts"
import { Live } from "./eventstoredb/live.ts"
import { Outage } from "./eventstoredb/outage.ts"
import { Reader } from "./eventstoredb/reader.ts"
import { numberOf } from "./eventstoredb/recorded.ts"
import { subscription } from "./eventstoredb/subscription.ts"
import { storeFailure } from "./failure.ts"
import { whole } from "./whole.ts"

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
}

const make = (options: EventStoreDbOptions): Effect.Effect<typeof EventStore.Service, StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const connection = yield* Effect.acquireRelease(
      Effect.sync(() => new Connection({ ...options, callTimeout: options.callTimeout ?? 10_000 })),
      (open) => Effect.promise(() => open.close())
    )
    const outage = new Outage(options.shown, options.patience)
    const reader = new Reader(connection, outage)
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
        const first = Math.min(before, numberOf(last.revision, options.shown))
        yield* reader.call(async ({ client }) => {
          const { metadata = {} } = await within(connection.callTimeout, client.getStreamMetadata(stream))
          if (Number(metadata.truncateBefore ?? 0) >= first) return
          const changed = { ...metadata, truncateBefore: first }
          await within(connection.callTimeout, client.setStreamMetadata(stream, changed))
        })
      })

    const deleteStream = (stream: string) =>
      reader.call(async ({ client }) => {
        try {
          await within(connection.callTimeout, client.deleteStream(stream))
        } catch (error) {
          // It is not there, or deleted for good.
          if (!isWrongVersion(error) && !isStreamDeleted(error)) throw error
        } finally {
          appender.forget(stream)
        }
      })

    return EventStore.of({
      append: (stream, events, expected) =>
        Effect.map(appender.append([{ stream, events, expected }]), (appended) => appended[0]!),
      appendGroup: (group) => appender.append(group),
      readStream: (stream, page = {}) =>
        whole(page.limit, 1, "limit").pipe(
          Effect.andThen(whole(page.from, 0, "from")),
          Effect.andThen(reader.stream(stream, page))
        ),
      readAll: ({ after = -1, limit = 1000, filter = {} } = {}) =>
        whole(limit, 1, "limit").pipe(
          Effect.andThen(whole(after, -1, "after")),
          Effect.andThen(reader.page(after, filter, { events: limit, bytes: Infinity })),
          Effect.map(({ events }) => events)
        ),
      eventAt: (position) => reader.eventAt(position),
      subscribe: ({ after = -1, filter = {} } = {}) =>
        Stream.unwrap(
          whole(after, -1, "after").pipe(
            Effect.andThen(follow),
            Effect.as(subscription(after, filter, { reader, live, shown: options.shown }))
          )
        ),
      head: reader.head,
      truncate: (stream, before) => Effect.andThen(whole(before, 0, "before"), truncate(stream, before)),
      deleteStream
    })
  })

export const EventStoreDb = {
  /**
   * The store on a server or a cluster. Fails with `StoreUnavailable`: `TST-STORE-AWAY` when the server is away for longer
   * than the patience, `TST-STORE-CONNECTION` when the client does not accept the location, `TST-STORE-DENIED`.
   */
  layer: (options: EventStoreDbOptions): Layer.Layer<EventStore, StoreUnavailable> =>
    Layer.effect(EventStore, make(options))
}
