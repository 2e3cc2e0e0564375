/**
 * Where log batches enter the log. The stream of a source is its reader's checkpoint: the last batch in it says which
 * bytes of which file have been read.
 */
import * as Effect from "effect/Effect"
import { derivedId } from "../../domain/events/derived-id.ts"
import { type LogBatch, LogBatchAppended } from "../../domain/events/log-batch.ts"
import { logStream } from "../../domain/events/stream-name.ts"
import { EventStore } from "../event-store/event-store.ts"
import { patiently } from "../event-store/patience.ts"

export class Intake {
  /** Revision of the last batch of a source, -1 for none. One reader per source writes its stream. */
  readonly #ends = new Map<string, number>()
  /** Position of the last batch that this process appended, -1 for none. */
  lastPosition = -1

  /** The last batch of a source, or undefined for a new one. */
  last(source: string) {
    return Effect.gen({ self: this }, function* () {
      const store = yield* EventStore
      const [event] = yield* store.readStream(logStream(source), { direction: "backwards", limit: 1 })
      this.#ends.set(source, event?.revision ?? -1)
      if (event === undefined || !LogBatchAppended.is(event)) return undefined
      this.lastPosition = Math.max(this.lastPosition, event.position)
      return event.data
    })
  }

  /** Answers when the batch is durable. Waits while the store cannot take it. */
  append(batch: LogBatch) {
    return Effect.suspend(() => {
      const stream = logStream(batch.source)
      const { device, inode, fingerprint } = batch.file
      // The byte range in this file, and not the place in the stream: batches cut otherwise must not look alike.
      const id = (revision: number) =>
        derivedId("log", batch.source, device, inode, fingerprint.sha256, batch.range.from, batch.range.to, revision)
      const attempt = Effect.gen({ self: this }, function* () {
        const store = yield* EventStore
        let end = this.#ends.get(batch.source)
        if (end === undefined) {
          const [last] = yield* store.readStream(stream, { direction: "backwards", limit: 1 })
          end = last?.revision ?? -1
          if (last !== undefined && last.id === id(last.revision)) {
            this.#ends.set(batch.source, end)
            this.lastPosition = last.position
            return
          }
        }
        // Forgotten until the answer is there: after a failure the stream's end tells what became of the batch.
        this.#ends.delete(batch.source)
        const event = LogBatchAppended.propose(id(end + 1), batch)
        const appended = yield* store.append(stream, [event], end < 0 ? "no_stream" : end)
        this.#ends.set(batch.source, appended.revision)
        this.lastPosition = appended.position
      })
      return patiently(attempt)
    })
  }
}
