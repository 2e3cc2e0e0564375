/**
 * What the log forgets: raw log batches when they are too old or too many, dossiers of offenders when nothing was heard
 * of them for long. Overflows carry the lines they rest on, so a decision keeps its grounds when the batches go.
 *
 * The last batch of each source stays, because it says how far its file was read; so does a dossier with a decision
 * that holds, or on which one of another dossier rests, the one with the highest decision number, where counting goes
 * on, and the last one that anything was added to: the engine's snapshot may stand there.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { DecisionMade, DecisionRetracted } from "../../domain/events/decision.ts"
import { LogBatchAppended } from "../../domain/events/log-batch.ts"
import { OverflowRaised } from "../../domain/events/overflow.ts"
import { millisecondOf } from "../../domain/time/instant.ts"
import { EventStore, type StoreUnavailable } from "../event-store/event-store.ts"
import { lookBack } from "../event-store/look-back.ts"
import { Grounds } from "./grounds.ts"
import { type Slice, Slices } from "./slices.ts"
import { SteadyTime } from "./steady-time.ts"

export interface RetentionRules {
  /** Raw log batches older than this, in milliseconds, are dropped. */
  readonly linesAge: number | undefined
  /** So many bytes of compressed lines are kept. */
  readonly linesBytes: number | undefined
  /** Dossiers whose last event is older than this, in milliseconds, are dropped. */
  readonly dossiersAge: number | undefined
}

/** What is beyond the rules and may go. */
export interface Due {
  /** The oldest first. */
  readonly slices: ReadonlyArray<Slice>
  /** In all slices. */
  readonly batches: number
  readonly bytes: number
  /** Streams of dossiers. */
  readonly dossiers: ReadonlyArray<string>
}

/** Bodies are large. */
const pageLength = 100
const ofDossiers = { types: [OverflowRaised.type, DecisionMade.type, DecisionRetracted.type] }
/** How many dossiers are dropped at once: the store tells of them together. */
const together = 200

const dueOf = (slices: ReadonlyArray<Slice>, dossiers: ReadonlyArray<string>): Due => {
  const sum = (field: "batches" | "bytes") => slices.reduce((total, slice) => total + slice[field], 0)
  return { slices, batches: sum("batches"), bytes: sum("bytes"), dossiers }
}

/** Goes on where it was with every look; a new one begins with the oldest event. */
export class Retention {
  readonly #rules: RetentionRules
  readonly #release: (position: number) => Effect.Effect<number, StoreUnavailable>
  readonly #slices = new Slices()
  #linesAfter = -1
  #dossiersAfter = -1
  /** Dossiers with an event that is old, and that are there. */
  readonly #old = new Set<string>()
  /** The last revision of those that are due. */
  readonly #ends = new Map<string, number>()
  readonly #grounds = new Grounds()
  #highest = { number: 0, stream: "" }
  readonly #steady = new SteadyTime()
  #isToldAhead = false

  /**
   * `release`: is told before lines up to a position go, and answers up to which one they may: whoever still needs them
   * for something takes care of it then.
   */
  constructor(
    rules: RetentionRules,
    release: (position: number) => Effect.Effect<number, StoreUnavailable> = Effect.succeed
  ) {
    this.#rules = rules
    this.#release = release
  }

  /** What is due now. */
  readonly due: Effect.Effect<Due, StoreUnavailable, EventStore> = Effect.gen({ self: this }, function* () {
    const now = yield* this.#now
    const slices = yield* this.#dueSlices(now)
    return dueOf(slices, yield* this.#dueDossiers(now))
  })

  /** Drops what is due now, and tells what that was. */
  readonly apply: Effect.Effect<Due, StoreUnavailable, EventStore> = Effect.gen({ self: this }, function* () {
    const store = yield* EventStore
    const { slices, dossiers } = yield* this.due
    const last = slices.at(-1)
    const until = last === undefined ? -1 : yield* this.#release(last.position)
    const going = slices.filter(({ position }) => position <= until)
    for (const { ends } of going) {
      for (const [stream, end] of ends) yield* store.truncate(stream, end)
      this.#slices.dropOldest()
    }
    // Of one who comes back meanwhile the dossier stays: the last look did not see his new decision.
    const drop = (stream: string) =>
      Effect.map(store.deleteStream(stream, { last: this.#ends.get(stream)! }), () => this.#old.delete(stream))
    yield* Effect.forEach(dossiers, drop, { concurrency: together, discard: true })
    return dueOf(going, dossiers)
  })

  readonly #now = Effect.gen({ self: this }, function* () {
    const clock = yield* Clock.Clock
    const monotonic = Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
    const { time, ahead } = this.#steady.at(clock.currentTimeMillisUnsafe(), monotonic)
    if (ahead > 0 && !this.#isToldAhead)
      yield* Effect.logWarning(
        `The clock went ahead by ${Math.round(ahead / 60_000)} minutes. What is too old by that stays for a day; set the clock if it is wrong. (TST-RETENTION-CLOCK)`
      )
    this.#isToldAhead = ahead > 0
    return time
  })

  #dueSlices(now: number) {
    const { linesAge, linesBytes } = this.#rules
    const before = linesAge === undefined ? undefined : now - linesAge
    return Effect.gen({ self: this }, function* () {
      if (linesAge === undefined && linesBytes === undefined) return []
      yield* this.#readLines(yield* EventStore, linesBytes === undefined ? before! : Number.POSITIVE_INFINITY)
      return this.#slices.due({ before, most: linesBytes })
    })
  }

  /** Reads on until batches are younger than what could be dropped: the size rule has to see them all. */
  #readLines(store: typeof EventStore.Service, until: number) {
    return Effect.gen({ self: this }, function* () {
      for (;;) {
        const filter = { types: [LogBatchAppended.type] }
        const page = yield* store.readAll({ after: this.#linesAfter, limit: pageLength, filter })
        for (const event of page) if (LogBatchAppended.is(event)) this.#slices.add(event)
        const last = page.at(-1)
        if (last === undefined) return
        this.#linesAfter = last.position
        if (last.recordedAt > until) return
        yield* Effect.yieldNow
      }
    })
  }

  #dueDossiers(now: number) {
    return Effect.gen({ self: this }, function* () {
      const { dossiersAge } = this.#rules
      const due: Array<string> = []
      if (dossiersAge === undefined) return due
      const store = yield* EventStore
      const before = now - dossiersAge
      this.#ends.clear()
      yield* this.#readDossiers(store, before)
      if (this.#old.size === 0) return due
      yield* this.#grounds.read
      const needed = this.#grounds.needed(now)
      const [latest] = yield* store.readLast(1, { filter: ofDossiers })
      for (const stream of this.#old) {
        const verdict = stream === latest?.stream ? "stays" : yield* this.#judge(stream, { before, now, needed })
        if (verdict === "due") due.push(stream)
        if (verdict === "gone") this.#old.delete(stream)
      }
      return due
    })
  }

  /** Takes note of the streams of events that became old since the last look. */
  #readDossiers(store: typeof EventStore.Service, before: number) {
    return Effect.gen({ self: this }, function* () {
      for (;;) {
        const page = yield* store.readAll({ after: this.#dossiersAfter, limit: pageLength, filter: ofDossiers })
        for (const event of page) {
          if (event.recordedAt > before) return
          this.#dossiersAfter = event.position
          this.#old.add(event.stream)
          if (DecisionMade.is(event) && event.data.number > this.#highest.number) {
            this.#highest = { number: event.data.number, stream: event.stream }
          }
        }
        if (page.length === 0) return
        yield* Effect.yieldNow
      }
    })
  }

  /** `gone`: there is no need to look again until its next event is old. */
  #judge(
    stream: string,
    { before, now, needed }: { readonly before: number; readonly now: number; readonly needed: ReadonlySet<string> }
  ) {
    return Effect.gen({ self: this }, function* () {
      const store = yield* EventStore
      const [last] = yield* store.readStream(stream, { direction: "backwards", limit: 1 })
      if (last === undefined || last.recordedAt > before) return "gone"
      if (stream === this.#highest.stream) return "stays"
      const retracted = new Set<string>()
      const stays = yield* lookBack(store, stream, { from: last.revision, limit: pageLength }, (event) => {
        if (DecisionRetracted.is(event)) retracted.add(event.data.decision)
        const holds = DecisionMade.is(event) && !retracted.has(event.id) && millisecondOf(event.data.until) > now
        return holds || needed.has(event.id) ? "stays" : undefined
      })
      if (stays !== undefined) return stays
      this.#ends.set(stream, last.revision)
      return "due"
    })
  }
}
