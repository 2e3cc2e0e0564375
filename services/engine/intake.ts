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
import { type AppendError, EventStore, StoreUnavailable, type StreamAppend } from "../event-store/event-store.ts"
import { patiently } from "../event-store/patience.ts"

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
    const stream = logStream(source)
    return Effect.flatMap(this.#store.readStream(stream, { direction: "backwards", limit: 10 }), (events) => {
      this.#ends.set(source, { revision: events[0]?.revision ?? -1, id: events[0]?.id ?? "" })
      // An erasure may have set an event of its own behind the last batch.
      const event = events.find(({ type }) => type !== StreamRewritten.type)
      if (event === undefined) return Effect.succeed(undefined)
      // Without it nobody knows what has been read: reading all anew would count everything twice.
      if (!LogBatchAppended.is(event)) return Effect.fail(noCheckpoint(stream, event))
      this.position = Math.max(this.position, event.position)
      return Effect.succeed(event.data)
    })
  }

  /** Answers when the batches are durable. Waits while the store cannot take them. */
  append(batches: ReadonlyArray<LogBatch>): Effect.Effect<void, AppendError> {
    return patiently(
      Effect.gen({ self: this }, function* () {
        for (const { source } of batches) if (!this.#ends.has(source)) yield* this.last(source)
        const { group, ends } = this.#missing(batches)
        if (group.length === 0) return
        // Forgotten until the answer is there: after a failure the streams' ends tell what became of the batches.
        for (const source of ends.keys()) this.#ends.delete(source)
        const appended = yield* this.#store.appendGroup(group)
        for (const [source, end] of ends) this.#ends.set(source, end)
        this.position = appended.at(-1)!.position
      })
    )
  }

  /** The batches as appends at exact revisions, without those that an earlier attempt has already written. */
  #missing(batches: ReadonlyArray<LogBatch>): {
    readonly group: ReadonlyArray<StreamAppend>
    readonly ends: ReadonlyMap<string, End>
  } {
    const group: Array<StreamAppend> = []
    const ends = new Map<string, End>()
    for (const batch of batches) {
      const { source } = batch
      const id = idOf(batch)
      const end = ends.get(source) ?? this.#ends.get(source)!
      if (end.id === id) {
        // An attempt whose answer was lost got as far as this one: what was collected before it is there as well.
        for (let index = group.length - 1; index >= 0; index--)
          if (group[index]!.stream === logStream(source)) group.splice(index, 1)
        ends.delete(source)
        continue
      }
      const expected = end.revision < 0 ? "no_stream" : end.revision
      group.push({ stream: logStream(source), events: [LogBatchAppended.propose(id, batch)], expected })
      ends.set(source, { revision: end.revision + 1, id })
    }
    return { group, ends }
  }
}

const noCheckpoint = (stream: string, event: TestudoEvent): StoreUnavailable =>
  new StoreUnavailable({
    code: "TST-STORE-DAMAGED",
    message:
      `The last event of ${stream} (${event.id}, position ${event.position}) is not readable` +
      `${isUnreadable(event) ? `: ${event.data.reason}` : ""}. It says what of the log has been read: restore a backup.`
  })

/** The same bytes of the same file make the same batch, whenever they are read. */
const idOf = ({ source, file, range, observedAt }: LogBatch): string =>
  derivedId("log", source, file.device, file.inode, file.fingerprint.sha256, range.from, range.to, observedAt)
