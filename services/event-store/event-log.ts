/** Reading the log in one SQLite database: plain synchronous functions that throw the port's errors. */
import type { DatabaseSync, StatementSync } from "node:sqlite"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { DatabaseFile } from "./database-file.ts"
import type { EventFilter, ReadStreamOptions } from "./event-store.ts"
import { Kinds } from "./kinds.ts"
import type { PageSize } from "./page-size.ts"
import { bytesOf, isKnown, type Row, recordedEvent } from "./row.ts"
import { RowQuery } from "./row-query.ts"

export interface Page {
  readonly events: ReadonlyArray<TestudoEvent>
  /** Everything up to this position has been looked at; the next page goes on after it. */
  readonly next: number
}

/** The rows of several kinds, each in the order of positions, as one. */
function* merged(kinds: ReadonlyArray<Iterable<Row>>): Iterable<Row> {
  const lanes = kinds.map((rows) => rows[Symbol.iterator]())
  const next = lanes.map((lane) => lane.next().value as Row | undefined)
  while (true) {
    let first = -1
    for (const [lane, row] of next.entries())
      if (row !== undefined && (first < 0 || row.position < next[first]!.position)) first = lane
    if (first < 0) return
    yield next[first]!
    next[first] = lanes[first]!.next().value as Row | undefined
  }
}

/** What is made of the rows until a page is full (`full`: by the row at which position), without those of which nothing is made. */
const pageOf = <Item>(
  rows: Iterable<Row>,
  size: PageSize,
  itemOf: (row: Row) => Item | undefined
): { readonly items: ReadonlyArray<Item>; readonly full: number | undefined } => {
  const items: Array<Item> = []
  let bytes = 0
  for (const row of rows) {
    const item = itemOf(row)
    if (item === undefined) continue
    items.push(item)
    bytes += bytesOf(row)
    if (items.length >= size.events || bytes >= size.bytes) return { items, full: row.position }
  }
  return { items, full: undefined }
}

/** Among so many positions streams are looked for by their names in one go: a long look would hold its snapshot. */
const namesAtOnce = 10_000

export class EventLog {
  readonly #db: DatabaseSync
  readonly #file: DatabaseFile | undefined
  readonly #kinds: Kinds
  readonly #head: StatementSync
  readonly #streamOf: StatementSync
  readonly #eventAt: RowQuery
  readonly #eventsAfter: RowQuery
  readonly #ofKind: RowQuery
  readonly #ofKindAndName: RowQuery
  readonly #forwards: RowQuery
  readonly #backwards: RowQuery

  /** @param path of the database file, to see that it is still there; `:memory:` for none */
  constructor(db: DatabaseSync, path: string) {
    this.#db = db
    this.#file = path === ":memory:" ? undefined : new DatabaseFile(path)
    this.#kinds = new Kinds(db)
    this.#head = db.prepare("select max(position) as position from events")
    this.#streamOf = db.prepare("select stream from streams where name = ?")
    this.#eventAt = new RowQuery(db, this.#kinds, "position = ?")
    this.#eventsAfter = new RowQuery(db, this.#kinds, "position > ? and position <= ? order by position")
    this.#ofKind = new RowQuery(db, this.#kinds, "kind = ? and position > ? and position <= ? order by position")
    this.#ofKindAndName = new RowQuery(
      db,
      this.#kinds,
      "kind = ? and position > ? and position <= ? " +
        "and exists (select 1 from json_each(?) where substr(name, 1, length(value)) = value) order by position"
    )
    this.#forwards = new RowQuery(db, this.#kinds, "events.stream = ? and revision >= ? order by revision")
    this.#backwards = new RowQuery(db, this.#kinds, "events.stream = ? and revision <= ? order by revision desc")
  }

  /** Position of the last event, or -1. */
  head(): number {
    return (this.#head.get() as { readonly position: number | null }).position ?? -1
  }

  /** Throws when the file is not the one that was opened. */
  checkInPlace(): void {
    this.#file?.checkInPlace()
  }

  /** The event at this position, or undefined. */
  eventAt(position: number): TestudoEvent | undefined {
    const row = this.rowAt(position)
    return row === undefined ? undefined : recordedEvent(row)
  }

  /** The same as it is stored. */
  rowAt(position: number): Row | undefined {
    return this.#eventAt.one(position)
  }

  /** The next events after a position as they are stored. */
  rows(after: number, size: PageSize): ReadonlyArray<Row> {
    return pageOf(this.#between(after, Number.MAX_SAFE_INTEGER, size.events), size, (row) => row).items
  }

  readStream(name: string, options: ReadStreamOptions): ReadonlyArray<TestudoEvent> {
    const { direction = "forwards", limit = 1000 } = options
    const stream = (this.#streamOf.get(name) as { readonly stream: number } | undefined)?.stream
    if (stream === undefined) return []
    const events: Array<TestudoEvent> = []
    const rows =
      direction === "forwards"
        ? this.#forwards.rows((last) => [stream, last === undefined ? (options.from ?? 0) : last.revision + 1], limit)
        : this.#backwards.rows(
            (last) => [stream, last === undefined ? (options.from ?? Number.MAX_SAFE_INTEGER) : last.revision - 1],
            limit
          )
    for (const row of rows) {
      const event = recordedEvent(row)
      if (event !== undefined && events.push(event) === limit) break
    }
    return events
  }

  /** The next events after a position and up to another that the filter lets through. Types unknown here are left out. */
  page(after: number, upTo: number, filter: EventFilter, size: PageSize): Page {
    const { kinds, byName } = this.#kinds.selected(filter, isKnown)
    const rows =
      kinds === "all"
        ? this.#between(after, upTo, size.events)
        : this.#rowsOfKinds(kinds, after, upTo, byName ? filter.streamPrefixes : undefined, size.events)
    const { items, full } = pageOf(rows, size, recordedEvent)
    return { events: items, next: full ?? upTo }
  }

  /** The rows after a position, up to another. */
  #between(after: number, upTo: number, wanted: number): Iterable<Row> {
    return this.#eventsAfter.rows((last) => [last?.position ?? after, upTo], wanted)
  }

  /** The rows of some kinds after a position, up to another, of streams that begin with one of the prefixes. */
  *#rowsOfKinds(
    kinds: ReadonlyArray<number>,
    after: number,
    upTo: number,
    prefixes: ReadonlyArray<string> | undefined,
    wanted: number
  ): Iterable<Row> {
    if (prefixes === undefined) {
      yield* merged(kinds.map((kind) => this.#ofKind.rows((last) => [kind, last?.position ?? after, upTo], wanted)))
      return
    }
    const names = JSON.stringify(prefixes)
    for (let from = after; from < upTo; from += namesAtOnce) {
      const until = Math.min(from + namesAtOnce, upTo)
      const rowsOf = (kind: number) =>
        this.#ofKindAndName.rows((last) => [kind, last?.position ?? from, until, names], wanted)
      yield* merged(kinds.map(rowsOf))
    }
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close()
  }
}
