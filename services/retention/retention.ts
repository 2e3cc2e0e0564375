/**
 * What the log forgets: raw log batches when they are too old or too many, dossiers of offenders when nothing was heard of
 * them for long. Overflows carry the lines they rest on, so a decision keeps its grounds when the batches go.
 *
 * The last batch of each source stays, because it says how far its file was read; so does a dossier with a decision that
 * holds, and the one with the highest decision number, where counting goes on.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { DecisionMade, DecisionRetracted } from "../../domain/events/decision.ts"
import { LogBatchAppended } from "../../domain/events/log-batch.ts"
import { OverflowRaised } from "../../domain/events/overflow.ts"
import { EventStore, type StoreUnavailable } from "../event-store/event-store.ts"
import { Segments } from "./segments.ts"

export interface RetentionRules {
  /** Raw log batches older than this, in milliseconds, are dropped. */
  readonly linesAge: number | undefined
  /** So many bytes of compressed lines are kept. */
  readonly linesBytes: number | undefined
  /** Dossiers whose last event is older than this, in milliseconds, are dropped. */
  readonly dossiersAge: number | undefined
}

export interface Dropped {
  readonly batches: number
  readonly bytes: number
  readonly dossiers: number
}

/** Bodies are large. */
const pageLength = 100
/** How many dossiers are dropped at once: the store tells of them together. */
const together = 200

/** Goes on where it was with every run; a new one begins with the oldest event. */
export class Retention {
  readonly #rules: RetentionRules
  readonly #segments = new Segments()
  #linesAfter = -1
  #dossiersAfter = -1
  /** Dossiers that were looked at and could not go yet. */
  #postponed = new Set<string>()
  #highest = { number: 0, stream: "" }

  constructor(rules: RetentionRules) {
    this.#rules = rules
  }

  /** Drops what is due now. */
  readonly apply: Effect.Effect<Dropped, StoreUnavailable, EventStore> = Effect.gen({ self: this }, function* () {
    const now = yield* Clock.currentTimeMillis
    const lines = yield* this.#dropLines(now)
    const dossiers = yield* this.#dropDossiers(now)
    return { ...lines, dossiers }
  })

  #dropLines(now: number) {
    const { linesAge, linesBytes } = this.#rules
    const before = linesAge === undefined ? undefined : now - linesAge
    return Effect.gen({ self: this }, function* () {
      const dropped = { batches: 0, bytes: 0 }
      if (linesAge === undefined && linesBytes === undefined) return dropped
      const store = yield* EventStore
      yield* this.#readLines(store, linesBytes === undefined ? before! : Number.POSITIVE_INFINITY)
      for (;;) {
        const due = this.#segments.due({ before, most: linesBytes })
        if (due === undefined) return dropped
        for (const [stream, end] of due.ends) yield* store.truncate(stream, end)
        this.#segments.dropOldest()
        dropped.batches += due.batches
        dropped.bytes += due.bytes
      }
    })
  }

  /** Reads on until batches are younger than what could be dropped: the size rule has to see them all. */
  #readLines(store: typeof EventStore.Service, until: number) {
    return Effect.gen({ self: this }, function* () {
      for (;;) {
        const filter = { types: [LogBatchAppended.type] }
        const page = yield* store.readAll({ after: this.#linesAfter, limit: pageLength, filter })
        for (const event of page) if (LogBatchAppended.is(event)) this.#segments.add(event)
        const last = page.at(-1)
        if (last === undefined) return
        this.#linesAfter = last.position
        if (last.recordedAt > until) return
        yield* Effect.yieldNow
      }
    })
  }

  #dropDossiers(now: number) {
    return Effect.gen({ self: this }, function* () {
      const { dossiersAge } = this.#rules
      if (dossiersAge === undefined) return 0
      const store = yield* EventStore
      const before = now - dossiersAge
      const candidates = yield* this.#readDossiers(store, before)
      const due: Array<string> = []
      for (const stream of candidates) {
        const verdict = yield* this.#judge(store, stream, before, now)
        if (verdict === "due") due.push(stream)
        if (verdict === "later") this.#postponed.add(stream)
      }
      yield* Effect.forEach(due, (stream) => store.deleteStream(stream), { concurrency: together, discard: true })
      return due.length
    })
  }

  /** Streams of the events that became old since the last run, and of those that could not go then. */
  #readDossiers(store: typeof EventStore.Service, before: number) {
    return Effect.gen({ self: this }, function* () {
      const candidates = this.#postponed
      this.#postponed = new Set()
      const types = [OverflowRaised.type, DecisionMade.type, DecisionRetracted.type]
      for (;;) {
        const page = yield* store.readAll({ after: this.#dossiersAfter, limit: pageLength, filter: { types } })
        for (const event of page) {
          if (event.recordedAt > before) return candidates
          this.#dossiersAfter = event.position
          candidates.add(event.stream)
          if (DecisionMade.is(event) && event.data.number > this.#highest.number) {
            this.#highest = { number: event.data.number, stream: event.stream }
          }
        }
        if (page.length === 0) return candidates
        yield* Effect.yieldNow
      }
    })
  }

  /** `gone`: there is no need to look again until something new is appended. */
  #judge(store: typeof EventStore.Service, stream: string, before: number, now: number) {
    return Effect.gen({ self: this }, function* () {
      const recent = yield* store.readStream(stream, { direction: "backwards", limit: 1000 })
      const [last] = recent
      if (last === undefined || last.recordedAt > before) return "gone"
      if (stream === this.#highest.stream) return "later"
      const ended = new Set(recent.flatMap((event) => (DecisionRetracted.is(event) ? [event.data.decision] : [])))
      const holds = recent.some(
        (event) => DecisionMade.is(event) && !ended.has(event.id) && Date.parse(event.data.until) > now
      )
      return holds ? "later" : "due"
    })
  }
}
