/**
 * Writing to offenders' streams at exact revisions, so that a retry after an unknown outcome can never write twice.
 */
import * as Effect from "effect/Effect"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { KnownIds } from "../../projections/known-ids.ts"
import {
  type AppendError,
  EventStore,
  type StoreUnavailable,
  type StreamAppend,
  type WrongExpectedRevision
} from "../event-store/event-store.ts"
import { lookBack } from "../event-store/look-back.ts"
import { patiently } from "../event-store/patience.ts"
import type { Verdict } from "./judge.ts"

/** How many streams' ends are remembered; the others are taken to be new, which most offenders are. */
const rememberedStreams = 50_000

/** So many events of others may have come behind verdicts that are looked for in a stream. */
const searched = 1_000
/** Overflows are large: short pages. */
const pageLength = 200

/** How many streams are looked into at once. */
const looks = 8

export class OffenderLog {
  /** Revision of the last event of a stream, -1 for none. */
  readonly #ends = new Map<string, number>()
  /** What was found behind the verdicts that were looked for: another process was further, and these are still to come. */
  readonly #found = new KnownIds()
  readonly #after: number

  /** `after`: verdicts that are in the log up to this position do not come again. */
  constructor({ after }: { readonly after: number }) {
    this.#after = after
  }

  /**
   * Appends the verdicts in their order. A repetition after a failure is the same to the store, which answers it like the
   * first time. When a stream is not where it was thought to be (it had a dossier already; another process, or an
   * administrator, wrote to it; the verdict is there from before a crash), its end says what is missing.
   */
  append(verdicts: ReadonlyArray<Verdict>): Effect.Effect<void, AppendError, EventStore> {
    return Effect.suspend(() => {
      let pending: ReadonlyArray<Verdict> = verdicts.filter(({ events }) => !this.#found.has(events[0]!.id))
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
            : Effect.map(this.#missing(pending, error), (missing) => {
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
   * Looks into the stream that is elsewhere and into all that were only taken to be new, as far back as these verdicts may
   * be, and leaves out those that they hold: a verdict is one append, so its first event tells. Those of the other streams
   * stay, written or not.
   */
  #missing(
    verdicts: ReadonlyArray<Verdict>,
    elsewhere: WrongExpectedRevision
  ): Effect.Effect<ReadonlyArray<Verdict>, StoreUnavailable, EventStore> {
    return Effect.gen({ self: this }, function* () {
      const counts = new Map<string, number>()
      for (const { stream, events } of verdicts) counts.set(stream, (counts.get(stream) ?? 0) + events.length)
      const uncertain = [...counts].filter(([stream]) => stream === elsewhere.stream || !this.#ends.has(stream))
      const written = new Set<string>()
      const store = yield* EventStore
      const look = ([stream, count]: readonly [stream: string, count: number]) => {
        // What a newer version wrote there is not shown, but the store knows of it.
        let end = stream === elsewhere.stream ? elsewhere.actual : -1
        let looked = 0
        const note = ({ id, position, revision }: TestudoEvent) => {
          end = Math.max(end, revision)
          written.add(id)
          if (position > this.#after) this.#found.learn(id)
          looked += 1
          return looked < searched + count ? undefined : looked
        }
        return Effect.map(lookBack(store, stream, { limit: pageLength }, note), () => this.#ends.set(stream, end))
      }
      yield* Effect.forEach(uncertain, look, { concurrency: looks, discard: true })
      return verdicts.filter(({ events }) => !written.has(events[0]!.id))
    })
  }
}
