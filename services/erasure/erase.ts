/**
 * Erases what the embedded log says of one offender: his lines in batches, what events say of him, the name of his dossier.
 * Order, chain and digests still hold, and the stream `audit` says when and by whom; not of whom.
 *
 * It can be stopped and called again. The store must have no other writer meanwhile.
 */
import { randomUUID } from "node:crypto"
import { rmSync } from "node:fs"
import { join, resolve } from "node:path"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { DecisionMade, DecisionRetracted } from "../../domain/events/decision.ts"
import { type LogBatch, LogBatchAppended } from "../../domain/events/log-batch.ts"
import { offenderStream } from "../../domain/events/stream-name.ts"
import { formatTimestamp } from "../../domain/time/instant.ts"
import { withoutLines } from "../acquisition/body.ts"
import type { StoreUnavailable } from "../event-store/event-store.ts"
import { storeFailureOf } from "../event-store/failure.ts"
import { openForReading, storeFile } from "../event-store/layout.ts"
import { LogWriter, type Rewrite } from "../event-store/log-writer.ts"
import { recordedEvent } from "../event-store/row.ts"
import { type ChainedEvent, StoredEvents } from "../event-store/stored-events.ts"
import { lockForWriting } from "../event-store/writer-lock.ts"
import { type Mention, mentionOf } from "./mention.ts"
import { redacted } from "./redaction.ts"

/** It cannot be erased now. Code `TST-ERASE-ACTIVE`. */
export class EraseRefused extends Data.TaggedError("EraseRefused")<{
  readonly code: string
  readonly message: string
}> {}

export interface Erased {
  readonly lines: number
  readonly batches: number
  /** Other events that were rewritten. */
  readonly events: number
}

/** What people and rules wrote, not what the log says of an offender. */
const untouched = new Set([
  "RulesetActivated",
  "ContentRecorded",
  "AllowlistReplaced",
  "BouncerRegistered",
  "BouncerDeleted"
])
const isAudit = (type: string) => ["LossAccepted", "EventsDropped", "OffenderErased"].includes(type)

const pageSize = { events: 500, bytes: 4_000_000 }

interface Found {
  readonly rewrites: ReadonlyArray<Rewrite>
  readonly lines: number
  readonly batches: number
}

/** The batch without his lines; undefined when it has none. */
const withoutHim = (event: ChainedEvent, batch: LogBatch, mention: Mention) => {
  let lines = 0
  const body = withoutLines(batch, (line) => {
    const goes = mention.isIn(line.toString("latin1")) || mention.isIn(line.toString("utf8"))
    if (goes) lines++
    return goes
  })
  if (body === undefined) return undefined
  // A batch of version 1 has its body in its JSON, and commits to all of it.
  const rewrite: Rewrite =
    event.bytes === null
      ? {
          event,
          data: JSON.stringify({ ...JSON.parse(event.data), body: Buffer.from(body).toString("base64") }),
          bytes: null
        }
      : { event, data: event.data, bytes: body }
  return { rewrite, lines }
}

class Search {
  readonly #mention: Mention
  readonly #word: string
  readonly #dossier: string
  readonly #path: string

  constructor(value: string, path: string) {
    this.#mention = mentionOf(value)
    this.#word = `erased-${randomUUID()}`
    this.#dossier = offenderStream("Ip", this.#mention.value).slice("offender-Ip".length)
    this.#path = path
  }

  /** Whether a stream is a dossier of his, in whatever scope, and what it is called from now on. */
  renamed(stream: string): string | undefined {
    if (!stream.startsWith("offender-") || !stream.endsWith(this.#dossier)) return undefined
    return `${stream.slice(0, -this.#dossier.length)}:${this.#word}`
  }

  isRenamed(stream: string): boolean {
    return stream.startsWith("offender-") && stream.endsWith(`:${this.#word}`)
  }

  /** What has to be rewritten of a page. */
  page(page: ReadonlyArray<ChainedEvent>): Found {
    const rewrites: Array<Rewrite> = []
    let lines = 0
    let batches = 0
    for (const event of page) {
      if (untouched.has(event.type) || isAudit(event.type)) continue
      if (event.type === LogBatchAppended.type) {
        const read = recordedEvent(event, this.#path)
        const found = read === undefined ? undefined : withoutHim(event, read.data as LogBatch, this.#mention)
        if (found === undefined) continue
        rewrites.push(found.rewrite)
        lines += found.lines
        batches++
        continue
      }
      const stream = this.renamed(event.stream)
      const data = redacted(event.type, JSON.parse(event.data), this.#mention, this.#word)
      if (stream === undefined && data === undefined) continue
      rewrites.push({
        event,
        data: data === undefined ? event.data : JSON.stringify(data),
        bytes: event.bytes,
        ...(stream === undefined ? {} : { stream })
      })
    }
    return { rewrites, lines, batches }
  }
}

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

/** Fails while a decision about him holds: whoever enforces it could not be told of its end any more. */
const checkNothingHolds = (dossier: ReadonlyArray<ChainedEvent>, path: string, value: string, now: number): void => {
  const holding = new Set<string>()
  for (const event of dossier) {
    const read = recordedEvent(event, path)
    if (read !== undefined && DecisionMade.is(read) && Date.parse(read.data.until) > now) holding.add(read.id)
    if (read !== undefined && DecisionRetracted.is(read)) holding.delete(read.data.decision)
  }
  if (holding.size === 0) return
  throw new EraseRefused({
    code: "TST-ERASE-ACTIVE",
    message: `A decision about ${value} still holds. End it first: testudo decisions delete ${value}`
  })
}

const erase = (path: string, writer: LogWriter, value: string, by: string, now: number): Erased => {
  const db = openForReading(path)
  try {
    const stored = new StoredEvents(db)
    const search = new Search(value, path)
    const until = stored.end().position
    const total = { lines: 0, batches: 0, events: 0 }
    const rewrite = (events: ReadonlyArray<ChainedEvent>): void => {
      const { rewrites, lines, batches } = search.page(events)
      if (rewrites.length === 0) return
      total.events += writer.rewrite(rewrites, { by, at: formatTimestamp(now), lines, batches }, now)
      total.lines += lines
      total.batches += batches
    }
    const dossier: Array<ChainedEvent> = []
    for (const page of pages(stored, until)) {
      for (const event of page) if (search.renamed(event.stream) !== undefined) dossier.push(event)
    }
    checkNothingHolds(dossier, path, value, now)
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
            rmSync(join(folder, "snapshots"), { recursive: true, force: true })
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
