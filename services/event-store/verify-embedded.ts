/**
 * Checks the embedded log from its first event to its last, also while a node writes to it: order, ids, revisions, schemas,
 * the hash chain, what batches committed to, and the head record.
 *
 * It reads in short pages and stops where the log ended when it began, so that it delays nobody.
 */
import { dirname, join, resolve } from "node:path"
import type { DatabaseSync } from "node:sqlite"
import * as Effect from "effect/Effect"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { EventsDropped, LossAccepted, OffenderErased } from "../../domain/events/audit.ts"
import { LogBatchAppended } from "../../domain/events/log-batch.ts"
import { isUnreadable } from "../../domain/events/unreadable.ts"
import { keepsCommitment } from "../acquisition/body.ts"
import { contentOf, formatEnd, type LogEnd, linkOf, origin, sameDigest } from "./chain.ts"
import type { StoreUnavailable } from "./event-store.ts"
import { storeFailureOf } from "./failure.ts"
import { type HeadRecord, readHeadRecord } from "./head-record.ts"
import { category } from "./kinds.ts"
import { openForReading, storeFile } from "./layout.ts"
import { isKnown, recordedEvent } from "./row.ts"
import { type ChainedEvent, type Gap, StoredEvents } from "./stored-events.ts"
import { Findings, type Verification } from "./verification.ts"

const pageSize = { events: 500, bytes: 4_000_000 }

const hex = (digest: Uint8Array): string => Buffer.from(digest).toString("hex")

class EmbeddedVerifier {
  readonly #stored: StoredEvents
  readonly #findings = new Findings()
  readonly #record: HeadRecord
  readonly #ends: ReadonlyMap<number, { readonly end: LogEnd; readonly whose: string }>
  readonly #until: LogEnd
  readonly #gone: number
  readonly #gaps: Array<Gap> = []
  /** Positions that were never given again, after losses that somebody accepted. */
  readonly #lost: Array<{ readonly after: number; readonly until: number }> = []
  /** Rewritten events that are not yet accounted for by an `OffenderErased`, and what such events say. */
  readonly #rewritten = new Map<string, { readonly event: ChainedEvent; readonly content: string }>()
  readonly #erasures = new Map<string, string>()
  #dropped = 0
  #events = 0
  #at: LogEnd = { position: -1, link: origin }

  /** @param head what somebody kept elsewhere */
  constructor(db: DatabaseSync, path: string, head?: LogEnd) {
    this.#stored = new StoredEvents(db)
    // The record first: the database never holds less than it.
    this.#record = readHeadRecord(dirname(path))
    // What is dropped from here on is told of behind the end that is looked at.
    this.#gone = this.#stored.dropped()
    this.#until = this.#stored.end()
    const ends = new Map<number, { readonly end: LogEnd; readonly whose: string }>()
    if (this.#record._tag === "Found")
      ends.set(this.#record.end.position, { end: this.#record.end, whose: "the head record" })
    if (head !== undefined) ends.set(head.position, { end: head, whose: "the given head" })
    this.#ends = ends
    if (
      this.#record._tag === "Found" &&
      head?.position === this.#record.end.position &&
      !sameDigest(head.link, this.#record.end.link)
    ) {
      this.#findings.add({ position: head.position, message: "the given head and the head record differ" })
    }
    if (!this.#stored.hasItsSchema())
      this.#findings.add({
        position: null,
        message: "the tables were changed: an index is missing, or a trigger was added"
      })
  }

  /** Checks the next page; false when there is none. */
  next(): boolean {
    if (this.#at.position >= this.#until.position || this.#findings.isFull) return false
    const page = this.#stored.page(this.#at.position, pageSize)
    for (const event of page) {
      if (event.position > this.#until.position) break
      this.#check(event)
    }
    const last = page.at(-1)
    if (last === undefined || last.position >= this.#until.position) {
      this.#passGaps(this.#until.position + 1)
      return false
    }
    return true
  }

  #passGaps(before: number): void {
    for (;;) {
      const gap = this.#stored.gapAfter(this.#at.position)
      if (gap === undefined || gap.last >= before) return
      if (gap.first <= this.#at.position) this.#wrong("the run of dropped events here overlaps what is kept", gap.first)
      this.#gaps.push(gap)
      this.#at = { position: gap.last, link: gap.link }
      this.#compareEnds(gap.last)
    }
  }

  #wrong(message: string, position: number): void {
    this.#findings.add({ position, message })
  }

  #check(event: ChainedEvent): void {
    this.#passGaps(event.position)
    this.#events++
    this.#findings.revision(event, () => this.#stored.firstOf(event.stream))
    if (this.#stored.copiesOf(event.stream, event.id) !== 1) {
      this.#findings.at(event, `the id ${event.id} is in its stream more than once`)
    }
    if (event.category !== category(event.stream)) {
      this.#findings.at(event, `it is filed under ${JSON.stringify(event.category)}, where readers do not look for it`)
    }
    const content = contentOf(event)
    const link = linkOf(this.#at.link, event.content ?? content)
    if (!sameDigest(link, event.link)) {
      this.#findings.at(
        event,
        "its digest is wrong: it was changed, or an event before it was changed, added or taken away"
      )
    }
    // What follows is judged by what is recorded here, so that one change is one finding.
    this.#at = { position: event.position, link: event.link }
    this.#compareEnds(event.position)
    if (event.content !== null) this.#rewritten.set(event.id, { event, content: hex(content) })
    this.#read(event)
  }

  #read(event: ChainedEvent): void {
    if (!isKnown(event.type)) return
    let read: TestudoEvent | undefined
    try {
      read = recordedEvent(event)
      if (read === undefined) return
      if (isUnreadable(read)) {
        this.#findings.at(event, `it is not readable: ${read.data.reason}`)
        return
      }
      if (LogBatchAppended.is(read) && !keepsCommitment(read.data)) {
        this.#findings.at(event, "its lines are not those that it committed to")
      }
    } catch (error) {
      this.#findings.at(event, error instanceof Error ? error.message : String(error))
      return
    }
    if (EventsDropped.is(read)) this.#dropped += read.data.events
    if (LossAccepted.is(read) && read.data.acknowledged !== null) {
      this.#lost.push({ after: read.data.found.position, until: read.data.acknowledged.position })
    }
    if (OffenderErased.is(read)) for (const { event, content } of read.data.events) this.#erasures.set(event, content)
  }

  #compareEnds(position: number): void {
    const expected = this.#ends.get(position)
    if (expected !== undefined && !sameDigest(expected.end.link, this.#at.link)) {
      this.#wrong(
        `the log up to here is not the one that ${expected.whose} tells of: its chain was computed anew`,
        position
      )
    }
  }

  result(): Verification {
    if (!this.#findings.isFull) this.#conclude()
    return {
      events: this.#events,
      streams: this.#findings.streams,
      dropped: this.#gone,
      head: formatEnd(this.#at),
      findings: this.#findings.found
    }
  }

  #conclude(): void {
    const { position } = this.#at
    for (const { end, whose } of this.#ends.values()) {
      if (end.position > position) {
        this.#wrong(`the last events are missing: ${whose} tells of events up to position ${end.position}`, position)
      } else if (end.position >= 0 && this.#stored.linkAt(end.position) === undefined) {
        this.#wrong(`${whose} tells of an event that is not there`, end.position)
      }
    }
    if (this.#record._tag === "Missing") {
      this.#findings.add({
        position: null,
        message: "the head record is missing: events at the end may be missing as well"
      })
    }
    if (this.#record._tag === "Forged") {
      this.#findings.add({
        position: null,
        message: "the head record is damaged, or was not made with this store's key"
      })
    }
    for (const [id, { event, content }] of this.#rewritten) {
      if (this.#erasures.get(id) !== content)
        this.#findings.at(event, "it was rewritten, and no erasure on the stream audit tells of what it says now")
    }
    if (this.#gone > this.#dropped) {
      this.#findings.add({
        position: null,
        message: `${this.#gone} events were dropped, but the stream audit tells of ${this.#dropped}`
      })
    }
    for (const gap of this.#gaps) {
      const positions = gap.last - gap.first + 1 - this.#lostWithin(gap)
      if (positions !== gap.events)
        this.#wrong(`${positions} events are missing here, but only ${gap.events} are said to be dropped`, gap.last)
    }
  }

  #lostWithin({ first, last }: Gap): number {
    const within = this.#lost.map(({ after, until }) => Math.min(until, last) - Math.max(after, first - 1))
    return within.reduce((sum, positions) => sum + Math.max(0, positions), 0)
  }
}

/** Checks the log in a directory. Gives way to others between pages. */
export const verifyEmbedded = (directory: string, head?: LogEnd): Effect.Effect<Verification, StoreUnavailable> => {
  const path = join(resolve(directory), storeFile)
  const attempt = <A>(use: () => A) => Effect.try({ try: use, catch: (error) => storeFailureOf(error, path) })
  return Effect.acquireUseRelease(
    attempt(() => openForReading(path)),
    (db) =>
      Effect.gen(function* () {
        const verifier = yield* attempt(() => new EmbeddedVerifier(db, path, head))
        while (yield* attempt(() => verifier.next())) yield* Effect.yieldNow
        return yield* attempt(() => verifier.result())
      }),
    (db) => Effect.sync(() => db.close())
  )
}
