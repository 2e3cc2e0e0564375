/** A store on a server that does what EventStoreDB and its client do and the port does not allow. */
import { createRequire } from "node:module"
import { assert, it } from "@effect/vitest"
import type { KurrentDBClient } from "@kurrent/kurrentdb-client"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { afterEach } from "vitest"
import { StandIn, type StandInOptions } from "../../../fixtures/eventstoredb/stand-in.ts"
import { type event, eventIds, type Store } from "../contract/sample.ts"
import { EventStore, StoreUnavailable } from "../event-store.ts"
import { EventStoreDb } from "../eventstoredb.ts"

export const official = createRequire(import.meta.url)(
  "@kurrent/kurrentdb-client"
) as typeof import("@kurrent/kurrentdb-client")

const running: Array<StandIn> = []
afterEach(async () => {
  for (const standIn of running.splice(0)) await standIn.stop()
})

export const started = (options?: StandInOptions): Effect.Effect<StandIn> =>
  Effect.promise(async () => {
    const standIn = await StandIn.start(options)
    running.push(standIn)
    return standIn
  })

interface Settings {
  readonly patience?: number
  readonly callTimeout?: number
  /** Instead of the stand-in's own. */
  readonly connectionString?: string
}

export const storeOn = (standIn: StandIn, settings: Settings = {}): Layer.Layer<EventStore, StoreUnavailable> =>
  EventStoreDb.layer({
    connectionString: standIn.location,
    shown: "the stand-in",
    patience: 15_000,
    callTimeout: 1_500,
    ...settings
  })

/** A test with a stand-in and a store on it. */
export const survives = (
  title: string,
  test: (store: Store, standIn: StandIn) => Effect.Effect<void, unknown>,
  settings: Settings = {}
) =>
  it.live(title, () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      yield* EventStore.use((store) => test(store, standIn)).pipe(Effect.provide(storeOn(standIn, settings)))
      assert.isTrue(standIn.faults.areOver)
    })
  )

/** The server's own client, for what Testudo never does. */
export const withClient = <A>(standIn: StandIn, use: (client: KurrentDBClient) => Promise<A>): Effect.Effect<A> =>
  Effect.promise(async () => {
    const client = official.KurrentDBClient.connectionString(standIn.location)
    try {
      return await use(client)
    } finally {
      await client.dispose()
    }
  })

/** Follows the log from a place on, and gives what came once there are so many events. */
export const following = (store: Store, count: number, after = -1) =>
  store.subscribe({ after }).pipe(
    Stream.filter((item) => item._tag === "Event"),
    Stream.take(count),
    Stream.runCollect,
    Effect.map(eventIds),
    Effect.forkChild
  )

export const untilLive = (standIn: StandIn) =>
  Effect.gen(function* () {
    while (standIn.subscriptions === 0) yield* Effect.sleep("5 millis")
  })

export const codeOf = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<string, A> =>
  Effect.map(Effect.flip(effect), (error) => (error instanceof StoreUnavailable ? error.code : String(error)))

/** An event as the server's own client sends it. */
export const sent = ({ id, type, data, metadata }: ReturnType<typeof event>) =>
  official.jsonEvent({ id, type, data: data as Record<string, string>, metadata: { ...metadata } })
