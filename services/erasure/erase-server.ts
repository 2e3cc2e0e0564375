/**
 * Erases what the log on a server says of one offender. The server rewrites nothing, so the beginning of each stream that
 * speaks of him is written once more without him and shown in its old place, and the old is truncated: the server shows it
 * in no stream any more, and its next scavenge takes it off the disks.
 *
 * It can be stopped and called again. No node may run meanwhile, because it would write what it remembers of him.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { OffenderErased } from "../../domain/events/audit.ts"
import { derivedId } from "../../domain/events/derived-id.ts"
import { LeaseTaken, type Lease } from "../../domain/events/lease.ts"
import { auditStream } from "../../domain/events/stream-name.ts"
import { contentDigest } from "../event-store/content-digest.ts"
import { type AppendError, EventStore } from "../event-store/event-store.ts"
import { type EventStoreDbOptions, EventStoreDb, type RewritableStore } from "../event-store/eventstoredb.ts"
import type { Segment } from "../event-store/eventstoredb/segment.ts"
import { storeFailureOf } from "../event-store/failure.ts"
import type { Row } from "../event-store/row.ts"
import { liveRole } from "../node/live-role.ts"
import { type Erased, EraseRefused, Holding, Search } from "./search.ts"

const pageLength = 500
/** Rewritten events that one `OffenderErased` tells of: it has to fit an append. */
const mostTold = 5_000

export interface ErasedOnServer extends Erased {
  /** Streams whose beginning was written anew. */
  readonly streams: number
}

/** What of the log is to be written anew. */
interface Found {
  /** The last revision of each stream that speaks of him. */
  readonly ends: ReadonlyMap<string, number>
  /** His dossiers, and their last revisions. */
  readonly dossiers: ReadonlyMap<string, number>
}

const refuseBeside = ({ role, node }: Lease): EraseRefused =>
  new EraseRefused({
    code: "TST-ERASE-LIVE",
    message:
      `A node runs: ${node} holds the role ${role}. It would write again what it remembers of the offender. Stop all nodes, ` +
      "those that stand by as well, and call this again."
  })

const search = Effect.fnUntraced(function* ({ store }: RewritableStore, value: string, search: Search, where: string) {
  const ends = new Map<string, number>()
  const dossiers = new Map<string, number>()
  const holding = new Holding(where, yield* Clock.currentTimeMillis)
  for (let after = -1; ; ) {
    const page = yield* store.readStored(after, pageLength)
    if (page.length === 0) break
    yield* attempt(where, () => {
      for (const row of page) {
        if (search.renamed(row.stream) !== undefined) {
          dossiers.set(row.stream, row.revision)
          holding.add(row)
        } else if (search.redacted(row) !== undefined) ends.set(row.stream, row.revision)
      }
    })
    after = page.at(-1)!.position
    yield* Effect.yieldNow
  }
  yield* attempt(where, () => holding.check(value))
  return { ends, dossiers } satisfies Found
})

const attempt = <A>(where: string, run: () => A) =>
  Effect.try({
    try: run,
    catch: (error) => (error instanceof EraseRefused ? error : storeFailureOf(error, where))
  })

const idOf = (segment: Segment, part: number): string => derivedId("erased", segment.segment, part)

/** The stream `audit` tells of each segment, also of one whose erasure was interrupted before it could. Answers what it told. */
const tell = Effect.fnUntraced(function* ({ store, rewriter }: RewritableStore) {
  const told = new Set<string>()
  let end = -1
  for (;;) {
    const page = yield* store.readStream(auditStream, { from: end + 1, limit: pageLength })
    for (const { id } of page) told.add(id)
    if (page.length === 0) break
    end = page.at(-1)!.revision
  }
  const total = { lines: 0, batches: 0, events: 0, streams: 0 }
  for (const segment of yield* rewriter.made) {
    if (told.has(idOf(segment, 0))) continue
    const events: Array<{ readonly event: string; readonly content: string }> = []
    const counts = { lines: 0, batches: 0 }
    yield* rewriter.changes(segment, (row, lines) => {
      counts.lines += lines
      if (lines > 0) counts.batches += 1
      else events.push({ event: row.id, content: contentDigest(row) })
    })
    // The first part last: it says that all of it was told.
    const parts = Math.max(1, Math.ceil(events.length / mostTold))
    for (let part = parts - 1; part >= 0; part--) {
      if (told.has(idOf(segment, part))) continue
      const erasure = OffenderErased.propose(idOf(segment, part), {
        at: segment.at,
        by: segment.by,
        ...(part === 0 ? counts : { lines: 0, batches: 0 }),
        events: events.slice(part * mostTold, (part + 1) * mostTold)
      })
      end = (yield* store.append(auditStream, [erasure], end < 0 ? "no_stream" : end)).revision
    }
    total.lines += counts.lines
    total.batches += counts.batches
    total.events += events.length
    total.streams += 1
  }
  return total
})

const erase = Effect.fnUntraced(function* (
  opened: RewritableStore,
  value: string,
  by: string,
  where: string,
  onWait: OnWait
) {
  const { store, rewriter } = opened
  const his = yield* attempt(where, () => new Search(value, where))
  const live = yield* Effect.provideService(liveRole(onWait), EventStore, store)
  if (live !== undefined) return yield* Effect.fail(refuseBeside(live))
  const begin = yield* store.head
  yield* tell(opened)
  const found = yield* search(opened, value, his, where)
  const rewrite = (row: Row) => his.redacted(row)
  const dropped: Array<string> = []
  for (const [stream, through] of [...found.dossiers, ...found.ends]) {
    const renamed = his.renamed(stream)
    const stretch = { stream, through, rewrite, ...(renamed === undefined ? {} : { renamed }) }
    if (!(yield* rewriter.move(stretch, by))) dropped.push(stream)
  }
  const erased = yield* tell(opened)
  // Whoever reads meanwhile has to know the segments before what they stand for is truncated.
  if (erased.streams > 0) yield* opened.known
  yield* rewriter.finish((stream) => his.renamed(stream) !== undefined, dropped)
  const [started] = yield* store.readAll({ after: begin, limit: 1, filter: { types: [LeaseTaken.type] } })
  if (started !== undefined && LeaseTaken.is(started)) return yield* Effect.fail(refuseBeside(started.data))
  return erased
})

type OnWait = (lease: Lease) => Effect.Effect<void>

/**
 * @param by who asked for it, for the log
 * @param onWait told of a role that was not released, and that takes its time to be found dead
 */
export const eraseOnServer = (
  server: EventStoreDbOptions,
  value: string,
  by: string,
  onWait: OnWait = () => Effect.void
): Effect.Effect<ErasedOnServer, AppendError | EraseRefused> =>
  Effect.scoped(Effect.flatMap(EventStoreDb.open(server), (opened) => erase(opened, value, by, server.shown, onWait)))
