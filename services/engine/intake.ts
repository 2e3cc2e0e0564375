/**
 * Where log batches enter the log. The stream of a source is its reader's checkpoint: the last batch in it says which
 * bytes of which file have been read.
 */
import * as Effect from "effect/Effect"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { StreamRewritten } from "../../domain/events/audit.ts"
import { derivedId } from "../../domain/events/derived-id.ts"
import { type LogBatch, LogBatchAppended } from "../../domain/events/log-batch.ts"
import { logStream } from "../../domain/events/stream-name.ts"
import { isUnreadable } from "../../domain/events/unreadable.ts"
import type { Sink } from "../acquisition/acquisition.ts"
import { endOf } from "../event-store/at-end.ts"
import {
  type AppendError,
  EventStore,
  StoreUnavailable,
  type StreamAppend,
  type WrongExpectedRevision
} from "../event-store/event-store.ts"
import { patiently } from "../event-store/patience.ts"

/** So many events of an erasure may stand behind the last batch of a stream. */
const mostRewritten = 9

interface End {
  /** -1: the stream has no events. */
  readonly revision: number
  /** Id of the last event, "" for none. */
  readonly id: string
}

export class Intake implements Sink<AppendError> {
  /** End of the stream of each source. One reader per source writes it. */
  readonly #ends = new Map<string, End>()
  readonly #store: typeof EventStore.Service
  /** Position of the last batch that was appended or found, -1 for none. */
  position = -1

  private constructor(store: typeof EventStore.Service) {
    this.#store = store
  }

  static readonly make = Effect.map(EventStore, (store) => new Intake(store))

  /** The last batch of a source, or undefined for a new one. */
  last(source: string): Effect.Effect<LogBatch | undefined, StoreUnavailable> {
    return Effect.map(this.recent(source, 1), ([batch]) => batch)
  }

  /** The last batches of a source, about so many, the newest first. */
  recent(source: string, most: number): Effect.Effect<ReadonlyArray<LogBatch>, StoreUnavailable> {
    const stream = logStream(source)
    return Effect.flatMap(
      this.#store.readStream(stream, { direction: "backwards", limit: most + mostRewritten }),
      (events) => {
        this.#ends.set(source, { revision: events[0]?.revision ?? -1, id: events[0]?.id ?? "" })
        // An erasure may have set an event of its own behind the last batch.
        const event = events.find(({ type }) => type !== StreamRewritten.type)
        if (event === undefined) return Effect.succeed([])
        // Without it nobody knows what has been read: reading all anew would count everything twice.
        if (!LogBatchAppended.is(event)) return Effect.fail(noCheckpoint(stream, event))
        this.position = Math.max(this.position, event.position)
        return Effect.succeed(events.filter(LogBatchAppended.is).map(({ data }) => data))
      }
    )
  }

  /** Answers when the batches are durable. Waits while the store cannot take them. */
  append(batches: ReadonlyArray<LogBatch>): Effect.Effect<void, AppendError> {
    return Effect.gen({ self: this }, function* () {
      yield* patiently(this.#findEnds(batches))
      const planned = this.#planned(batches)
      yield* patiently(this.#write(planned)).pipe(
        Effect.catchTag("WrongExpectedRevision", (error) => this.#conflict(error))
      )
    })
  }

  /** Behind the last batch that this version can read there may be others, which say what else was read. */
  #conflict(error: WrongExpectedRevision): Effect.Effect<never, AppendError> {
    const { stream, actual } = error
    return Effect.flatMap(endOf(this.#store, stream), ({ revision }) =>
      Effect.fail(
        revision >= actual
          ? error
          : new StoreUnavailable({
              code: "TST-STORE-NEWER",
              message:
                `A newer version of Testudo wrote the last event of ${stream} (revision ${actual}). It says what of the log has ` +
                "been read: use that version."
            })
      )
    )
  }

  /** Which places the batches take: each right behind the one before it on its stream. */
  #planned(batches: ReadonlyArray<LogBatch>): ReadonlyArray<Planned> {
    const revisions = new Map<string, number>()
    return batches.map((batch) => {
      const { source } = batch
      const revision = (revisions.get(source) ?? this.#ends.get(source)!.revision) + 1
      revisions.set(source, revision)
      return { batch, source, revision, id: idOf(batch, revision) }
    })
  }

  /** Appends, each at its exact place, what an earlier attempt whose answer was lost has not written. */
  #write(planned: ReadonlyArray<Planned>) {
    return Effect.gen({ self: this }, function* () {
      yield* this.#findEnds(planned)
      const missing = planned.filter((batch) => !isWritten(batch, planned, this.#ends.get(batch.source)!))
      if (missing.length === 0) return
      // Forgotten until the answer is there: after a failure the streams' ends tell what became of the batches.
      for (const { source } of missing) this.#ends.delete(source)
      const appended = yield* this.#store.appendGroup(
        missing.map(
          ({ source, revision, id, batch }): StreamAppend => ({
            stream: logStream(source),
            events: [LogBatchAppended.propose(id, batch)],
            expected: revision === 0 ? "no_stream" : revision - 1
          })
        )
      )
      for (const { source, revision, id } of missing) this.#ends.set(source, { revision, id })
      this.position = appended.at(-1)!.position
    })
  }

  #findEnds(of: ReadonlyArray<{ readonly source: string }>) {
    return Effect.gen({ self: this }, function* () {
      for (const { source } of of) if (!this.#ends.has(source)) yield* this.last(source)
    })
  }
}

/** A batch and its place on its stream. */
interface Planned extends End {
  readonly source: string
  readonly batch: LogBatch
}

/** Whether the stream got that far by our own hand. */
const isWritten = ({ source, revision }: Planned, planned: ReadonlyArray<Planned>, end: End): boolean =>
  revision <= end.revision && planned.some((batch) => batch.source === source && batch.id === end.id)

const noCheckpoint = (stream: string, event: TestudoEvent): StoreUnavailable =>
  new StoreUnavailable({
    code: "TST-STORE-DAMAGED",
    message:
      `The last event of ${stream} (${event.id}, position ${event.position}) is not readable` +
      `${isUnreadable(event) ? `: ${event.data.reason}` : ""}. It says what of the log has been read: restore a backup.`
  })

/**
 * The same part of the same file at the same place of a stream is the same batch, on every machine and under every clock:
 * the ids of all that comes of its lines follow from it.
 */
const idOf = ({ source, file: { fingerprint }, range }: LogBatch, revision: number): string =>
  derivedId("log", source, revision, fingerprint.sha256, range.from, range.to)
