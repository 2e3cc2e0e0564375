/** What EventStoreDB and its client do that the port does not allow, each once: the adapter survives it. */
import { randomUUID } from "node:crypto"
import { createRequire } from "node:module"
import { assert, describe, it } from "@effect/vitest"
import type { KurrentDBClient } from "@kurrent/kurrentdb-client"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Stream from "effect/Stream"
import { afterEach } from "vitest"
import { StandIn } from "../../../fixtures/eventstoredb/stand-in.ts"
import { conflict, event, eventIds, events, ids, isCaughtUp, refused, type Store } from "../contract/sample.ts"
import { EventStore, StoreUnavailable, type Subscribed } from "../event-store.ts"
import { EventStoreDb } from "../eventstoredb.ts"

const official = createRequire(import.meta.url)(
  "@kurrent/kurrentdb-client"
) as typeof import("@kurrent/kurrentdb-client")

const running: Array<StandIn> = []
afterEach(async () => {
  for (const standIn of running.splice(0)) await standIn.stop()
})

const started = (options?: Parameters<typeof StandIn.start>[0]): Effect.Effect<StandIn> =>
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

const storeOn = (standIn: StandIn, settings: Settings = {}): Layer.Layer<EventStore, StoreUnavailable> =>
  EventStoreDb.layer({
    connectionString: standIn.location,
    shown: "the stand-in",
    patience: 15_000,
    callTimeout: 1_500,
    ...settings
  })

/** A test with a stand-in and a store on it. */
const survives = (
  title: string,
  test: (store: Store, standIn: StandIn) => Effect.Effect<void, unknown>,
  settings: Settings = {}
) =>
  it.live(
    title,
    () =>
      Effect.gen(function* () {
        const standIn = yield* started()
        yield* EventStore.use((store) => test(store, standIn)).pipe(Effect.provide(storeOn(standIn, settings)))
        assert.isTrue(standIn.faults.areOver)
      }),
    60_000
  )

/** The server's own client, for what Testudo never does. */
const withClient = <A>(standIn: StandIn, use: (client: KurrentDBClient) => Promise<A>): Effect.Effect<A> =>
  Effect.promise(async () => {
    const client = official.KurrentDBClient.connectionString(standIn.location)
    try {
      return await use(client)
    } finally {
      await client.dispose()
    }
  })

/** Follows the log from a place on, and gives what came once there are so many events. */
const following = (store: Store, count: number, after = -1) =>
  store.subscribe({ after }).pipe(
    Stream.filter((item) => item._tag === "Event"),
    Stream.take(count),
    Stream.runCollect,
    Effect.map(eventIds),
    Effect.forkChild
  )

const untilLive = (standIn: StandIn) =>
  Effect.gen(function* () {
    while (standIn.subscriptions === 0) yield* Effect.sleep("5 millis")
  })

const codeOf = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<string, A> =>
  Effect.map(Effect.flip(effect), (error) => (error instanceof StoreUnavailable ? error.code : String(error)))

describe("a live subscription", () => {
  survives("is dropped because it lags, again and again: taken up at once, no gap, no repeat", (store, standIn) =>
    Effect.gen(function* () {
      const written: Array<string> = []
      const follower = yield* following(store, 80)
      yield* untilLive(standIn)
      for (let n = 0; n < 40; n++) {
        const batch = events(2)
        written.push(...ids(batch))
        yield* store.append(`names-${n}`, batch, "no_stream")
        if (n % 2 === 0) standIn.dropSubscriptions()
      }
      assert.deepStrictEqual(yield* Fiber.join(follower), written)
    })
  )

  survives("is overrun by an append of many events, and everything arrives", (store, standIn) =>
    Effect.gen(function* () {
      const follower = yield* following(store, 1_001)
      yield* untilLive(standIn)
      const [many, one] = [events(1_000), event()]
      yield* store.append("names-1", many, "no_stream")
      yield* store.append("names-1", [one], 999)
      assert.deepStrictEqual(yield* Fiber.join(follower), ids([...many, one]))
    })
  )

  survives("does not resume by itself when the connection is lost: it is taken up", (store, standIn) =>
    Effect.gen(function* () {
      const follower = yield* following(store, 9)
      yield* untilLive(standIn)
      const written: Array<string> = []
      for (let n = 0; n < 3; n++) {
        const batch = events(3)
        written.push(...ids(batch))
        standIn.dropConnections()
        yield* store.append(`names-${n}`, batch, "no_stream")
        yield* Effect.sleep("30 millis")
      }
      assert.deepStrictEqual(yield* Fiber.join(follower), written)
    })
  )

  survives("goes silent without an error: the end of the log is looked at as well", (store, standIn) =>
    Effect.gen(function* () {
      const follower = yield* following(store, 2)
      yield* untilLive(standIn)
      yield* Effect.sleep("200 millis")
      standIn.faults.silent = true
      const batch = events(2)
      yield* withClient(standIn, (client) =>
        client.appendToStream(
          "names-1",
          batch.map(({ id, type, data, metadata }) =>
            official.jsonEvent({ id, type, data: data as Record<string, string>, metadata: { ...metadata } })
          )
        )
      )
      assert.deepStrictEqual(yield* Fiber.join(follower), ids(batch))
    })
  )

  survives("from a position whose event was scavenged would skip one: it is read instead", (store, standIn) =>
    Effect.gen(function* () {
      const batch = events(6)
      yield* store.append("names-1", batch, "no_stream")
      const checkpoint = (yield* store.readStream("names-1"))[2]!.position
      yield* store.truncate("names-1", 4)
      standIn.scavenge()
      const history = store.subscribe({ after: checkpoint }).pipe(Stream.takeUntil(isCaughtUp), Stream.runCollect)
      assert.deepStrictEqual(eventIds(yield* history), ids(batch.slice(4)))
      assert.deepStrictEqual(ids(yield* store.readAll({ after: checkpoint })), ids(batch.slice(4)))
      assert.strictEqual(yield* store.eventAt(checkpoint), undefined)
    })
  )
})

describe("an append", () => {
  for (const fault of ["dropped before stored", "dropped after stored", "stored but timed out"] as const) {
    survives(`at an exact revision is repeated when it was ${fault}, and written once`, (store, standIn) =>
      Effect.gen(function* () {
        const [first, second] = [events(2), events(3)]
        standIn.faults.nextAppend(fault)
        const one = yield* store.append("names-1", first, "no_stream")
        standIn.faults.nextAppend(fault)
        const two = yield* store.append("names-1", second, 1)
        const read = yield* store.readStream("names-1")
        assert.deepStrictEqual(ids(read), ids([...first, ...second]))
        assert.deepStrictEqual(
          [one, two],
          [read[1]!, read[4]!].map(({ revision, position }) => ({ revision, position }))
        )
      })
    )
  }

  for (const fault of ["unanswered, not stored", "unanswered, stored"] as const) {
    survives(`that is ${fault}, is given up and repeated with a new client`, (store, standIn) =>
      Effect.gen(function* () {
        const batch = events(2)
        standIn.faults.nextAppend(fault)
        assert.strictEqual((yield* store.append("names-1", batch, "no_stream")).revision, 1)
        assert.deepStrictEqual(ids(yield* store.readStream("names-1")), ids(batch))
      })
    )
  }

  survives(
    "that expects nothing exact is not repeated: its writer hears that the outcome is unknown",
    (store, standIn) =>
      Effect.gen(function* () {
        standIn.faults.nextAppend("dropped after stored")
        assert.strictEqual(yield* codeOf(store.append("names-1", [event()], "any")), "TST-STORE-AWAY")
        assert.lengthOf(yield* store.readStream("names-1"), 1)
      })
  )

  survives("to a deleted stream is recognised when it is repeated", (store, standIn) =>
    Effect.gen(function* () {
      yield* store.append("names-1", events(3), "no_stream")
      yield* store.deleteStream("names-1")
      const batch = events(2)
      standIn.faults.nextAppend("dropped after stored")
      assert.strictEqual((yield* store.append("names-1", batch, "no_stream")).revision, 4)
      assert.deepStrictEqual(ids(yield* store.readStream("names-1")), ids(batch))
    })
  )

  survives("of a group is lost half-way: all of it is there, in its order, once", (store, standIn) =>
    Effect.gen(function* () {
      yield* store.append("names-0", [event()], "no_stream") // opens the stream of appends
      for (const fault of ["dropped after stored", "dropped before stored", "unanswered, not stored"] as const) {
        const before = yield* store.head
        const group = Array.from({ length: 12 }, () => {
          return { stream: `names-${randomUUID()}`, events: events(2), expected: "no_stream" as const }
        })
        standIn.faults.nextAppend(fault, 5)
        const appended = yield* store.appendGroup(group)
        const read = yield* store.readAll({ after: before })
        assert.sameMembers([...ids(read)], ids(group.flatMap((part) => part.events)) as Array<string>)
        assert.deepStrictEqual(
          appended.map(({ position }) => read.find((one) => one.position === position)?.id),
          group.map((part) => part.events[1]!.id)
        )
      }
    })
  )

  survives("is compared with the log, not with what the server remembers", (store, standIn) =>
    Effect.gen(function* () {
      const batch = events(3)
      const answer = yield* store.append("names-1", batch, "no_stream")
      yield* Effect.promise(() => standIn.restart())
      yield* EventStore.use((again) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* again.append("names-1", batch, "no_stream"), answer)
          yield* refused(again.append("names-1", [...batch, event()], "no_stream"))
          yield* refused(again.append("names-1", [batch[0]!], 2))
          yield* refused(again.append("names-1", [event(), batch[0]!], 2))
          yield* refused(again.append("names-1", [batch[2]!, batch[0]!], "any")) // never answered
          yield* conflict(again.append("names-1", [event()], 1), 2)
          assert.deepStrictEqual(ids(yield* again.readStream("names-1")), ids(batch))
        })
      ).pipe(Effect.provide(storeOn(standIn)))
    })
  )

  it.live("that is too large for the server says what to do", () =>
    Effect.gen(function* () {
      const standIn = yield* started({ maxAppendSize: 1_000 })
      const append = EventStore.use((store) => refused(store.append("names-1", [event("x".repeat(2_000))], "any")))
      assert.include(yield* append.pipe(Effect.provide(storeOn(standIn))), "MaxAppendSize")
    })
  )

  survives("to a tombstoned stream is refused, and the stream reads as empty", (store, standIn) =>
    Effect.gen(function* () {
      yield* store.append("names-1", events(2), "no_stream")
      yield* withClient(standIn, (client) => client.tombstoneStream("names-1"))
      assert.include(yield* refused(store.append("names-1", [event()], 1)), "tombstoned")
      assert.deepStrictEqual(yield* store.readStream("names-1"), [])
      yield* store.deleteStream("names-1")
      yield* store.truncate("names-1", 1)
    })
  )
})

describe("a read", () => {
  for (const fault of ["unknown error", "unanswered", "unanswered after some events", "dropped"] as const) {
    survives(`that meets "${fault}" is repeated`, (store, standIn) =>
      Effect.gen(function* () {
        const batch = events(5)
        yield* store.append("names-1", batch, "no_stream")
        const reads = [store.readStream("names-1"), store.readAll(), store.readAll({ after: 0 })]
        for (const read of reads) {
          standIn.faults.nextRead(fault)
          assert.deepStrictEqual(ids(yield* read), ids(batch))
        }
        standIn.faults.nextRead(fault)
        const last = (yield* store.readStream("names-1", { direction: "backwards", limit: 1 }))[0]!
        standIn.faults.nextRead(fault)
        assert.strictEqual(yield* store.head, last.position)
        standIn.faults.nextRead(fault)
        assert.deepStrictEqual(yield* store.eventAt(last.position), last)
      })
    )
  }

  survives("at a position of another log says so, although the server says nothing", (store) =>
    Effect.gen(function* () {
      yield* store.append("names-1", events(3), "no_stream")
      const elsewhere = (yield* store.readStream("names-1"))[1]!.position + 1
      assert.strictEqual(yield* codeOf(store.readAll({ after: elsewhere })), "TST-STORE-POSITION")
      assert.strictEqual(yield* codeOf(Stream.runHead(store.subscribe({ after: elsewhere }))), "TST-STORE-POSITION")
      assert.strictEqual(yield* store.eventAt(elsewhere), undefined)
    })
  )

  survives("shows nothing of the server's own events", (store, standIn) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* store.head, -1)
      const follower = yield* following(store, 2)
      yield* store.append("names-1", [event()], "no_stream")
      const head = yield* store.head
      yield* withClient(standIn, (client) => client.setStreamMetadata("names-1", { maxAge: 1_000_000 }))
      yield* store.append("names-2", [event()], "no_stream")
      yield* store.deleteStream("names-2")
      assert.lengthOf(yield* store.readAll(), 2)
      assert.lengthOf(yield* store.readAll({ after: head }), 1)
      assert.strictEqual(yield* store.head, (yield* store.readAll()).at(-1)!.position)
      assert.lengthOf(yield* Fiber.join(follower), 2)
    })
  )

  survives("names an event that somebody else wrote in our words", (store, standIn) =>
    Effect.gen(function* () {
      const { type } = event()
      for (const [stream, data, metadata] of [
        ["names-1", { address: 1 }, { version: 1 }],
        ["names-2", event().data, {}],
        ["names-3", event().data, { version: 1, recordedAt: "yesterday" }]
      ] as const) {
        yield* withClient(standIn, (client) =>
          client.appendToStream(
            stream,
            official.jsonEvent({ type, data: data as Record<string, string>, metadata: { ...metadata } })
          )
        )
        const failure = yield* Effect.flip(store.readStream(stream))
        assert.strictEqual(failure.code, "TST-STORE-DAMAGED")
        assert.include(failure.message, stream)
      }
    })
  )
})

describe("the time of an event", () => {
  survives("is the same in a read and in a subscription, to the millisecond", (store, standIn) =>
    Effect.gen(function* () {
      const seen: Array<Subscribed> = []
      const follower = yield* store.subscribe().pipe(
        Stream.filter((item) => item._tag === "Event"),
        Stream.take(21),
        Stream.runForEach((item) => Effect.sync(() => void seen.push(item))),
        Effect.forkChild
      )
      yield* untilLive(standIn)
      for (let n = 0; n < 20; n++) {
        yield* store.append("names-1", [event()], n === 0 ? "no_stream" : n - 1)
        yield* Effect.sleep("7 millis")
      }
      // Somebody else's tool does not know of our time.
      const { type, data, metadata } = event()
      yield* withClient(standIn, (client) =>
        client.appendToStream(
          "names-1",
          official.jsonEvent({ type, data: data as Record<string, string>, metadata: { ...metadata } })
        )
      )
      yield* Fiber.join(follower)
      const read = yield* store.readAll()
      assert.deepStrictEqual(
        seen.flatMap((item) => (item._tag === "Event" ? [item.event] : [])),
        [...read]
      )
      assert.isTrue(read.some(({ recordedAt }) => recordedAt % 1000 !== 0))
    })
  )
})

describe("a cluster", () => {
  const settings = "?tls=false&maxDiscoverAttempts=2&discoveryInterval=20"

  it.live("that was not discovered once is found again: the client would never append again", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const connectionString = `kurrentdb://127.0.0.1:${standIn.port},127.0.0.1:${standIn.port}${settings}`
      yield* EventStore.use((store) =>
        Effect.gen(function* () {
          const batch = events(3)
          yield* store.append("names-1", [batch[0]!], "no_stream")
          yield* Effect.promise(() => standIn.refuse())
          const append = yield* Effect.forkChild(store.append("names-1", [batch[1]!], 0))
          yield* Effect.sleep("600 millis")
          yield* Effect.promise(() => standIn.listen())
          yield* Fiber.join(append)
          yield* store.append("names-1", [batch[2]!], 1)
          assert.deepStrictEqual(ids(yield* store.readStream("names-1")), ids(batch))
        })
      ).pipe(Effect.provide(storeOn(standIn, { connectionString })))
    })
  )

  it.live("whose node is not the leader is asked at its leader", () =>
    Effect.gen(function* () {
      const leader = yield* started()
      const follower = yield* started({ beside: leader })
      follower.faults.leader = { host: "127.0.0.1", port: leader.port }
      yield* EventStore.use((store) =>
        Effect.gen(function* () {
          const batch = events(3)
          const seen = yield* following(store, 3)
          for (const [n, one] of batch.entries()) yield* store.append("names-1", [one], n === 0 ? "no_stream" : n - 1)
          assert.deepStrictEqual(ids(yield* store.readStream("names-1")), ids(batch))
          assert.deepStrictEqual(yield* Fiber.join(seen), ids(batch))
        })
      ).pipe(Effect.provide(storeOn(follower)))
    })
  )

  it.live("changes its leader: only a pause", () =>
    Effect.gen(function* () {
      const one = yield* started()
      const two = yield* started({ beside: one })
      two.faults.leader = { host: "127.0.0.1", port: one.port }
      const connectionString = `kurrentdb://127.0.0.1:${one.port},127.0.0.1:${two.port}${settings}`
      yield* EventStore.use((store) =>
        Effect.gen(function* () {
          const written: Array<string> = []
          const seen = yield* following(store, 40)
          for (let n = 0; n < 40; n++) {
            const next = event()
            written.push(next.id)
            yield* store.append("names-1", [next], n === 0 ? "no_stream" : n - 1)
            if (n === 20) {
              yield* Effect.promise(() => one.refuse())
              two.faults.leader = undefined
            }
          }
          assert.deepStrictEqual(ids(yield* store.readStream("names-1")), written)
          assert.deepStrictEqual(yield* Fiber.join(seen), written)
        })
      ).pipe(Effect.provide(storeOn(one, { connectionString })))
    })
  )
})

describe("a server that is away", () => {
  it.live("at the start is waited for, with one line", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      yield* Effect.promise(() => standIn.refuse())
      const said: Array<string> = []
      const logger = Logger.make<unknown, void>(({ message }) => void said.push(String(message)))
      const head = yield* EventStore.use((store) => store.head).pipe(
        Effect.provide(storeOn(standIn, { patience: Infinity })),
        Effect.provide(Logger.layer([logger])),
        Effect.forkChild
      )
      yield* Effect.sleep("2 seconds")
      yield* Effect.promise(() => standIn.listen())
      assert.strictEqual(yield* Fiber.join(head), -1)
      assert.lengthOf(said, 2)
      assert.include(said[0], "TST-STORE-AWAY")
      assert.include(said[1], "answers again")
    })
  )

  it.live("is given up after a while by whoever has no patience", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      yield* Effect.promise(() => standIn.refuse())
      const store = EventStore.use((store) => store.head).pipe(Effect.provide(storeOn(standIn, { patience: 300 })))
      assert.strictEqual(yield* codeOf(store), "TST-STORE-AWAY")
    })
  )

  survives("for a while loses nothing of what writers and followers do", (store, standIn) =>
    Effect.gen(function* () {
      const written: Array<string> = []
      const seen = yield* following(store, 60)
      const write = Effect.gen(function* () {
        for (let n = 0; n < 60; n++) {
          const next = event()
          written.push(next.id)
          yield* store.append("names-1", [next], n === 0 ? "no_stream" : n - 1)
          yield* Effect.sleep("5 millis")
        }
      })
      const disturb = Effect.gen(function* () {
        for (let n = 0; n < 4; n++) {
          yield* Effect.sleep("60 millis")
          yield* Effect.promise(() => standIn.restart())
        }
      })
      yield* Effect.all([write, disturb], { concurrency: "unbounded" })
      assert.deepStrictEqual(ids(yield* store.readStream("names-1")), written)
      assert.deepStrictEqual(yield* Fiber.join(seen), written)
    })
  )

  it.live("or closed: whoever follows hears of it", () =>
    Effect.gen(function* () {
      const standIn = yield* started()
      const store = yield* EventStore.use((store) => Effect.succeed(store)).pipe(Effect.provide(storeOn(standIn)))
      const exit = yield* Effect.exit(Stream.runDrain(store.subscribe()))
      assert.isTrue(Exit.isFailure(exit))
    })
  )
})
