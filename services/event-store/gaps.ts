/** Runs of dropped events: what is kept of them so that the chain over the rest still holds. */
import { randomUUID } from "node:crypto"
import type { DatabaseSync, StatementSync } from "node:sqlite"
import type { AppendGroup } from "./ready-group.ts"
import type { Gap } from "./stored-events.ts"

/** What one transaction drops, for the event that tells of it. */
export class Dropped {
  readonly #types = new Set<string>()
  #bytes = 0
  #until = 0
  events = 0

  add(event: { readonly type: string; readonly bytes: number; readonly recordedAt: number }): void {
    this.#types.add(event.type)
    this.#bytes += event.bytes
    this.#until = Math.max(this.#until, event.recordedAt)
    this.events++
  }

  /** `EventsDropped`: without it, a check takes the gaps for an attack. */
  told(recordedAt: number): AppendGroup {
    const data = {
      at: new Date(recordedAt).toISOString(),
      types: [...this.#types].sort(),
      events: this.events,
      bytes: this.#bytes,
      recordedUntil: new Date(this.#until).toISOString()
    }
    const event = { id: randomUUID(), type: "EventsDropped", metadata: '{"version":1}', data: JSON.stringify(data) }
    return { parts: [{ stream: "audit", expected: "any", events: [event] }], recordedAt }
  }
}

interface DroppedRow {
  readonly position: number
  readonly revision: number
  readonly link: Uint8Array
  readonly type: string
  readonly bytes: number
  readonly recordedAt: number
}

export class Gaps {
  readonly #rows: StatementSync
  readonly #delete: StatementSync
  readonly #setFirst: StatementSync
  readonly #eventBefore: StatementSync
  readonly #eventAfter: StatementSync
  readonly #gapBefore: StatementSync
  readonly #gapAfter: StatementSync
  readonly #insertGap: StatementSync
  readonly #deleteGap: StatementSync

  constructor(db: DatabaseSync) {
    this.#rows = db.prepare(`
      select position, revision, link, type, recorded_at as recordedAt,
        octet_length(data) + ifnull(octet_length(bytes), 0) as bytes
      from events join kinds using (kind) where stream = ? and revision < ? order by revision`)
    this.#delete = db.prepare("delete from events where position = ?")
    this.#setFirst = db.prepare("update streams set first = max(first, ?) where stream = ?")
    this.#eventBefore = db.prepare("select max(position) as position from events where position < ?")
    this.#eventAfter = db.prepare("select min(position) as position from events where position > ?")
    this.#gapBefore = db.prepare("select first, last, events, link from gaps where last < ? order by last desc limit 1")
    this.#gapAfter = db.prepare("select first, last, events, link from gaps where last > ? order by last limit 1")
    this.#insertGap = db.prepare("insert into gaps(first, last, events, link) values (?, ?, ?, ?)")
    this.#deleteGap = db.prepare("delete from gaps where last = ?")
  }

  /** Drops the events of a stream below a revision. Within a transaction. */
  drop(stream: number, before: number, dropped: Dropped): void {
    const rows = this.#rows.all(stream, before) as unknown as ReadonlyArray<DroppedRow>
    for (const row of rows) {
      this.#delete.run(row.position)
      this.#add({ first: row.position, last: row.position, events: 1, link: row.link })
      dropped.add(row)
    }
    this.#setFirst.run(before, stream)
  }

  /** Neighbouring gaps with no event between them become one. */
  #add(gap: Gap): void {
    let { first, last, events, link } = gap
    const before = this.#gapBefore.get(first) as unknown as Gap | undefined
    if (before !== undefined && (this.#positionOf(this.#eventBefore, first) ?? -1) < before.last) {
      this.#deleteGap.run(before.last)
      first = before.first
      events += before.events
    }
    const after = this.#gapAfter.get(last) as unknown as Gap | undefined
    if (after !== undefined && (this.#positionOf(this.#eventAfter, last) ?? Number.MAX_SAFE_INTEGER) > after.first) {
      this.#deleteGap.run(after.last)
      last = after.last
      events += after.events
      link = after.link
    }
    this.#insertGap.run(first, last, events, link)
  }

  #positionOf(statement: StatementSync, position: number): number | undefined {
    return (statement.get(position) as { readonly position: number | null }).position ?? undefined
  }
}
