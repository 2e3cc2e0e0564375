/**
 * Writing to offenders' streams at exact revisions, so that a retry after an unknown outcome can never write twice.
 */
import * as Effect from "effect/Effect"
import { type AppendError, EventStore, type StoreUnavailable, type StreamAppend } from "../event-store/event-store.ts"
import { patiently } from "../event-store/patience.ts"
import type { Verdict } from "./judge.ts"

/** How many streams' ends are remembered; the others are read again when they are needed. */
const rememberedStreams = 50_000

/** How far back in a stream a verdict is looked for after an unknown outcome: more than one slice can hold. */
const searched = 1_000

/** How far back in a stream a verdict is looked for before the first append to it, where others may have written it. */
const glanced = 20

export class OffenderLog {
  /** Revision of the last event of a stream, -1 for none. */
  readonly #ends = new Map<string, number>()
  readonly #shared: boolean

  /**
   * `shared`: other nodes write to the log as well. One that lost its lease may just have written what is to be written
   * now: who finds the stream's end behind that must not take it for the end before it.
   */
  constructor({ shared }: { readonly shared: boolean }) {
    this.#shared = shared
  }

  /**
   * Appends the verdicts in their order. When another writer (an administrator's decision, another node) was faster,
   * or the store failed, what is already there is found out first, and only what is missing is appended.
   */
  append(verdicts: ReadonlyArray<Verdict>): Effect.Effect<void, AppendError, EventStore> {
    return Effect.suspend(() => {
      let pending = verdicts
      let outcomeKnown = true
      const attempt: Effect.Effect<void, AppendError, EventStore> = Effect.gen({ self: this }, function* () {
        if (!outcomeKnown) pending = yield* missing(pending, searched)
        else if (this.#shared) pending = yield* this.#unwritten(pending)
        outcomeKnown = false
        if (pending.length === 0) return
        const store = yield* EventStore
        const group = yield* this.#group(pending)
        for (const { stream } of group) this.#ends.delete(stream)
        yield* store.appendGroup(group)
        this.#remember(group)
      })
      return patiently(Effect.retry(attempt, { while: (error) => error._tag === "WrongExpectedRevision" }))
    })
  }

  /** Those of the verdicts that nobody else has written: the streams with a known end were last written here. */
  #unwritten(verdicts: ReadonlyArray<Verdict>): Effect.Effect<ReadonlyArray<Verdict>, StoreUnavailable, EventStore> {
    const known = new Set(verdicts.filter(({ stream }) => this.#ends.has(stream)))
    const unknown = verdicts.filter((verdict) => !known.has(verdict))
    return Effect.map(missing(unknown, glanced), (absent) => {
      const left = new Set(absent)
      return verdicts.filter((verdict) => known.has(verdict) || left.has(verdict))
    })
  }

  #group(verdicts: ReadonlyArray<Verdict>): Effect.Effect<ReadonlyArray<StreamAppend>, StoreUnavailable, EventStore> {
    return Effect.gen({ self: this }, function* () {
      const store = yield* EventStore
      const ends = new Map<string, number>()
      const group: Array<StreamAppend> = []
      for (const { stream, events } of verdicts) {
        let end = ends.get(stream) ?? this.#ends.get(stream)
        if (end === undefined) {
          const [last] = yield* store.readStream(stream, { direction: "backwards", limit: 1 })
          end = last?.revision ?? -1
        }
        group.push({ stream, events, expected: end < 0 ? "no_stream" : end })
        ends.set(stream, end + events.length)
      }
      return group
    })
  }

  #remember(group: ReadonlyArray<StreamAppend>): void {
    if (this.#ends.size > rememberedStreams) this.#ends.clear()
    for (const { stream, events, expected } of group) {
      this.#ends.set(stream, (typeof expected === "number" ? expected : -1) + events.length)
    }
  }
}

/**
 * Those of the verdicts that the last events of their streams do not hold: a verdict is one append, so its first event
 * tells.
 */
const missing = Effect.fnUntraced(function* (verdicts: ReadonlyArray<Verdict>, depth: number) {
  const store = yield* EventStore
  const absent: Array<Verdict> = []
  for (const verdict of verdicts) {
    const recent = yield* store.readStream(verdict.stream, { direction: "backwards", limit: depth })
    if (!recent.some((event) => event.id === verdict.events[0]!.id)) absent.push(verdict)
  }
  return absent as ReadonlyArray<Verdict>
})
