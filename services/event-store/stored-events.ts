/** Events as the database keeps them, in order, with the links of the chain: for whoever checks it. */
import type { DatabaseSync, StatementSync } from "node:sqlite"
import { contentOf, emptyEnd, type LogEnd, linkOf, origin, type StoredEvent } from "./chain.ts"

export interface ChainedEvent extends StoredEvent {
  readonly link: Uint8Array
  /** Of an event that was redacted: the digest of what it said at first. */
  readonly content: Uint8Array | null
  readonly bytes: Uint8Array | null
  /** What readers of some streams look for it under. */
  readonly category: string
}

/** A run of events that were dropped. */
export interface Gap {
  readonly first: number
  readonly last: number
  readonly events: number
  readonly link: Uint8Array
}

export class StoredEvents {
  readonly #last: StatementSync
  readonly #lastGap: StatementSync
  readonly #linkAt: StatementSync
  readonly #after: StatementSync
  readonly #gapAfter: StatementSync
  readonly #gapAt: StatementSync
  readonly #copies: StatementSync
  readonly #dropped: StatementSync
  readonly #schema: StatementSync
  readonly #first: StatementSync

  constructor(db: DatabaseSync) {
    this.#last = db.prepare("select position, link from events order by position desc limit 1")
    this.#lastGap = db.prepare("select last as position, link from gaps order by last desc limit 1")
    this.#linkAt = db.prepare("select link from events where position = ?")
    this.#gapAt = db.prepare("select link from gaps where last = ?")
    this.#copies = db.prepare(
      "select count(*) as copies from events where stream = (select stream from streams where name = ?) and id = ?"
    )
    this.#first = db.prepare("select first from streams where name = ?")
    this.#dropped = db.prepare("select ifnull(sum(events), 0) as events from gaps")
    this.#schema = db.prepare(`
      select count(*) filter (where type = 'index' and tbl_name = 'events') as indexes,
        count(*) filter (where type = 'trigger') as triggers
      from sqlite_schema`)
    this.#after = db.prepare(`
      select position, name as stream, revision, kinds.type as type, kinds.category as category, recorded_at as recordedAt, id, link,
        content, metadata, data, bytes
      from events cross join streams using (stream) cross join kinds using (kind)
      where position > ? order by position`)
    this.#gapAfter = db.prepare("select first, last, events, link from gaps where last > ? order by last limit 1")
  }

  /** How many events of a stream have this id. */
  copiesOf(stream: string, id: string): number {
    return (this.#copies.get(stream, id) as { readonly copies: number }).copies
  }

  /** Revision of the first event that the stream has, had nothing been dropped: 0. */
  firstOf(stream: string): number {
    return (this.#first.get(stream) as { readonly first: number } | undefined)?.first ?? 0
  }

  /** How many events were dropped. */
  dropped(): number {
    return (this.#dropped.get() as { readonly events: number }).events
  }

  /** Whether the table of events has its indexes, which keep ids and revisions unique, and no triggers. */
  hasItsSchema(): boolean {
    const { indexes, triggers } = this.#schema.get() as { readonly indexes: number; readonly triggers: number }
    return indexes === 3 && triggers === 0
  }

  /** Where the log ends. */
  end(): LogEnd {
    const ends = [this.#last.get(), this.#lastGap.get()] as unknown as ReadonlyArray<LogEnd | undefined>
    return ends.reduce<LogEnd>(
      (furthest, end) => (end !== undefined && end.position > furthest.position ? end : furthest),
      emptyEnd
    )
  }

  /** The link up to and including a position; undefined when no event, or run of dropped ones, ends there. */
  linkAt(position: number): Uint8Array | undefined {
    if (position < 0) return origin
    const at = (this.#linkAt.get(position) ?? this.#gapAt.get(position)) as { readonly link: Uint8Array } | undefined
    return at?.link
  }

  /** The next run of dropped events that ends behind a position. */
  gapAfter(position: number): Gap | undefined {
    return this.#gapAfter.get(position) as unknown as Gap | undefined
  }

  /** The events after a position, up to so many or so many bytes (one event at least). */
  page(position: number, size: { readonly events: number; readonly bytes: number }): ReadonlyArray<ChainedEvent> {
    const page: Array<ChainedEvent> = []
    let bytes = 0
    for (const row of this.#after.iterate(position)) {
      const event = row as unknown as ChainedEvent
      page.push(event)
      bytes += event.data.length + (event.bytes?.length ?? 0)
      if (page.length >= size.events || bytes >= size.bytes) break
    }
    return page
  }
}

/** Follows the chain from an end that is known to be right: where the events behind it lead, however far they hold. */
export const linksBehind = (stored: StoredEvents, from: LogEnd): LogEnd => {
  let { position, link } = from
  while (true) {
    const page = stored.page(position, { events: 500, bytes: 4_000_000 })
    if (page.length === 0) break
    for (const event of page) {
      const gap = stored.gapAfter(position)
      if (gap !== undefined && gap.last < event.position) link = gap.link
      link = linkOf(link, event.content ?? contentOf(event))
      position = event.position
    }
  }
  const gap = stored.gapAfter(position)
  return gap === undefined ? { position, link } : { position: gap.last, link: gap.link }
}
