/** Reading the log in one SQLite database: plain synchronous functions that throw the port's errors. */
import { statSync } from "node:fs"
import type { DatabaseSync, StatementSync } from "node:sqlite"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import type { EventFilter, ReadStreamOptions } from "./event-store.ts"
import { storeFailure } from "./failure.ts"
import { Kinds } from "./kinds.ts"
import { isKnown, type Row, recordedEvent, rowColumns, rowOf } from "./row.ts"

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

/** A statement that gives its rows as arrays. */
const inArrays = (db: DatabaseSync, sql: string): StatementSync => {
  const statement = db.prepare(sql)
  statement.setReturnArrays(true)
  return statement
}

/** Runs of positions that follow one another: a run is read in one go. */
function* runsOf(positions: ReadonlyArray<number>): Iterable<readonly [first: number, last: number]> {
  for (let index = 0; index < positions.length; ) {
    const first = positions[index]!
    let last = first
    while (positions[++index] === last + 1) last++
    yield [first, last]
  }
}

/** What is made of the rows until a page is full (`full`: by the row at which position), without those of which nothing is made. */
const pageOf = <Item>(
  rows: Iterable<unknown>,
  size: PageSize,
  itemOf: (row: Row) => Item | undefined
): { readonly items: ReadonlyArray<Item>; readonly full: number | undefined } => {
  const items: Array<Item> = []
  let bytes = 0
  for (const columns of rows) {
    const row = rowOf(columns)
    const item = itemOf(row)
    if (item === undefined) continue
    items.push(item)
    bytes += row.data.length + (row.bytes?.length ?? 0)
    if (items.length >= size.events || bytes >= size.bytes) return { items, full: row.position }
  }
  return { items, full: undefined }
}

/** How many positions one look into the index of one kind takes. */
const indexedPositions = { least: 100, most: 1000 }

export class EventLog {
  readonly #db: DatabaseSync
  readonly #path: string
  readonly #file: bigint | undefined
  readonly #kinds: Kinds
  readonly #head: StatementSync
  readonly #streamOf: StatementSync
  readonly #nameAt: StatementSync
  readonly #eventAt: StatementSync
  readonly #eventsAfter: StatementSync
  readonly #positionsOfKind: StatementSync
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
    const rows = `select ${rowColumns} from events cross join streams using (stream) cross join kinds using (kind)`
    this.#eventAt = inArrays(db, `${rows} where position = ?`)
    this.#eventsAfter = inArrays(db, `${rows} where position > ? and position <= ? order by position`)
    this.#positionsOfKind = inArrays(
      db,
      "select position from events where kind = ? and position > ? and position <= ? order by position limit ?"
    )
    this.#forwards = inArrays(db, `${rows} where events.stream = ? and revision >= ? order by revision`)
    this.#backwards = inArrays(db, `${rows} where events.stream = ? and revision <= ? order by revision desc`)
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

  /** The event at this position, or undefined. */
  eventAt(position: number): TestudoEvent | undefined {
    const row = this.rowAt(position)
    return row === undefined ? undefined : recordedEvent(row)
  }

  /** The same as it is stored. */
  rowAt(position: number): Row | undefined {
    const row = this.#eventAt.get(position)
    return row === undefined ? undefined : rowOf(row)
  }

  /** The next events after a position as they are stored. */
  rows(after: number, size: PageSize): ReadonlyArray<Row> {
    return pageOf(this.#eventsAfter.iterate(after, Number.MAX_SAFE_INTEGER), size, (row) => row).items
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
      const event = recordedEvent(rowOf(row))
      if (event !== undefined && events.push(event) === limit) break
    }
    return events
  }

  /** The next events after a position and up to another that the filter lets through. Types unknown here are left out. */
  page(after: number, upTo: number, filter: EventFilter, size: PageSize): Page {
    const { kinds, byName } = this.#kinds.selected(filter, isKnown)
    const rows =
      kinds === "all"
        ? this.#eventsAfter.iterate(after, upTo)
        : this.#rowsOfKinds(kinds, after, upTo, byName ? filter.streamPrefixes : undefined, size.events)
    const { items, full } = pageOf(rows, size, recordedEvent)
    return { events: items, next: full ?? upTo }
  }

  /** Merges the indexed positions of the kinds, some at a time, and reads what a stream prefix does not rule out. */
  *#rowsOfKinds(
    kinds: ReadonlyArray<number>,
    after: number,
    upTo: number,
    prefixes: ReadonlyArray<string> | undefined,
    limit: number
  ): Iterable<unknown> {
    const most = Math.min(Math.max(limit, indexedPositions.least), indexedPositions.most)
    for (let from = after; from < upTo; ) {
      let until = upTo // beyond it, a kind that filled its share may have positions that were not looked up
      const positions: Array<number> = []
      for (const kind of kinds) {
        const found = this.#positionsOfKind.all(kind, from, upTo, most) as unknown as ReadonlyArray<readonly [number]>
        if (found.length === most) until = Math.min(until, found.at(-1)![0])
        for (const [position] of found) positions.push(position)
      }
      const wanted = positions
        .filter((position) => position <= until && (prefixes === undefined || this.#startsWith(position, prefixes)))
        .sort((left, right) => left - right)
      for (const [first, last] of runsOf(wanted)) yield* this.#eventsAfter.iterate(first - 1, last)
      from = until
    }
  }

  #startsWith(position: number, prefixes: ReadonlyArray<string>): boolean {
    const found = this.#nameAt.get(position) as { readonly name: string } | undefined
    // Another process may drop events meanwhile.
    return found !== undefined && prefixes.some((prefix) => found.name.startsWith(prefix))
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close()
  }
}
