/**
 * `GET /projections/active-bans/stream`: the active bans pushed as Server-Sent Events, for bouncers that hold their own
 * copy. First `snapshot {position, bans, allowlist}`, then `changes {position, added, removed, allowlist?}` as soon as
 * they are in the log; `removed` is to be applied before `added`. What merely runs out is not told again: `until` said
 * it. The id of each event resumes the stream with `Last-Event-ID`; when it is unknown or too old, a snapshot comes.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { FastifyInstance } from "fastify"
import type { ServerResponse } from "node:http"
import { type ActiveBans, activeAt, type Changes, changesSince } from "../../projections/active-bans.ts"
import type { StandingDecision } from "../../projections/standing-decision.ts"
import type { EventStore } from "../event-store/event-store.ts"
import { gathered } from "../projections/iterable-json.ts"
import { jsonPieces } from "./json-pieces.ts"
import type { Projections } from "../projections/projections.ts"
import { callerOf } from "./bouncer-key.ts"
import { fail, forbidden } from "./failure.ts"
import { lazily, pieceLength } from "./json-answer.ts"

export interface PushOptions {
  readonly projections: (typeof Projections)["Service"]
  readonly store: (typeof EventStore)["Service"]
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly heartbeatMs?: number
  /** Most listeners at a time. */
  readonly listeners?: number
}

/** After so many beats without reading anything a bouncer is dropped. */
const patience = 3

const isForBouncers = ({ scope, simulated }: StandingDecision): boolean =>
  (scope === "Ip" || scope === "Range") && !simulated

const pushed = (decision: StandingDecision) => ({
  id: decision.number,
  scope: decision.scope,
  value: decision.value,
  type: decision.type,
  until: new Date(decision.until).toISOString(),
  scenario: decision.scenario,
  origin: decision.origin,
  reason: decision.reason
})

const allowlistOf = ({ allowlists }: ActiveBans) =>
  allowlists.entries().map(({ value, comment }) => ({ value, comment }))

function* message(event: "snapshot" | "changes", id: string, body: object): Iterable<string> {
  yield `event: ${event}\nid: ${id}\ndata: `
  yield* jsonPieces(body)
  yield "\n\n"
}

const snapshot = (state: ActiveBans, position: number, at: number) => ({
  position,
  bans: lazily(activeAt(state, at).filter(isForBouncers), pushed),
  allowlist: allowlistOf(state)
})

const changes = (state: ActiveBans, position: number, { added, removed, allowlists }: Changes) => ({
  position,
  added: added.filter(isForBouncers).map(pushed),
  removed: removed.filter(isForBouncers).map(({ number, scope, value, type }) => ({ id: number, scope, value, type })),
  ...(allowlists ? { allowlist: allowlistOf(state) } : {})
})

/** One bouncer that listens. */
class Listener {
  readonly #response: ServerResponse
  readonly #options: PushOptions
  /** Names the log, so that a position of another log is not taken for one of this. */
  readonly #log: string
  /** Everything up to here was sent. */
  #position: number
  /** Bytes that waited at the last beat. */
  #waiting = Number.POSITIVE_INFINITY
  #stuckBeats = 0
  /** What is not written yet of the message that was begun. */
  #rest: Iterator<string> | undefined

  constructor(response: ServerResponse, options: PushOptions, log: string, lastEventId: string | undefined) {
    this.#response = response
    this.#options = options
    this.#log = log
    const [, digits, of] = /^(\d{1,15})\.(.+)$/.exec(lastEventId ?? "") ?? []
    const known = digits !== undefined && of === log && Number(digits) <= options.projections.position("activeBans")
    this.#position = known ? Number(digits) : -1
    if (known) this.update(true)
    else this.#snapshot()
  }

  get #state(): ActiveBans {
    return this.#options.projections.states().activeBans
  }

  #write(text: Iterable<string>): void {
    this.#rest = gathered(text, pieceLength)
    this.#proceed()
  }

  /** Writes as much of the message as the bouncer takes. */
  #proceed(): void {
    while (this.#rest !== undefined && this.#response.writable && !this.#response.writableNeedDrain) {
      const { done, value } = this.#rest.next()
      if (done === true) this.#rest = undefined
      else this.#response.write(value)
      this.#waiting = Number.POSITIVE_INFINITY
    }
  }

  /** The bouncer has read what was written: the rest of the message, or what changed meanwhile. */
  read(): void {
    this.#proceed()
    this.update(false)
  }

  #snapshot(): void {
    const position = this.#options.projections.position("activeBans")
    const body = snapshot(this.#state, position, this.#options.now())
    this.#position = position
    this.#write(message("snapshot", `${position}.${this.#log}`, body))
  }

  /** Sends what changed since the last message. `always`: also when nothing did, to say that this is so. */
  update(always: boolean): void {
    // While the last message waits for the bouncer, changes gather in the state, not in memory.
    if (this.#rest !== undefined || this.#response.writableNeedDrain) return
    const position = this.#options.projections.position("activeBans")
    const found = changesSince(this.#state, this.#position, this.#options.now())
    if (found === undefined) {
      this.#snapshot()
      return
    }
    this.#position = position
    const body = changes(this.#state, position, found)
    if (always || body.added.length > 0 || body.removed.length > 0 || found.allowlists)
      this.#write(message("changes", `${position}.${this.#log}`, body))
  }

  /** A sign of life. False when the bouncer has read nothing of what waits for several beats. */
  beat(): boolean {
    const waiting = this.#response.writableLength
    if (this.#rest === undefined && !this.#response.writableNeedDrain) this.#response.write(": beat\n\n")
    const isStuck = this.#response.writableNeedDrain && waiting >= this.#waiting
    this.#stuckBeats = isStuck ? this.#stuckBeats + 1 : 0
    this.#waiting = waiting
    return this.#stuckBeats < patience
  }
}

/** Adds the route. Its listeners end with the scope, before the server closes. */
export const pushRoute = Effect.fnUntraced(function* (app: FastifyInstance, options: PushOptions) {
  const { projections, store, heartbeatMs = 10_000, listeners: most = 1_000 } = options
  const listeners = new Map<ServerResponse, { readonly listener: Listener; readonly keyHash: string }>()
  const run = Effect.runPromiseWith(yield* Effect.context<never>())
  const logOf = store.readAll({ limit: 1 }).pipe(Effect.map(([first]) => first?.id ?? "empty"))

  yield* projections.changes.pipe(
    Stream.runForEach(() =>
      Effect.sync(() => {
        for (const { listener } of listeners.values()) listener.update(false)
      })
    ),
    Effect.forkScoped({ startImmediately: true })
  )
  const beats = setInterval(() => {
    const { byHash } = projections.states().bouncers
    for (const [response, { listener, keyHash }] of listeners)
      if (!byHash.has(keyHash) || !listener.beat()) response.destroy()
  }, heartbeatMs)
  const end = () => {
    clearInterval(beats)
    for (const response of listeners.keys()) response.end()
  }
  yield* Effect.addFinalizer(() => Effect.sync(end))
  app.addHook("preClose", async () => end())

  app.get("/projections/active-bans/stream", async (request, reply) => {
    await run(projections.ready("activeBans", "bouncers"))
    const caller = callerOf(projections.states().bouncers, request)
    if (caller === undefined) return forbidden(reply)
    if (listeners.size >= most)
      return fail(reply, 503, `There are ${most} bouncers on this stream already.`, "TST-API-BUSY")
    const log = await run(logOf)
    const response = reply.hijack().raw
    // Who hung up meanwhile will not do so again: nothing would ever take him off the list.
    if (response.destroyed) return reply
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no"
    })
    const header = request.headers["last-event-id"]
    const listener = new Listener(response, options, log, typeof header === "string" ? header : undefined)
    listeners.set(response, { listener, keyHash: caller.bouncer.keyHash })
    // Not at once: a bouncer that reads fast must not keep the others waiting.
    response.on("drain", () => setImmediate(() => listeners.get(response)?.listener.read()))
    response.on("close", () => listeners.delete(response))
    return reply
  })
})
