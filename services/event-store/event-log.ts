/** The log in one SQLite database: plain synchronous functions that throw the port's errors. */
import { statSync } from "node:fs"
import type { DatabaseSync, StatementSync } from "node:sqlite"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import {
  type Appended,
  AppendRefused,
  type EventFilter,
  type ExpectedRevision,
  type ReadStreamOptions,
  type StreamAppend,
  WrongExpectedRevision
} from "./event-store.ts"
import { storeFailure } from "./failure.ts"
import { category, Kinds } from "./kinds.ts"
import { type Proposal, proposals } from "./proposal.ts"
import { type Row, recordedEvent } from "./row.ts"

/** How much one page holds at most; one event more than the bytes, so that a page always gets on. */
export interface PageSize {
  readonly events: number
  readonly bytes: number
}

export interface Page {
  readonly events: ReadonlyArray<TestudoEvent>
  /** Everything up to this position has been looked at; the next page goes on after it. */
  readonly next: number
}

/** What became of a group: the parts that are written, and why the next one is not. */
export interface GroupOutcome {
  readonly appended: ReadonlyArray<Appended>
  readonly failure?: WrongExpectedRevision | AppendRefused | undefined
}

interface ReadyAppend {
  readonly part: StreamAppend
  readonly events: ReadonlyArray<Proposal>
}

interface Place {
  readonly revision: number
  readonly position: number
}

const nowhere: Place = { revision: -1, position: -1 }

/** Type of the row that stands for the last event of a deleted stream: readers skip it, and revisions go on behind it. */
const deletedType = "$deleted"

/** How many positions one look into the index of one kind takes. */
const indexedPositions = { least: 100, most: 1000 }

/** What the last row of a stream tells a writer. */
interface StreamEnd extends Place {
  readonly type: string
}

const noStream: StreamEnd = { ...nowhere, type: deletedType }

const holds = (expected: ExpectedRevision, { revision, type }: StreamEnd): boolean => {
  if (expected === "any") return true
  if (expected === "stream_exists") return type !== deletedType
  if (expected === "no_stream" || expected === -1) return type === deletedType
  return revision === expected
}

/** Whether the events were appended, in this order, by an append that expected this. */
const repeats = (known: ReadonlyArray<Place>, expected: ExpectedRevision): boolean => {
  const first = known[0]!.revision
  if (!known.every((place, index) => place.revision === first + index)) return false
  if (expected === "any" || expected === "stream_exists") return true
  return first === (expected === "no_stream" ? 0 : expected + 1)
}

export class EventLog {
  readonly #db: DatabaseSync
  readonly #path: string
  readonly #file: bigint | undefined
  readonly #kinds: Kinds
  readonly #head: StatementSync
  readonly #streamOf: StatementSync
  readonly #nameAt: StatementSync
  readonly #lastOf: StatementSync
  readonly #placeOf: StatementSync
  readonly #insertStream: StatementSync
  readonly #insertEvent: StatementSync
  readonly #eventAt: StatementSync
  readonly #eventsAfter: StatementSync
  readonly #positionsOfKind: StatementSync
  readonly #dropBefore: StatementSync
  readonly #markDeleted: StatementSync
  readonly #forwards: StatementSync
  readonly #backwards: StatementSync

  /** @param path of the database file, for messages and to see that it is still there; `:memory:` for none */
  constructor(db: DatabaseSync, path: string) {
    this.#db = db
    this.#path = path
    this.#file = path === ":memory:" ? undefined : statSync(path, { bigint: true }).ino
    this.#kinds = new Kinds(db)
    this.#head = db.prepare("select max(position) as position from events")
    this.#streamOf = db.prepare("select stream from streams where name = ?")
    this.#nameAt = db.prepare("select name from events join streams using (stream) where position = ?")
    this.#lastOf = db.prepare(
      "select revision, position, type from events join kinds using (kind) where stream = ? order by revision desc limit 1"
    )
    this.#placeOf = db.prepare("select revision, position from events where stream = ? and id = ?")
    this.#insertStream = db.prepare("insert into streams(name) values (?)")
    this.#insertEvent = db.prepare(
      "insert into events(stream, revision, kind, recorded_at, id, metadata, data) values (?, ?, ?, ?, ?, ?, ?)"
    )
    const rows = `select position, name as stream, revision, kinds.type as type, recorded_at as recordedAt, id, metadata, data
      from events cross join streams using (stream) cross join kinds using (kind)`
    this.#eventAt = db.prepare(`${rows} where position = ?`)
    this.#eventsAfter = db.prepare(`${rows} where position > ? and position <= ? order by position`)
    this.#positionsOfKind = db.prepare(
      "select position from events where kind = ? and position > ? and position <= ? order by position limit ?"
    )
    this.#dropBefore = db.prepare("delete from events where stream = ? and revision < ?")
    this.#markDeleted = db.prepare(
      "update events set kind = ?, metadata = '{}', data = '{}' where stream = ? and revision = ?"
    )
    this.#forwards = db.prepare(`${rows} where events.stream = ? and revision >= ? order by revision`)
    this.#backwards = db.prepare(`${rows} where events.stream = ? and revision <= ? order by revision desc`)
  }

  /** Position of the last event, or -1. */
  head(): number {
    return (this.#head.get() as { readonly position: number | null }).position ?? -1
  }

  /**
   * Whoever moves or deletes the files under a running process leaves it with a database that nobody will find again:
   * what it then wrote would be acknowledged and lost.
   */
  checkInPlace(): void {
    if (this.#file === undefined) return
    if (statSync(this.#path, { bigint: true, throwIfNoEntry: false })?.ino === this.#file) return
    throw storeFailure(
      "TST-STORE-MOVED",
      `The event store ${this.#path} was moved, deleted or replaced while it was in use. Put it back, or start again.`
    )
  }

  /** Writes the parts in one transaction, up to the first that cannot be. Durable when it returns. */
  append(group: ReadonlyArray<StreamAppend>, recordedAt: number): GroupOutcome {
    const ready: Array<ReadyAppend> = []
    let refused: AppendRefused | undefined
    for (const part of group) {
      const events = proposals(part.stream, part.events, part.expected)
      if (events instanceof AppendRefused) {
        refused = events
        break
      }
      ready.push({ part, events })
    }
    const outcome = ready.length === 0 ? { appended: [] } : this.#write(ready, recordedAt)
    return refused === undefined || outcome.failure !== undefined ? outcome : { ...outcome, failure: refused }
  }

  #write(ready: ReadonlyArray<ReadyAppend>, recordedAt: number): GroupOutcome {
    this.checkInPlace()
    this.#db.exec("begin immediate")
    try {
      const appended: Array<Appended> = []
      let failure: GroupOutcome["failure"]
      for (const { part, events } of ready) {
        const outcome = this.#writePart(part, events, recordedAt)
        if ("_tag" in outcome) {
          failure = outcome
          break
        }
        appended.push(outcome)
      }
      this.#db.exec("commit")
      return { appended, failure }
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("rollback")
      throw error
    }
  }

  /** Everything that can be wrong with a part is found before its first event is inserted. */
  #writePart(
    { stream, expected }: StreamAppend,
    events: ReadonlyArray<Proposal>,
    recordedAt: number
  ): Appended | WrongExpectedRevision | AppendRefused {
    const existing = (this.#streamOf.get(stream) as { readonly stream: number } | undefined)?.stream
    const last = (existing === undefined ? undefined : this.#endOf(existing)) ?? noStream
    const known = existing === undefined ? [] : this.#placesOf(existing, events)
    if (known.length > 0 && known.length < events.length) {
      return new AppendRefused({
        stream,
        message:
          `Of ${events.length} events, ${known.length} are in ${JSON.stringify(stream)} already (the first at revision ` +
          `${known[0]!.revision}): a repeated append has to be the same as the first time. Append what is missing.`
      })
    }
    if (known.length > 0 && repeats(known, expected)) return known.at(-1)!
    if (!holds(expected, last)) {
      const actual = expected === "stream_exists" ? -1 : last.revision
      return new WrongExpectedRevision({ stream, expected, actual })
    }
    if (known.length > 0) {
      return new AppendRefused({
        stream,
        message: `Event ${events[0]!.id} is in ${JSON.stringify(stream)} already, at revision ${known[0]!.revision}.`
      })
    }
    if (events.length === 0)
      return last.type === deletedType ? nowhere : { revision: last.revision, position: last.position }
    const target = existing ?? Number(this.#insertStream.run(stream).lastInsertRowid)
    const kinds = new Map<string, number>()
    let { revision, position } = last
    for (const { id, type, metadata, data } of events) {
      const kind = kinds.get(type) ?? this.#kinds.ensure(category(stream), type)
      kinds.set(type, kind)
      revision++
      position = Number(this.#insertEvent.run(target, revision, kind, recordedAt, id, metadata, data).lastInsertRowid)
    }
    return { revision, position }
  }

  #endOf(stream: number): StreamEnd | undefined {
    return this.#lastOf.get(stream) as StreamEnd | undefined
  }

  #placesOf(stream: number, events: ReadonlyArray<Proposal>): ReadonlyArray<Place> {
    return events.flatMap(({ id }) => (this.#placeOf.get(stream, id) as Place | undefined) ?? [])
  }

  /** Drops what a stream holds below a revision, but for its last event. */
  truncate(name: string, before: number): void {
    const stream = (this.#streamOf.get(name) as { readonly stream: number } | undefined)?.stream
    const last = stream === undefined ? undefined : this.#endOf(stream)
    if (stream !== undefined && last !== undefined) this.#dropBefore.run(stream, Math.min(before, last.revision))
  }

  /** Drops all that a stream holds. What stays of its last event says how its revisions go on. */
  deleteStream(name: string): void {
    const stream = (this.#streamOf.get(name) as { readonly stream: number } | undefined)?.stream
    const last = stream === undefined ? undefined : this.#endOf(stream)
    if (stream === undefined || last === undefined) return
    this.#db.exec("begin immediate")
    try {
      this.#dropBefore.run(stream, last.revision)
      this.#markDeleted.run(this.#kinds.ensure(category(name), deletedType), stream, last.revision)
      this.#db.exec("commit")
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("rollback")
      throw error
    }
  }

  /** The event at this position, or undefined. */
  eventAt(position: number): TestudoEvent | undefined {
    const row = this.#eventAt.get(position)
    return row === undefined ? undefined : recordedEvent(row as unknown as Row)
  }

  readStream(name: string, options: ReadStreamOptions): ReadonlyArray<TestudoEvent> {
    const { direction = "forwards", limit = 1000 } = options
    const stream = (this.#streamOf.get(name) as { readonly stream: number } | undefined)?.stream
    if (stream === undefined) return []
    const events: Array<TestudoEvent> = []
    const rows =
      direction === "forwards"
        ? this.#forwards.iterate(stream, options.from ?? 0)
        : this.#backwards.iterate(stream, options.from ?? Number.MAX_SAFE_INTEGER)
    for (const row of rows) {
      const event = recordedEvent(row as unknown as Row)
      if (event !== undefined && events.push(event) === limit) break
    }
    return events
  }

  /** The next events after a position and up to another that the filter lets through. Types unknown here are left out. */
  page(after: number, upTo: number, filter: EventFilter, size: PageSize): Page {
    const { kinds, byName } = this.#kinds.selected(filter)
    const rows =
      kinds === "all"
        ? (this.#eventsAfter.iterate(after, upTo) as Iterable<unknown>)
        : this.#rowsOfKinds(kinds, after, upTo, byName ? filter.streamPrefixes : undefined, size.events)
    const events: Array<TestudoEvent> = []
    let bytes = 0
    for (const row of rows as Iterable<Row>) {
      const event = recordedEvent(row)
      if (event === undefined) continue
      events.push(event)
      bytes += row.data.length
      if (events.length >= size.events || bytes >= size.bytes) return { events, next: row.position }
    }
    return { events, next: upTo }
  }

  /** Merges the indexed positions of the kinds, some at a time, and reads what a stream prefix does not rule out. */
  *#rowsOfKinds(
    kinds: ReadonlyArray<number>,
    after: number,
    upTo: number,
    prefixes: ReadonlyArray<string> | undefined,
    limit: number
  ): Iterable<Row> {
    const most = Math.min(Math.max(limit, indexedPositions.least), indexedPositions.most)
    for (let from = after; from < upTo; ) {
      let until = upTo // beyond it, a kind that filled its share may have positions that were not looked up
      const positions: Array<number> = []
      for (const kind of kinds) {
        const found = this.#positionsOfKind.all(kind, from, upTo, most) as unknown as ReadonlyArray<Place>
        if (found.length === most) until = Math.min(until, found.at(-1)!.position)
        for (const { position } of found) positions.push(position)
      }
      positions.sort((left, right) => left - right)
      for (const position of positions) {
        if (position > until) break
        if (prefixes !== undefined && !this.#startsWith(position, prefixes)) continue
        yield this.#eventAt.get(position) as unknown as Row
      }
      from = until
    }
  }

  #startsWith(position: number, prefixes: ReadonlyArray<string>): boolean {
    const { name } = this.#nameAt.get(position) as { readonly name: string }
    return prefixes.some((prefix) => name.startsWith(prefix))
  }

  /** Moves what it can of the write-ahead log into the database without waiting for anybody. */
  checkpoint(): void {
    this.#db.exec("pragma wal_checkpoint(passive)")
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close()
  }
}
