/**
 * Copies a log into another store: ids, metadata, data and order stay, positions and times of recording are the new store's.
 *
 * It can be stopped at any time and goes on where it was: what the copy holds tells. In the end both logs are read and
 * compared, event by event.
 */
import { createHash } from "node:crypto"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { ProposedEvent } from "../../domain/events/event.ts"
import { contentDigest } from "./content-digest.ts"
import {
  type AppendError,
  considerateAppendEvents,
  type EventStore,
  type StoreUnavailable,
  type StreamAppend
} from "./event-store.ts"
import { patiently } from "./patience.ts"
import { proposedFrom, type Row } from "./row.ts"

type Store = typeof EventStore.Service

/** The copy cannot be made (`TST-LOG-COPY-OTHER`, `TST-LOG-COPY-FOREIGN`), or is none (`TST-LOG-COPY-DIFFERS`). */
export class CopyRefused extends Data.TaggedError("CopyRefused")<{ readonly code: string; readonly message: string }> {}

/** An append takes about so many bytes. */
const appendBytes = 500_000

const pageLength = 200

export interface Copied {
  readonly events: number
  /** SHA-256 over all events in order, the same for both logs. */
  readonly digest: string
}

/** Consecutive events of one stream go together. */
const runsOf = (rows: ReadonlyArray<Row>): ReadonlyArray<ReadonlyArray<Row>> => {
  const runs: Array<Array<Row>> = []
  let bytes = 0
  for (const row of rows) {
    const run = runs.at(-1)
    const size = Buffer.byteLength(row.data) + 1.4 * (row.bytes?.length ?? 0)
    const fits = run !== undefined && run.length < considerateAppendEvents && bytes + size <= appendBytes
    if (fits && run[0]!.stream === row.stream) {
      run.push(row)
      bytes += size
    } else {
      runs.push([row])
      bytes = size
    }
  }
  return runs
}

/** All events after a position that are there now, as they are stored, page by page. */
const history = <E, R>(
  store: Store,
  after: number,
  visit: (rows: ReadonlyArray<Row>) => Effect.Effect<void, E, R>
): Effect.Effect<void, E | StoreUnavailable, R> =>
  Effect.gen(function* () {
    const until = yield* store.head
    for (let at = after; at < until; ) {
      const page = yield* store.readStored(at, pageLength)
      const rows = page.filter(({ position }) => position <= until)
      if (rows.length === 0) return
      yield* visit(rows)
      at = rows.at(-1)!.position
    }
  })

/** The row as an event to append; refuses one that the other store could not give back as it is. */
const proposed = (row: Row): Effect.Effect<ProposedEvent, CopyRefused> =>
  Effect.suspend(() => {
    const event = proposedFrom(row)
    return event === undefined
      ? Effect.fail(
          new CopyRefused({
            code: "TST-LOG-COPY-FOREIGN",
            message:
              `Event ${row.id} of type ${JSON.stringify(row.type)} (position ${row.position}, stream ${JSON.stringify(row.stream)}) ` +
              "cannot be copied as it is: another program, or a newer version of Testudo, wrote it. Copy with that version, or " +
              "remove what is not Testudo's from the log."
          })
        )
      : Effect.succeed(event)
  })

/** Position in the log of the event that the copy ends with; -1 for an empty copy. */
const reached = Effect.fnUntraced(function* (from: Store, to: Store) {
  const head = yield* to.head
  const last = head < 0 ? undefined : yield* to.storedAt(head)
  if (last === undefined) return -1
  // Of whatever type it is: not every event can be found by its stream here.
  for (let after = -1; ; ) {
    const page = yield* from.readStored(after, pageLength)
    const found = page.find(({ stream, id }) => stream === last.stream && id === last.id)
    if (found !== undefined) return found.position
    if (page.length === 0) break
    after = page.at(-1)!.position
  }
  return yield* new CopyRefused({
    code: "TST-LOG-COPY-OTHER",
    message: `The target holds events of another log (${last.id} in ${JSON.stringify(last.stream)}). Copy into an empty store.`
  })
})

const copyRest = Effect.fnUntraced(function* (from: Store, to: Store, onProgress: (events: number) => void) {
  const after = yield* reached(from, to)
  /** Revision of the last event of each stream of the copy. */
  const ends = new Map<string, number>()
  const partOf = Effect.fnUntraced(function* (run: ReadonlyArray<Row>) {
    const { stream } = run[0]!
    let end = ends.get(stream)
    // An append of nothing tells where a stream ends, whatever its last event is.
    end ??= (yield* to.append(stream, [], "any")).revision
    ends.set(stream, end + run.length)
    const events = yield* Effect.forEach(run, proposed)
    return { stream, events, expected: end < 0 ? "no_stream" : end, asStored: true } satisfies StreamAppend
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
