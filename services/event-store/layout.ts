/**
 * How the embedded store lies on disk: one SQLite database, `events.sqlite`, in its directory.
 *
 * - `streams`: one row a stream. `first`: the revision of its first event, more than 0 once older ones were dropped.
 * - `kinds`: one row for each pair of category (the beginning of the stream's name) and event type. There are few, and
 *   with the index over them a filtered read of the whole log touches matching events only.
 * - `events`: the log. No `position` is given twice, also after the newest events are gone. `link` is the hash chain (see
 *   `chain.ts`); `content`, of an event that was redacted, the digest of what it said at first. `data` and `bytes` come
 *   last, so that a look at the other columns does not read them.
 * - `gaps`: runs of events that were dropped. `link` is that of the last one, where the chain goes on.
 *
 * The write-ahead log makes a commit one write and one sync, and lets other processes read meanwhile.
 */
import { accessSync, constants, existsSync, mkdirSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { contentOf, linkOf, origin, type StoredEvent } from "./chain.ts"
import { StoreFault } from "./fault.ts"
import { headFile } from "./head-record.ts"
import { syncDirectory } from "./sync-directory.ts"

export const storeFile = "events.sqlite"

/** Marks the database as Testudo's: "Tstd". */
const applicationId = 0x54737464
/** Raised with every change of the tables. */
const layoutVersion = 2
/** How long a statement waits for another program's lock before it fails. */
const busyMilliseconds = 2000

const eventTables = `
  create table events(
    position integer primary key,
    stream integer not null,
    revision integer not null,
    kind integer not null,
    recorded_at integer not null,
    id text not null,
    link blob not null,
    content blob,
    metadata text not null,
    data text not null,
    bytes blob,
    unique(stream, revision),
    unique(stream, id)
  ) strict;
  create index events_by_kind on events(kind);
  create table gaps(
    last integer primary key,
    first integer not null,
    events integer not null,
    link blob not null
  ) strict;`

const tables = `
  create table streams(
    stream integer primary key,
    name text not null unique,
    first integer not null default 0
  ) strict;
  create table kinds(
    kind integer primary key,
    category text not null,
    type text not null,
    unique(category, type)
  ) strict;
  ${eventTables}`

const number = (db: DatabaseSync, sql: string): number => Number(Object.values(db.prepare(sql).get() ?? {})[0])

/** The layout of the database, 0 when it is empty as yet. Throws when it is not ours or newer than this program. */
const layoutOf = (db: DatabaseSync, path: string): number => {
  const id = number(db, "pragma application_id")
  if (id === 0 && number(db, "select count(*) from sqlite_schema") === 0) return 0
  if (id !== applicationId) {
    throw new StoreFault("TST-STORE-DAMAGED", `${path} is a database of another program. Name another directory.`)
  }
  const version = number(db, "pragma user_version")
  if (version > layoutVersion) {
    throw new StoreFault(
      "TST-STORE-NEWER",
      `The event store ${path} was written by a newer Testudo (layout ${version}, this one knows ${layoutVersion}). ` +
        "Use that version, or name another directory."
    )
  }
  if (version < 1) {
    throw new StoreFault(
      "TST-STORE-DAMAGED",
      `The event store ${path} says that its layout is ${version}, which never was.`
    )
  }
  return version
}

/** Uses the database, and closes it when that fails. */
export const closedOnFailure = <A>(db: DatabaseSync, use: () => A): A => {
  try {
    return use()
  } catch (error) {
    db.close()
    throw error
  }
}

const create = (db: DatabaseSync): void => {
  db.exec("pragma page_size = 8192; pragma journal_mode = wal; begin immediate")
  db.exec(`pragma application_id = ${applicationId}; pragma user_version = ${layoutVersion}; ${tables} commit`)
}

/** Layout 1 had no chain: it is computed over what is there, in one transaction. */
const chainEvents = (db: DatabaseSync): void => {
  db.exec(`
    begin immediate;
    alter table streams add column first integer not null default 0;
    drop index events_by_kind;
    alter table events rename to unchained;
    ${eventTables}`)
  try {
    const insert = db.prepare(`
      insert into events(position, stream, revision, kind, recorded_at, id, link, metadata, data)
      select position, stream, revision, kind, recorded_at, id, ?, metadata, data from unchained where position = ?`)
    const next = db.prepare(`
      select position, name as stream, revision, kinds.type as type, recorded_at as recordedAt, id, metadata, data
      from unchained join streams using (stream) join kinds using (kind)
      where position > ? order by position limit 1`)
    let link = origin
    for (let position = -1; ; ) {
      const event = next.get(position) as unknown as StoredEvent | undefined
      if (event === undefined) break
      position = event.position
      link = linkOf(link, contentOf(event))
      insert.run(link, position)
    }
    db.exec(`drop table unchained; pragma user_version = ${layoutVersion}; commit`)
  } catch (error) {
    db.exec("rollback")
    throw error
  }
}

/**
 * Logs name people: a new directory is closed to everybody but its user and group. It is made level by level, because
 * Node's own recursion has no end where a file system takes no folders and calls that ENOENT, as /proc does, or an
 * automounter.
 */
export const makeDirectory = (directory: string): void => {
  const missing: Array<string> = []
  for (let path = directory; !existsSync(path); path = dirname(path)) missing.unshift(path)
  for (const path of missing) {
    try {
      mkdirSync(path, { mode: 0o750 })
    } catch (error) {
      // Somebody else was faster.
      if (!existsSync(path)) throw error
    }
    syncDirectory(dirname(path))
  }
  if (!statSync(directory).isDirectory()) throw Object.assign(new Error("not a directory"), { code: "ENOTDIR" })
}

/**
 * Opens the database to read and write, and makes it when it is not there. The caller holds the writer's lock. `isNew`:
 * it was made or brought to this layout just now, so that no head record can be expected.
 */
export const openForWriting = (path: string): { readonly db: DatabaseSync; readonly isNew: boolean } => {
  const db = new DatabaseSync(path, { timeout: busyMilliseconds })
  return closedOnFailure(db, () => {
    // SQLite opens what it may not write to for reading, and says so with the first write only.
    if (path !== ":memory:") accessSync(path, constants.W_OK)
    const layout = layoutOf(db, path)
    if (layout === 0) create(db)
    else if (layout === 1) chainEvents(db)
    db.exec(`
      pragma synchronous = full;
      pragma cache_size = -32000;
      pragma wal_autocheckpoint = 2000;
      pragma journal_size_limit = 67108864;
      pragma trusted_schema = off;
      pragma cell_size_check = on`)
    const journal = db.prepare("pragma journal_mode").get()!["journal_mode"]
    if (journal !== "wal" && path !== ":memory:") {
      throw new StoreFault(
        "TST-STORE-DIRECTORY",
        `${dirname(path)} cannot hold an event store: its file system (a network share?) has no shared memory for its readers.`
      )
    }
    if (path !== ":memory:") syncDirectory(dirname(path))
    return { db, isNew: layout < layoutVersion }
  })
}

/** Opens the database to read beside its writer, if there is one. */
export const openForReading = (path: string): DatabaseSync => {
  const missing = () => {
    // The writer makes the record after the database, and never without one.
    if (existsSync(join(dirname(path), headFile))) {
      return new StoreFault(
        "TST-STORE-LOST",
        `${path} is missing or empty, but the head record beside it says that events were acknowledged. ` +
          "Put the right file back, or go on without them: testudo log accept-loss."
      )
    }
    return new StoreFault(
      "TST-STORE-MISSING",
      `There is no event store in ${dirname(path)}. Start a node or a replay that writes there first, or name another directory.`
    )
  }
  if (!existsSync(path)) throw missing()
  const db = new DatabaseSync(path, { readOnly: true, timeout: busyMilliseconds })
  return closedOnFailure(db, () => {
    const layout = layoutOf(db, path)
    if (layout === 0) throw missing()
    if (layout < layoutVersion) {
      throw new StoreFault(
        "TST-STORE-OLDER",
        `The event store ${path} was written by an older Testudo. Start the node once, so that it brings the store up to date.`
      )
    }
    db.exec("pragma trusted_schema = off; pragma cell_size_check = on")
    return db
  })
}
