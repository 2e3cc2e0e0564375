/**
 * Erases what the embedded log says of one offender: his lines in batches, what events say of him, the name of his dossier.
 * Order, chain and digests still hold, and the stream `audit` says when and by whom; not of whom.
 *
 * It can be stopped and called again. The store must have no other writer meanwhile.
 */
import { rmSync } from "node:fs"
import { join, resolve } from "node:path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { formatTimestamp } from "../../domain/time/instant.ts"
import type { StoreUnavailable } from "../event-store/event-store.ts"
import { storeFailureOf } from "../event-store/failure.ts"
import { openForReading, storeFile } from "../event-store/layout.ts"
import { LogWriter, type Rewrite } from "../event-store/log-writer.ts"
import { type ChainedEvent, StoredEvents } from "../event-store/stored-events.ts"
import { lockForWriting } from "../event-store/writer-lock.ts"
import { snapshotFolder } from "../projections/snapshot.ts"
import { type Erased, EraseRefused, Holding, Search } from "./search.ts"

const pageSize = { events: 500, bytes: 4_000_000 }

/** Everything in the log up to a position, page by page. */
function* pages(stored: StoredEvents, until: number): Iterable<ReadonlyArray<ChainedEvent>> {
  for (let after = -1; after < until; ) {
    const page = stored.page(after, pageSize)
    const last = page.at(-1)
    if (last === undefined) return
    after = last.position
    yield page
  }
}

/** What has to be rewritten of some events, and what that erases. */
const rewritesOf = (events: ReadonlyArray<ChainedEvent>, search: Search) => {
  const rewrites: Array<Rewrite> = []
  let lines = 0
  let batches = 0
  for (const event of events) {
    const stream = search.renamed(event.stream)
    const redacted = search.redacted(event)
    if (stream === undefined && redacted === undefined) continue
    rewrites.push({
      event,
      data: redacted?.data ?? event.data,
      bytes: redacted?.bytes ?? event.bytes,
      ...(stream === undefined ? {} : { stream })
    })
    lines += redacted?.lines ?? 0
    if (redacted !== undefined && redacted.lines > 0) batches++
  }
  return { rewrites, lines, batches }
}

const erase = (path: string, writer: LogWriter, value: string, by: string, now: number): Erased => {
  const db = openForReading(path)
  try {
    const stored = new StoredEvents(db)
    const search = new Search(value, path)
    const until = stored.end().position
    const total = { lines: 0, batches: 0, events: 0 }
    const rewrite = (events: ReadonlyArray<ChainedEvent>): void => {
      const { rewrites, lines, batches } = rewritesOf(events, search)
      if (rewrites.length === 0) return
      total.events += writer.rewrite(rewrites, { by, at: formatTimestamp(now), lines, batches }, now)
      total.lines += lines
      total.batches += batches
    }
    const dossier: Array<ChainedEvent> = []
    const holding = new Holding(path, now)
    for (const page of pages(stored, until)) {
      for (const event of page) {
        if (search.renamed(event.stream) === undefined) continue
        dossier.push(event)
        holding.add(event)
      }
    }
    holding.check(value)
    rewrite(dossier) // in one transaction: all that stands on a stream has to know its other name
    for (const page of pages(stored, until)) rewrite(page.filter((event) => !search.isRenamed(event.stream)))
    writer.vacate()
    return total
  } finally {
    db.close()
  }
}

/** @param by who asked for it, for the log */
export const eraseOffender = (
  directory: string,
  value: string,
  by: string
): Effect.Effect<Erased, StoreUnavailable | EraseRefused> => {
  const folder = resolve(directory)
  const path = join(folder, storeFile)
  return Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.try({
      try: () => {
        openForReading(path).close() // names the directory when there is no store, instead of making one
        const release = lockForWriting(folder, formatTimestamp(now), {})
        try {
          const { writer } = LogWriter.open(path)
          try {
            const erased = erase(path, writer, value, by, now)
            // What was folded from the log before is folded anew, without him.
            rmSync(snapshotFolder(folder), { recursive: true, force: true })
            return erased
          } finally {
            writer.close()
          }
        } finally {
          release()
        }
      },
      catch: (error) => (error instanceof EraseRefused ? error : storeFailureOf(error, path))
    })
  )
}
