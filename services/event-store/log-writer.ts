/** Writing to the log in one SQLite database: plain synchronous functions, in the node's thread or in one of their own. */
import { randomUUID } from "node:crypto"
import { dirname } from "node:path"
import type { DatabaseSync, StatementSync } from "node:sqlite"
import { contentOf, emptyEnd, type LogEnd, linkOf, sameDigest } from "./chain.ts"
import { DatabaseFile } from "./database-file.ts"
import type { Appended } from "./event-store.ts"
import { StoreFault } from "./fault.ts"
import { Dropped, Gaps } from "./gaps.ts"
import { HeadWriter, readHeadRecord } from "./head-record.ts"
import { category, Kinds } from "./kinds.ts"
import { closedOnFailure, openForWriting } from "./layout.ts"
import { lossOf } from "./loss.ts"
import type {
  AppendGroup,
  DropGroup,
  PartFailure,
  ReadyAppend,
  ReadyEvent,
  ReadyGroup,
  Written
} from "./ready-group.ts"
import { type ChainedEvent, StoredEvents } from "./stored-events.ts"
import { holds, type Place, repeats, StreamEnds } from "./stream-ends.ts"
import { tornTail } from "./torn-tail.ts"

/** Rewritten events that one `OffenderErased` tells of: it has to fit an append. */
const mostTold = 5_000

const nowhere: Place = { revision: -1, position: -1 }

/** What an event says from now on, and which stream it stands on. */
export interface Rewrite {
  readonly event: ChainedEvent
  readonly stream?: string
  readonly data: string
  readonly bytes: Uint8Array | null
}

export interface OpenedWriter {
  readonly writer: LogWriter
  /** What had to be mended or assumed, each a line for people. */
  readonly notices: ReadonlyArray<string>
}

export class LogWriter {
  readonly #db: DatabaseSync
  readonly #path: string
  readonly #file: DatabaseFile | undefined
  readonly #kinds: Kinds
  readonly #gaps: Gaps
  readonly #record: HeadWriter | undefined
  readonly #lastPosition: StatementSync
  readonly #placeOf: StatementSync
  readonly #insertStream: StatementSync
  readonly #insertEvent: StatementSync
  readonly #rewrite: StatementSync
  readonly #rename: StatementSync
  /** By name. */
  readonly #ends: StreamEnds
  /** Where the committed log ends. */
  #end: LogEnd
  /** The position of which the head record tells. */
  #told: number

  /** @param record where the end is kept as well; none for a log in memory */
  constructor(db: DatabaseSync, path: string, end: LogEnd = emptyEnd, record?: HeadWriter) {
    this.#db = db
    this.#path = path
    this.#record = record
    this.#end = end
    this.#told = end.position
    this.#file = record === undefined ? undefined : new DatabaseFile(path)
    this.#kinds = new Kinds(db)
    this.#ends = new StreamEnds(db)
    this.#gaps = new Gaps(db)
    this.#lastPosition = db.prepare(
      "select max(ifnull((select max(position) from events), -1), ifnull((select max(last) from gaps), -1)) as position"
    )
    this.#placeOf = db.prepare("select revision, position from events where stream = ? and id = ?")
    this.#rewrite = db.prepare("update events set data = ?, bytes = ?, content = ? where position = ?")
    this.#rename = db.prepare("update streams set name = ? where name = ?")
    this.#insertStream = db.prepare("insert into streams(name) values (?)")
    this.#insertEvent = db.prepare(
      `insert into events(position, stream, revision, kind, recorded_at, id, link, metadata, data, bytes)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
    )
  }

  /**
   * Opens the log of a directory whose lock the caller holds. Throws `TST-STORE-LOST` when the database holds less than
   * what was acknowledged, or something else; with `acceptLoss` that is said and the log goes on from what is there.
   */
  static open(path: string, options: { readonly acceptLoss?: boolean } = {}): OpenedWriter {
    const directory = dirname(path)
    const notices: Array<string> = []
    const torn = tornTail(`${path}-wal`)
    if (torn > 0) {
      notices.push(
        `The event store ${path} ended with ${torn} bytes of an append that was never acknowledged: a crash interrupted it. They were cut off.`
      )
    }
    const { db, isNew } = openForWriting(path)
    return closedOnFailure(db, () => {
      const stored = new StoredEvents(db)
      const found = stored.end()
      const known = readHeadRecord(directory)
      const lost = isNew && known._tag === "Missing" ? undefined : lossOf(stored, found, known, path)
      if (lost !== undefined && options.acceptLoss !== true) throw new StoreFault("TST-STORE-LOST", lost)
      const record = new HeadWriter(directory, known)
      if (lost !== undefined) record.replace(found)
      else if (known._tag !== "Found" || known.end.position !== found.position) record.write(found)
      // A position that was acknowledged is never given again, even when its event is lost.
      const position = known._tag === "Found" ? Math.max(found.position, known.end.position) : found.position
      return { writer: new LogWriter(db, path, { position, link: found.link }, record), notices }
    })
  }

  get end(): LogEnd {
    return this.#end
  }

  /**
   * Writes the groups in one transaction, each up to its first part that cannot be. Durable when it returns. A group that
   * the database itself refuses takes no other with it.
   */
  commit(groups: ReadonlyArray<ReadyGroup>): ReadonlyArray<Written | { readonly error: unknown }> {
    const before = this.#end
    let written: ReadonlyArray<Written>
    try {
      this.#file?.checkInPlace()
      this.#db.exec("begin immediate")
    } catch (error) {
      return groups.map(() => ({ error }))
    }
    try {
      this.#checkUntouched()
      const dropped = new Dropped()
      written = groups.map((group) => ("drop" in group ? this.#drop(group, dropped) : this.#writeGroup(group)))
      if (dropped.events > 0) this.#writeGroup(dropped.told(groups[0]!.recordedAt))
      this.#db.exec("commit")
    } catch (error) {
      this.#end = before
      this.#forget()
      // On some errors, such as a full disk, SQLite has rolled back itself.
      if (this.#db.isTransaction) this.#db.exec("rollback")
      return groups.length === 1 ? [{ error }] : groups.flatMap((group) => this.commit([group]))
    }
    try {
      this.#tell()
      return written
    } catch (error) {
      return groups.map(() => ({ error })) // written, but not acknowledged
    }
  }

  /** Writes down where the log ends, unless that is known: what is repeated after a failure is acknowledged by it as well. */
  #tell(): void {
    if (this.#end.position === this.#told) return
    this.#record?.write(this.#end)
    this.#told = this.#end.position
  }

  /** The lock keeps other writers of ours away, not a database shell. */
  #checkUntouched(): void {
    const { position } = this.#lastPosition.get() as { readonly position: number }
    if (position <= this.#end.position) return
    throw new StoreFault("TST-STORE-MOVED", `Another program wrote to the event store ${this.#path}. Start again.`)
  }

  /** Runs of dropped events stay as gaps, where the chain goes on. */
  #drop({ drop: { stream, before, last: expected } }: DropGroup, dropped: Dropped): Written {
    const last = this.#ends.of(stream)
    if (last === undefined || last.isEmpty) return { appended: [] }
    if (expected !== undefined && expected !== last.revision) return { appended: [] }
    const end = before === "all" ? last.revision + 1 : Math.min(before, last.revision)
    this.#gaps.drop(last.stream, end, dropped)
    this.#ends.forget(stream)
    return { appended: [] }
  }

  #writeGroup({ parts, recordedAt }: AppendGroup): Written {
    const appended: Array<Appended> = []
    for (const part of parts) {
      const outcome = this.#writePart(part, recordedAt)
      if ("reason" in outcome) return { appended, failure: outcome }
      appended.push(outcome)
    }
    return { appended }
  }

  /** Everything that can be wrong with a part is found before its first event is inserted. */
  #writePart({ stream, expected, events }: ReadyAppend, recordedAt: number): Appended | PartFailure {
    const known = this.#ends.of(stream)
    const { begin, ...last } = known ?? { begin: 0, isEmpty: true, ...nowhere }
    const places = known === undefined ? [] : this.#placesOf(known.stream, events)
    const refuse = (message: string): PartFailure => ({ reason: "AppendRefused", stream, message })
    if (places.length > 0 && places.length < events.length) {
      return refuse(
        `Of ${events.length} events, ${places.length} are in ${JSON.stringify(stream)} already (the first at revision ` +
          `${places[0]!.revision}): a repeated append has to be the same as the first time. Append what is missing.`
      )
    }
    if (places.length > 0 && repeats(places, expected, begin)) return places.at(-1)!
    if (!holds(expected, last)) {
      const actual = expected === "stream_exists" ? -1 : last.revision
      return { reason: "WrongExpectedRevision", stream, expected, actual }
    }
    if (places.length > 0) {
      return refuse(
        `Event ${events[0]!.id} is in ${JSON.stringify(stream)} already, at revision ${places[0]!.revision}.`
      )
    }
    if (events.length === 0) return last.isEmpty ? nowhere : { revision: last.revision, position: last.position }
    const target = known?.stream ?? Number(this.#insertStream.run(stream).lastInsertRowid)
    const appended = this.#insert(target, stream, last.revision, events, recordedAt)
    this.#ends.remember(stream, { stream: target, begin, isEmpty: false, ...appended })
    return appended
  }

  /** What was written since is not there, or elsewhere: what the database has is looked up again. */
  #forget(): void {
    this.#ends.forgetAll()
    this.#kinds.forget()
  }

  #insert(
    target: number,
    stream: string,
    after: number,
    events: ReadonlyArray<ReadyEvent>,
    recordedAt: number
  ): Appended {
    const kinds = new Map<string, number>()
    let { link } = this.#end
    let position = Math.max(this.#end.position, 0) // the first is 1
    let revision = after
    for (const { id, type, metadata, data, bytes } of events) {
      const kind = kinds.get(type) ?? this.#kinds.ensure(category(stream), type)
      kinds.set(type, kind)
      revision++
      position++
      link = linkOf(link, contentOf({ position, stream, revision, type, recordedAt, id, metadata, data }))
      this.#insertEvent.run(position, target, revision, kind, recordedAt, id, link, metadata, data, bytes ?? null)
    }
    this.#end = { position, link }
    return { revision, position }
  }

  #placesOf(stream: number, events: ReadonlyArray<ReadyEvent>): ReadonlyArray<Place> {
    return events.flatMap(({ id }) => (this.#placeOf.get(stream, id) as Place | undefined) ?? [])
  }

  /**
   * Rewrites events in one transaction, and appends the `OffenderErased` that tells of it. The chain goes on over what they
   * said at first; a batch that lost lines keeps what it committed to. Answers how many events the audit names.
   */
  rewrite(
    rewrites: ReadonlyArray<Rewrite>,
    told: { readonly at: string; readonly by: string; readonly lines: number; readonly batches: number },
    recordedAt: number
  ): number {
    const before = this.#end
    const events: Array<{ readonly event: string; readonly content: string }> = []
    this.#db.exec("pragma secure_delete = on; begin immediate")
    this.#ends.forgetAll()
    try {
      for (const { event, stream, data, bytes } of rewrites) {
        if (stream !== undefined) this.#rename.run(stream, event.stream)
        const content = contentOf({ ...event, stream: stream ?? event.stream, data })
        const original = contentOf(event)
        const first = sameDigest(content, original) ? event.content : (event.content ?? original)
        if (first !== null) events.push({ event: event.id, content: content.toString("hex") })
        this.#rewrite.run(data, bytes, first, event.position)
      }
      for (let at = 0; at === 0 || at < events.length; at += mostTold) {
        const counts = at === 0 ? told : { ...told, lines: 0, batches: 0 }
        const data = JSON.stringify({ ...counts, events: events.slice(at, at + mostTold) })
        const audit = { id: randomUUID(), type: "OffenderErased", metadata: '{"version":1}', data }
        this.#writeGroup({ parts: [{ stream: "audit", expected: "any", events: [audit] }], recordedAt })
      }
      this.#db.exec("commit")
    } catch (error) {
      this.#end = before
      this.#forget()
      if (this.#db.isTransaction) this.#db.exec("rollback")
      throw error
    }
    this.#tell()
    return events.length
  }

  /** Leaves nothing of what was rewritten in the write-ahead log. */
  vacate(): void {
    this.#db.exec("pragma wal_checkpoint(truncate)")
  }

  /** Moves what it can of the write-ahead log into the database without waiting for anybody. */
  checkpoint(): void {
    this.#db.exec("pragma wal_checkpoint(passive)")
  }

  close(): void {
    this.#record?.close()
    if (this.#db.isOpen) this.#db.close()
  }
}
