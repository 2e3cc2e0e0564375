/**
 * Writing to offenders' streams at exact revisions, so that a retry after an unknown outcome can never write twice.
 */
import * as Effect from "effect/Effect"
import { type AppendError, EventStore, type StoreUnavailable, type StreamAppend } from "../event-store/event-store.ts"
import { patiently } from "../event-store/patience.ts"
import type { Verdict } from "./judge.ts"

/** How many streams' ends are remembered; the others are taken to be new, which most offenders are. */
const rememberedStreams = 50_000

/** How far back in a stream a verdict is looked for: more than one slice can hold. */
const searched = 1_000

/** How many streams are looked into at once. */
const looks = 8

export class OffenderLog {
  /** Revision of the last event of a stream, -1 for none. */
  readonly #ends = new Map<string, number>()

  /**
   * Appends the verdicts in their order. A repetition after a failure is the same to the store, which answers it like the
   * first time. When a stream is not where it was thought to be (it had a dossier already; another process, or an
   * administrator, wrote to it; the verdict is there from before a crash), its end says what is missing.
   */
  append(verdicts: ReadonlyArray<Verdict>): Effect.Effect<void, AppendError, EventStore> {
    return Effect.suspend(() => {
      let pending = verdicts
      const attempt: Effect.Effect<void, AppendError, EventStore> = Effect.gen({ self: this }, function* () {
        if (pending.length === 0) return
        const store = yield* EventStore
        const group = this.#group(pending)
        yield* store.appendGroup(group)
        this.#remember(group)
      }).pipe(
        Effect.tapError((error) =>
          error._tag !== "WrongExpectedRevision"
            ? Effect.void
            : Effect.map(this.#missing(pending, error.stream), (missing) => {
                pending = missing
              })
        )
      )
      return patiently(Effect.retry(attempt, { while: (error) => error._tag === "WrongExpectedRevision" }))
    })
  }

  #group(verdicts: ReadonlyArray<Verdict>): ReadonlyArray<StreamAppend> {
    const ends = new Map<string, number>()
    return verdicts.map(({ stream, events }) => {
      const end = ends.get(stream) ?? this.#ends.get(stream) ?? -1
      ends.set(stream, end + events.length)
      return { stream, events, expected: end < 0 ? "no_stream" : end }
    })
  }

  #remember(group: ReadonlyArray<StreamAppend>): void {
    if (this.#ends.size > rememberedStreams) this.#ends.clear()
    for (const { stream, events, expected } of group) {
      this.#ends.set(stream, (typeof expected === "number" ? expected : -1) + events.length)
    }
  }

  /**
   * Looks into the stream that is elsewhere and into all that were only taken to be new, and leaves out the verdicts that
   * they hold: a verdict is one append, so its first event tells. Those of the other streams stay, written or not.
   */
  #missing(
    verdicts: ReadonlyArray<Verdict>,
    elsewhere: string
  ): Effect.Effect<ReadonlyArray<Verdict>, StoreUnavailable, EventStore> {
    return Effect.gen({ self: this }, function* () {
      const store = yield* EventStore
      const streams = new Set(verdicts.map(({ stream }) => stream))
      const uncertain = [...streams].filter((stream) => stream === elsewhere || !this.#ends.has(stream))
      const written = new Set<string>()
      yield* Effect.forEach(
        uncertain,
        (stream) =>
          Effect.map(store.readStream(stream, { direction: "backwards", limit: searched }), (recent) => {
            for (const { id } of recent) written.add(id)
            this.#ends.set(stream, recent[0]?.revision ?? -1)
          }),
        { concurrency: looks, discard: true }
      )
      return verdicts.filter(({ events }) => !written.has(events[0]!.id))
    })
  }
}
