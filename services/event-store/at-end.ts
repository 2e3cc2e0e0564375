/**
 * Writing behind the end of a stream to which others write as well. Some of them may be of a newer version, whose events are
 * not shown here: that the stream goes on behind what is shown, the store tells whoever expected its end too early.
 */
import * as Effect from "effect/Effect"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { type EventStore, type ExpectedRevision, type StoreUnavailable, WrongExpectedRevision } from "./event-store.ts"

export interface StreamEnd {
  /** The last event that this version can read; undefined when there is none. */
  readonly last: TestudoEvent | undefined
  /** Of the last event, whoever wrote it; -1 when there is none. */
  readonly revision: number
}

/** What an append behind it expects. */
export const expectedBehind = ({ revision }: Pick<StreamEnd, "revision">): ExpectedRevision =>
  revision < 0 ? "no_stream" : revision

/** Where a stream ends. `known`: a revision that the store told of it before. */
export const endOf = (
  store: typeof EventStore.Service,
  stream: string,
  known = -1
): Effect.Effect<StreamEnd, StoreUnavailable> =>
  Effect.map(store.readStream(stream, { direction: "backwards", limit: 1 }), ([last]) => ({
    last,
    revision: Math.max(last?.revision ?? -1, known)
  }))

/** Writes with `attempt`, which is told where the stream ends; again whenever somebody else was faster. */
export const atEnd = <A, E, R>(
  store: typeof EventStore.Service,
  stream: string,
  attempt: (end: StreamEnd) => Effect.Effect<A, E | WrongExpectedRevision, R>
): Effect.Effect<A, E | StoreUnavailable | WrongExpectedRevision, R> =>
  Effect.suspend(() => {
    let known = -1
    return Effect.suspend(() => endOf(store, stream, known)).pipe(
      Effect.flatMap(attempt),
      Effect.retry({
        while: (error) => {
          if (!(error instanceof WrongExpectedRevision)) return false
          if (error.stream === stream) known = error.actual
          return true
        }
      })
    )
  })
