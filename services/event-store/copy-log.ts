/**
 * Copies a log into another store: ids, metadata, data and order stay, positions and times of recording are the new store's.
 *
 * It can be stopped at any time and goes on where it was: what the copy holds tells. In the end both logs are read and
 * compared, event by event.
 */
import { createHash } from "node:crypto"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { contentDigest } from "./content-digest.ts"
import {
  type AppendError,
  considerateAppendEvents,
  type EventStore,
  type StoreUnavailable,
  type StreamAppend,
  type Subscribed
} from "./event-store.ts"
import { patiently } from "./patience.ts"

type Store = typeof EventStore.Service

/** The copy cannot be made (`TST-LOG-COPY-OTHER`), or is none (`TST-LOG-COPY-DIFFERS`). */
export class CopyRefused extends Data.TaggedError("CopyRefused")<{ readonly code: string; readonly message: string }> {}

/** An append takes about so many bytes. */
const appendBytes = 500_000

export interface Copied {
  readonly events: number
  /** SHA-256 over all events in order, the same for both logs. */
  readonly digest: string
}

const sizeOf = (event: TestudoEvent): number =>
  event.type === "LogBatchAppended" ? 2_000 + event.data.body.length * 1.4 : JSON.stringify(event.data).length

/** Consecutive events of one stream go together. */
const runsOf = (events: ReadonlyArray<TestudoEvent>): ReadonlyArray<ReadonlyArray<TestudoEvent>> => {
  const runs: Array<Array<TestudoEvent>> = []
  let bytes = 0
  for (const event of events) {
    const run = runs.at(-1)
    const size = sizeOf(event)
    const fits = run !== undefined && run.length < considerateAppendEvents && bytes + size <= appendBytes
    if (fits && run[0]!.stream === event.stream) {
      run.push(event)
      bytes += size
    } else {
      runs.push([event])
      bytes = size
    }
  }
  return runs
}

const eventsOf = (page: ReadonlyArray<Subscribed>): ReadonlyArray<TestudoEvent> =>
  page.flatMap((item) => (item._tag === "Event" ? [item.event] : []))

/** All events after a position that are there now, page by page. */
const history = <E, R>(
  store: Store,
  after: number,
  visit: (events: ReadonlyArray<TestudoEvent>) => Effect.Effect<void, E, R>
): Effect.Effect<void, E | StoreUnavailable, R> =>
  store.subscribe({ after }).pipe(
    Stream.takeUntil((item) => item._tag === "CaughtUp"),
    Stream.runForEachArray((page) => visit(eventsOf(page)))
  )

/** The last event of a log that this version can read. */
const lastOf = Effect.fnUntraced(function* (store: Store) {
  let last: TestudoEvent | undefined
  const head = yield* store.head
  if (head < 0) return undefined
  // The last event itself, unless it is of a type that is unknown here: then everything is looked at.
  const event = yield* store.eventAt(head)
  if (event !== undefined) return event
  yield* history(store, -1, (events) =>
    Effect.sync(() => {
      last = events.at(-1) ?? last
    })
  )
  return last as TestudoEvent | undefined
})

/** Position in the log of the event that the copy ends with; -1 for an empty copy. */
const reached = Effect.fnUntraced(function* (from: Store, to: Store) {
  const last = yield* lastOf(to)
  if (last === undefined) return -1
  let revision: number | undefined
  for (;;) {
    const page = yield* from.readStream(last.stream, {
      direction: "backwards",
      limit: 200,
      ...(revision === undefined ? {} : { from: revision })
    })
    const found = page.find(({ id }) => id === last.id)
    if (found !== undefined) return found.position
    const oldest = page.at(-1)
    if (oldest === undefined || oldest.revision === 0) {
      return yield* new CopyRefused({
        code: "TST-LOG-COPY-OTHER",
        message: `The target holds events of another log (${last.id} in ${JSON.stringify(last.stream)}). Copy into an empty store.`
      })
    }
    revision = oldest.revision - 1
  }
})

const copyRest = Effect.fnUntraced(function* (from: Store, to: Store, onProgress: (events: number) => void) {
  const after = yield* reached(from, to)
  /** Revision of the last event of each stream of the copy. */
  const ends = new Map<string, number>()
  const partOf = Effect.fnUntraced(function* (run: ReadonlyArray<TestudoEvent>) {
    const { stream } = run[0]!
    let end = ends.get(stream)
    if (end === undefined) {
      const [last] = yield* to.readStream(stream, { direction: "backwards", limit: 1 })
      end = last?.revision ?? -1
    }
    ends.set(stream, end + run.length)
    const events = run.map(({ id, type, data, metadata }) => ({ id, type, data, metadata }))
    return { stream, events, expected: end < 0 ? "no_stream" : end } satisfies StreamAppend
  })
  yield* history(from, after, (events) =>
    Effect.gen(function* () {
      const group: Array<StreamAppend> = []
      for (const run of runsOf(events)) group.push(yield* partOf(run))
      yield* to.appendGroup(group)
      onProgress(events.length)
    })
  )
})

/** All events as one digest, in order. */
const digestOf = Effect.fnUntraced(function* (store: Store) {
  const digest = createHash("sha256")
  let count = 0
  yield* history(store, -1, (events) =>
    Effect.sync(() => {
      for (const event of events) digest.update(contentDigest(event))
      count += events.length
    })
  )
  return { events: count, digest: digest.digest("hex") } satisfies Copied
})

/** Copies what is missing, then compares. `onProgress` gets the number of events of each page that is copied. */
export const copyLog = (
  from: Store,
  to: Store,
  onProgress: (events: number) => void = () => {}
): Effect.Effect<Copied, AppendError | CopyRefused> =>
  Effect.gen(function* () {
    yield* patiently(copyRest(from, to, onProgress))
    const [original, copy] = yield* Effect.all([digestOf(from), digestOf(to)])
    if (original.events !== copy.events || original.digest !== copy.digest) {
      return yield* new CopyRefused({
        code: "TST-LOG-COPY-DIFFERS",
        message:
          `The copy holds ${copy.events} events with the digest ${copy.digest}, the log ${original.events} with ` +
          `${original.digest}. If the log is still written to, stop the node and copy again: it goes on where it was.`
      })
    }
    return copy
  })
