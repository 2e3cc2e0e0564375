import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { once } from "node:events"
import { type AddressInfo, connect } from "node:net"
import { activeBans } from "../../projections/active-bans.ts"
import { bouncers } from "../../projections/bouncers.ts"
import { fold } from "../../projections/projection.ts"
import { EmbeddedEventStore } from "../event-store/embedded.ts"
import { EventStore } from "../event-store/event-store.ts"
import { Projections, type States } from "../projections/projections.ts"
import { keyHash } from "./bouncer-key.ts"
import { httpServer } from "./http.ts"
import { pushRoute } from "./push.ts"
import {
  allowlistReplaced,
  bouncerDeleted,
  bouncerRegistered,
  decisionRetracted
} from "../../projections/example.fixture.ts"
import { ApiServer } from "./server.ts"
import { bouncerHeaders, deciding, record, trialServices } from "./trial.fixture.ts"

const api = ApiServer.layer({ host: "127.0.0.1", port: 0 }).pipe(Layer.provideMerge(trialServices))

const live = <A, E>(use: Effect.Effect<A, E, ApiServer | Layer.Success<typeof trialServices>>) =>
  use.pipe(Effect.provide(api, { local: true }))

interface Body {
  readonly position: number
  readonly bans?: ReadonlyArray<{ readonly id: number; readonly value: string; readonly until: string }>
  readonly added?: ReadonlyArray<{ readonly id: number }>
  readonly removed?: ReadonlyArray<{
    readonly id: number
    readonly scope: string
    readonly value: string
    readonly type: string
  }>
  readonly allowlist?: ReadonlyArray<{ readonly value: string }>
}

interface Message {
  readonly event: string
  readonly id: string
  readonly body: Body
}

/** The messages of a stream of Server-Sent Events; comments are none. */
async function* messagesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Message, undefined> {
  let text = ""
  for await (const piece of stream.pipeThrough(new TextDecoderStream() as never) as unknown as AsyncIterable<string>) {
    const blocks = (text + piece).split("\n\n")
    text = blocks.pop() ?? ""
    for (const block of blocks) {
      const fields = new Map(block.split("\n").map((line) => line.split(/: (.*)/s, 2) as [string, string]))
      const [event, id, data] = [fields.get("event"), fields.get("id"), fields.get("data")]
      if (event !== undefined && id !== undefined && data !== undefined)
        yield { event, id, body: JSON.parse(data) as Body }
    }
  }
  return undefined
}

/** A bouncer on the stream: `next` gives its messages one by one, undefined at the end. */
const listen = Effect.fnUntraced(function* (headers: Record<string, string>, lastEventId?: string) {
  const { port } = yield* ApiServer
  const control = yield* Effect.acquireRelease(
    Effect.sync(() => new AbortController()),
    (controller) => Effect.sync(() => controller.abort())
  )
  const response = yield* Effect.promise(() =>
    fetch(`http://127.0.0.1:${port}/projections/active-bans/stream`, {
      headers: { ...headers, ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }) },
      signal: control.signal
    })
  )
  assert.strictEqual(response.status, 200)
  const messages = messagesOf(response.body!)
  return Effect.promise(async () => (await messages.next()).value)
})

describe("the push stream", () => {
  it.live("sends a snapshot, then each change at once", () =>
    live(
      Effect.gen(function* () {
        const headers = yield* bouncerHeaders()
        yield* record(
          allowlistReplaced("machine", ["127.0.0.0/8"], { position: 0 }),
          deciding(1, { value: "192.0.2.1" }),
          deciding(2, { scope: "Country", value: "FR" }),
          deciding(3, { value: "192.0.2.3", simulated: true }),
          // It lasts longer than the ban, and keeps nobody out.
          deciding(5, { value: "192.0.2.1", simulated: true }, 7_200)
        )
        const next = yield* listen(headers)
        const snapshot = yield* next
        assert.strictEqual(snapshot?.event, "snapshot")
        assert.deepStrictEqual(
          snapshot?.body.bans?.map(({ id }) => id),
          [1]
        )
        assert.isAbove(Date.parse(snapshot!.body.bans![0]!.until), Date.now())
        assert.deepStrictEqual(
          snapshot?.body.allowlist?.map(({ value }) => value),
          ["127.0.0.0/8"]
        )

        const made = deciding(4, { value: "192.0.2.4" })
        yield* record(deciding(6, { value: "192.0.2.4", simulated: true }, 7_200), made)
        const added = yield* next
        assert.deepStrictEqual(
          [added?.event, added?.body.added?.map(({ id }) => id), added?.body.removed],
          ["changes", [4], []]
        )
        assert.isUndefined(added?.body.allowlist)

        yield* record(decisionRetracted(made, { position: 9, recordedAt: Date.now() }))
        const removed = yield* next
        assert.deepStrictEqual(removed?.body.removed, [{ id: 4, scope: "Ip", value: "192.0.2.4", type: "ban" }])

        yield* record(allowlistReplaced("configuration", ["192.0.2.1"], { position: 10 }))
        const allowed = yield* next
        assert.deepStrictEqual(
          allowed?.body.removed?.map(({ id }) => id),
          [1]
        )
        assert.deepStrictEqual(
          allowed?.body.allowlist?.map(({ value }) => value),
          ["127.0.0.0/8", "192.0.2.1"]
        )
      }).pipe(Effect.scoped)
    )
  )

  it.live("goes on after the last event id, and starts anew after one that it does not know", () =>
    live(
      Effect.gen(function* () {
        const headers = yield* bouncerHeaders()
        yield* record(deciding(1, { value: "192.0.2.1" }))
        const first = yield* yield* listen(headers)
        yield* record(deciding(2, { value: "192.0.2.2" }))
        const resumed = yield* yield* listen(headers, first!.id)
        assert.strictEqual(resumed?.event, "changes")
        assert.deepStrictEqual(
          resumed?.body.added?.map(({ id }) => id),
          [2]
        )
        const current = yield* yield* listen(headers, resumed!.id)
        assert.deepStrictEqual([current?.event, current?.body.added, current?.body.removed], ["changes", [], []])
        const [, log] = first!.id!.split(".")
        for (const unknown of ["", "x", "5", "-1", "1.another-log", `999999.${log}`, "1".repeat(500)]) {
          const anew = yield* yield* listen(headers, unknown)
          assert.strictEqual(anew?.event, "snapshot", unknown)
          assert.strictEqual(anew?.body.bans?.length, 2)
        }
      }).pipe(Effect.scoped)
    )
  )

  it.live("ends when the server stops", () =>
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const next = yield* live(
        Effect.gen(function* () {
          const next = yield* listen(yield* bouncerHeaders()).pipe(Scope.provide(scope))
          assert.strictEqual((yield* next)?.event, "snapshot")
          return next
        })
      )
      assert.isUndefined(yield* next.pipe(Effect.timeout("5 seconds")))
    }).pipe(Effect.scoped)
  )

  /** The routes alone over states that stand, on a port of their own. */
  const standing = Effect.fnUntraced(function* (
    states: States,
    options: {
      /** Waited for before the caller is looked at. */
      readonly ready?: Effect.Effect<void>
      /** Waited for before the log is read. */
      readonly log?: Effect.Effect<void>
      readonly onDefect?: (error: unknown) => void
      readonly listeners?: number
    } = {}
  ) {
    const { ready = Effect.void, log = Effect.void, onDefect = () => undefined, listeners } = options
    const app = httpServer({ bodyLimit: 1_000, onDefect })
    const store = yield* EventStore
    yield* pushRoute(app, {
      projections: Projections.of({
        states: () => states,
        position: () => 20_000,
        parked: () => [],
        progress: Effect.succeed([]),
        ready: () => ready,
        settled: () => Effect.void,
        at: () => Effect.succeed(states),
        changes: Stream.never,
        broken: Effect.never
      }),
      store: { ...store, readAll: (options) => Effect.andThen(log, store.readAll(options)) },
      now: Date.now,
      heartbeatMs: 100,
      ...(listeners === undefined ? {} : { listeners })
    })
    yield* Effect.acquireRelease(
      Effect.promise(() => app.listen({ host: "127.0.0.1", port: 0 })),
      () => Effect.promise(() => app.close())
    )
    const { port } = app.server.address() as AddressInfo
    return { app, port }
  })

  const withNginx = () =>
    fold(bouncers, bouncers.initial(), [bouncerRegistered("nginx", keyHash("the-key-of-nginx"), { position: 0 })])
  const request = `GET /projections/active-bans/stream HTTP/1.1\r\nHost: x\r\nX-Api-Key: the-key-of-nginx\r\n\r\n`

  it.live("drops a bouncer that does not read, and one whose key is taken away", () =>
    Effect.gen(function* () {
      const reason = "x".repeat(1_024)
      const made = Array.from({ length: 20_000 }, (_, index) =>
        deciding(index + 1, { value: `10.0.${index >> 8}.${index & 255}`, reason })
      )
      const state = withNginx()
      const states = { activeBans: fold(activeBans, activeBans.initial(), made), bouncers: state } as States
      let written = 0
      for (const decision of states.activeBans.decisions.all())
        Object.defineProperty(decision, "reason", {
          get: () => {
            written += 1
            return reason
          }
        })
      const { app, port } = yield* standing(states)
      const open = () => {
        const socket = connect(port, "127.0.0.1")
        const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()))
        const answered = new Promise<void>((resolve) => socket.once("data", () => resolve()))
        socket.on("error", () => undefined)
        socket.write(request)
        return { socket, answered, closed }
      }
      const connections = Effect.callback<number>((resume) => {
        app.server.getConnections((_error, count) => resume(Effect.succeed(count)))
      })
      const reading = open()
      reading.socket.resume()
      const deaf = open()
      deaf.socket.once("data", () => deaf.socket.pause())
      yield* Effect.promise(() => Promise.all([reading.answered, deaf.answered]))
      while ((yield* connections) > 1) yield* Effect.sleep("20 millis")
      deaf.socket.destroy()
      // Nothing is written down for whoever does not read.
      assert.isBelow(written, 2 * made.length)
      assert.isFalse(reading.socket.destroyed)
      fold(bouncers, state, [bouncerDeleted("nginx", { position: 1 })])
      yield* Effect.promise(() => reading.closed)
    }).pipe(Effect.scoped, Effect.provide(EmbeddedEventStore.layerMemory), Effect.timeout("120 seconds"))
  )

  it.live.each(["ready", "log"] as const)("keeps no place for a bouncer that hangs up meanwhile (%s)", (waitsFor) =>
    Effect.gen(function* () {
      const defects: Array<unknown> = []
      const there = yield* Deferred.make<void>()
      let asked = 0
      const waiting = Effect.suspend(() => {
        asked += 1
        return Deferred.await(there)
      })
      const states = { activeBans: activeBans.initial(), bouncers: withNginx() } as States
      const onDefect = (error: unknown) => defects.push(error)
      const { app, port } = yield* standing(states, { [waitsFor]: waiting, onDefect, listeners: 2 })
      const hungUp: Array<Promise<void>> = []
      app.server.on("connection", (socket) => {
        hungUp.push(new Promise((resolve) => socket.on("close", () => resolve())))
      })
      // Some end the connection as they should, others reset it.
      for (const [index, end] of (["end", "resetAndDestroy", "end", "resetAndDestroy"] as const).entries()) {
        const socket = connect(port, "127.0.0.1")
        socket.write(request)
        while (asked <= index) yield* Effect.sleep("5 millis")
        socket[end]()
      }
      yield* Effect.promise(() => Promise.all(hungUp))
      yield* Deferred.succeed(there, undefined)
      const socket = yield* Effect.acquireRelease(
        Effect.sync(() => connect(port, "127.0.0.1")),
        (opened) => Effect.sync(() => opened.destroy())
      )
      socket.write(request)
      const [answer] = yield* Effect.promise(() => once(socket, "data"))
      assert.include(String(answer), "200 OK")
      assert.deepStrictEqual(defects, [])
    }).pipe(Effect.scoped, Effect.provide(EmbeddedEventStore.layerMemory), Effect.timeout("60 seconds"))
  )
})

describe("the API server", () => {
  it.live("names a trusted proxy that is no address", () =>
    Effect.gen(function* () {
      const options = { host: "127.0.0.1", port: 0, trustedProxies: ["10.0.0.0/8", "my-proxy"] }
      const error = yield* Layer.build(ApiServer.layer(options)).pipe(Effect.flip)
      assert.strictEqual("code" in error ? error.code : "", "TST-API-PROXY")
      assert.include(error.message, "my-proxy")
    }).pipe(Effect.scoped, Effect.provide(trialServices, { local: true }))
  )

  it.live("names the address of a taken port and what to do", () =>
    live(
      Effect.gen(function* () {
        const { port } = yield* ApiServer
        const error = yield* Layer.build(ApiServer.layer({ host: "127.0.0.1", port })).pipe(Effect.flip)
        assert.strictEqual(error.code, "TST-API-PORT-IN-USE")
        assert.include(error.message, `127.0.0.1:${port} is in use`)
      }).pipe(Effect.scoped)
    )
  )
})
