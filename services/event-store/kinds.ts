/** The kinds of events that a log holds: pairs of stream category and event type, numbered. */
import type { DatabaseSync, StatementSync } from "node:sqlite"
import type { EventFilter } from "./event-store.ts"

interface Kind {
  readonly kind: number
  readonly category: string
  readonly type: string
}

/** A stream's name up to its first `-`, inclusive: `log-`, `offender-`; all of a name without one: `ruleset`. */
export const category = (stream: string): string => stream.slice(0, stream.indexOf("-") + 1) || stream

/** Whether all streams of the category begin with the prefix. */
const covers = (prefix: string, { category }: Kind): boolean => category.startsWith(prefix)

/** Whether some of them may. */
const reachesInto = (prefix: string, { category }: Kind): boolean =>
  category.endsWith("-") && prefix.startsWith(category)

/** What to look at for a filter. */
export interface Selection {
  /** `all` when the filter leaves none out. */
  readonly kinds: "all" | ReadonlyArray<number>
  /** Some streams of these kinds do not begin with a prefix of the filter: their names have to be looked at. */
  readonly byName: boolean
}

export class Kinds {
  readonly #last: StatementSync
  readonly #all: StatementSync
  readonly #insert: StatementSync
  #known: ReadonlyArray<Kind> = []

  constructor(db: DatabaseSync) {
    this.#last = db.prepare("select max(kind) as kind from kinds")
    this.#all = db.prepare("select kind, category, type from kinds order by kind")
    this.#insert = db.prepare("insert into kinds(category, type) values (?, ?)")
  }

  /** The kinds as the database has them now: the writer is perhaps another process. */
  #current(): ReadonlyArray<Kind> {
    const { kind } = this.#last.get() as { readonly kind: number | null }
    if (kind !== (this.#known.at(-1)?.kind ?? null)) this.#known = this.#all.all() as unknown as ReadonlyArray<Kind>
    return this.#known
  }

  /** The event type of a kind that the database has. */
  typeOf(kind: number): string {
    let known = this.#known.find((each) => each.kind === kind)
    known ??= this.#current().find((each) => each.kind === kind)
    return known!.type
  }

  /** The number of this kind, a new one when it was not there. Within a transaction. */
  ensure(category: string, type: string): number {
    const isIt = (kind: Kind) => kind.category === category && kind.type === type
    const known = this.#known.find(isIt) ?? this.#current().find(isIt)
    return known?.kind ?? Number(this.#insert.run(category, type).lastInsertRowid)
  }

  /** After a rollback: it may have taken kinds away. */
  forget(): void {
    this.#known = []
  }

  /** The kinds that can pass the filter and that this version can read. */
  selected({ types, streamPrefixes }: EventFilter, isKnown: (type: string) => boolean): Selection {
    const kinds = this.#current()
    const covered = (kind: Kind) => streamPrefixes?.some((prefix) => covers(prefix, kind)) ?? true
    const selected = kinds.filter(
      (kind) =>
        isKnown(kind.type) &&
        (types?.includes(kind.type) ?? true) &&
        (covered(kind) || streamPrefixes?.some((prefix) => reachesInto(prefix, kind)))
    )
    const byName = !selected.every(covered)
    return { kinds: selected.length === kinds.length && !byName ? "all" : selected.map(({ kind }) => kind), byName }
  }
}
