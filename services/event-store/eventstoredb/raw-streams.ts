/** What is done to the server's streams themselves: appends at exact revisions, truncation, emptying. */
import { randomUUID } from "node:crypto"
import type { JSONEventType } from "@kurrent/kurrentdb-client"
import * as Effect from "effect/Effect"
import type { StoreUnavailable } from "../event-store.ts"
import { storeFailure } from "../failure.ts"
import { type Connection, within } from "./connection.ts"
import { isStreamDeleted, isTooLarge, isWrongVersion } from "./failure.ts"
import type { Reader } from "./reader.ts"
import { numberOf, type ServerEvent } from "./recorded.ts"
import { type } from "./segment.ts"

/** An event as the server gets it. */
export interface Raw {
  readonly id: string
  readonly type: string
  readonly data: unknown
  readonly metadata: Readonly<Record<string, unknown>>
}

/** Stands behind the last event of a stream that is to be empty. */
const end = (): Raw => ({ id: randomUUID(), type: type.end, data: {}, metadata: {} })

export class RawStreams {
  readonly #connection: Connection
  readonly #reader: Reader

  constructor(connection: Connection, reader: Reader) {
    this.#connection = connection
    this.#reader = reader
  }

  /** Appends at an exact revision, so that a repetition is recognised. False: the stream is elsewhere. */
  append(stream: string, events: ReadonlyArray<Raw>, behind: number | "any"): Effect.Effect<boolean, StoreUnavailable> {
    const { shown, callTimeout } = this.#connection
    return this.#reader.call(async ({ client, package: { jsonEvent } }) => {
      const data = events.map((event) => jsonEvent(event as JSONEventType & { readonly id: string }))
      const streamState = behind === "any" ? behind : behind < 0 ? ("no_stream" as const) : BigInt(behind)
      try {
        await within(callTimeout, client.appendToStream(stream, data, { streamState }))
        return true
      } catch (error) {
        if (isWrongVersion(error)) return false
        if (!isTooLarge(error)) throw error
        throw storeFailure(
          "TST-STORE-LIMIT",
          `The server ${shown} takes at most ${error.maxAppendSize} bytes in one append, and a rewritten event is larger. ` +
            "Raise its option MaxAppendSize."
        )
      }
    })
  }

  /** Hides the events of a stream below a revision. They are not its last. */
  truncate(stream: string, before: number): Effect.Effect<void, StoreUnavailable> {
    const { callTimeout } = this.#connection
    return this.#reader.call(async ({ client }) => {
      const { metadata = {} } = await within(callTimeout, client.getStreamMetadata(stream))
      if (Number(metadata.truncateBefore ?? 0) >= before) return
      await within(callTimeout, client.setStreamMetadata(stream, { ...metadata, truncateBefore: before }))
    })
  }

  /**
   * Deletes a stream, so that the next scavenge takes all that it said: the server keeps the last event, which says nothing.
   * False: it ends with an event that may not go.
   */
  empty(stream: string, mayGo: (last: ServerEvent) => boolean = () => true): Effect.Effect<boolean, StoreUnavailable> {
    const { callTimeout, shown } = this.#connection
    return Effect.gen({ self: this }, function* () {
      for (;;) {
        const [last] = yield* this.#reader.streamEvents(stream, { direction: "backwards", limit: 1 })
        if (last === undefined) return true
        const revision = numberOf(last.revision, shown)
        if (last.type !== type.end) {
          if (!mayGo(last)) return false
          yield* this.append(stream, [end()], revision)
          continue
        }
        yield* this.#reader.call(async ({ client }) => {
          try {
            await within(callTimeout, client.deleteStream(stream, { expectedRevision: last.revision }))
          } catch (error) {
            if (!isWrongVersion(error) && !isStreamDeleted(error)) throw error
          }
        })
      }
    })
  }

  /** A scavenge leaves the last event of a stream that was deleted: another is put behind it. */
  bury(stream: string): Effect.Effect<void, StoreUnavailable> {
    return Effect.gen({ self: this }, function* () {
      const [last] = yield* this.#reader.streamEvents(stream, { direction: "backwards", limit: 1 })
      if (last !== undefined) return // it goes on, and what was truncated goes with the scavenge
      yield* this.append(stream, [end()], "any")
      yield* this.empty(stream, () => false)
    })
  }
}
