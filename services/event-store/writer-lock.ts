/**
 * One writer a directory: a lock that the operating system drops when its process ends, however it ends.
 *
 * Node has no `flock`, SQLite has file locks: the lock is an exclusive transaction on an empty database, `writer.lock`,
 * which is never committed. Beside it `writer.json` tells people and commands who holds the lock; it counts only while
 * the lock is held. POSIX drops all locks of a process on a file as soon as the process closes any descriptor of it, so
 * `writer.lock` must never be opened other than through SQLite.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as Effect from "effect/Effect"
import type { StoreUnavailable } from "./event-store.ts"
import { storeFailure, storeFailureOf } from "./failure.ts"

/** Who writes to a store now. Fields are missing when the record is not readable (just being written, or damaged). */
export interface Holder {
  readonly pid?: number
  readonly command?: string
  /** RFC 3339. */
  readonly since?: string
  /** What the holder wants others to know, such as the socket of its administration. Readable by whoever may read the directory. */
  readonly announced: Readonly<Record<string, string>>
}

const lockFile = "writer.lock"
const recordFile = "writer.json"
/** Long enough for somebody who only looks whether the lock is held to let go of it. */
const patienceMilliseconds = 250
const maxRecordBytes = 65_536
const sqliteBusy = 5

const isBusy = (error: unknown): boolean => ((error as { readonly errcode?: number }).errcode ?? 0) % 256 === sqliteBusy

const text = (value: unknown): string | undefined => (typeof value === "string" ? value.slice(0, 1000) : undefined)

/** The record as it is, believed in nothing: another program may have written it. */
const readRecord = (directory: string): Holder => {
  let record: unknown
  try {
    const content = readFileSync(join(directory, recordFile), "utf8")
    record = content.length > maxRecordBytes ? undefined : JSON.parse(content)
  } catch {
    return { announced: {} }
  }
  const { pid, command, since, announced } = (record ?? {}) as Record<string, unknown>
  const told = Object.entries(typeof announced === "object" && announced !== null ? announced : {})
  return {
    ...(Number.isSafeInteger(pid) ? { pid: pid as number } : {}),
    ...(text(command) === undefined ? {} : { command: text(command)! }),
    ...(text(since) === undefined ? {} : { since: text(since)! }),
    announced: Object.fromEntries(told.flatMap(([key, value]) => (typeof value === "string" ? [[key, value]] : [])))
  }
}

const writeRecord = (directory: string, holder: Holder): void => {
  const path = join(directory, recordFile)
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(holder)}\n`)
  renameSync(draft, path)
}

/** What a command was called with, for others to read: not the user of a server, and not a bouncer's key. */
export const withoutSecrets = (words: ReadonlyArray<string>): ReadonlyArray<string> =>
  words.map((word, index) =>
    /^(?:-k|--key)$/.test(words[index - 1] ?? "")
      ? "…"
      : word.replace(/:\/\/.*@/s, "://…@").replace(/^(-k|--key=)..*/s, "$1…")
  )

const inUse = (directory: string): StoreUnavailable => {
  const { pid, command } = readRecord(directory)
  const who = pid === undefined ? "another process" : `process ${pid}${command === undefined ? "" : ` (${command})`}`
  return storeFailure(
    "TST-STORE-IN-USE",
    `The event store ${directory} is written by ${who}. One directory has one writer: stop that process, or name another directory.`
  )
}

/**
 * Takes the lock and gives back what releases it. Throws `TST-STORE-IN-USE`, naming the holder, when it is taken.
 *
 * @param since the time now, RFC 3339
 */
export const lockForWriting = (
  directory: string,
  since: string,
  announced: Readonly<Record<string, string>>
): (() => void) => {
  const lock = new DatabaseSync(join(directory, lockFile), { timeout: patienceMilliseconds })
  try {
    lock.exec("pragma journal_mode = memory; begin exclusive")
    const command = ["node", ...withoutSecrets(process.argv.slice(1))].join(" ").slice(0, 300)
    writeRecord(directory, { pid: process.pid, command, since, announced })
  } catch (error) {
    lock.close()
    throw isBusy(error) ? inUse(directory) : error
  }
  return () => {
    rmSync(join(directory, recordFile), { force: true })
    lock.close()
  }
}

const isHeld = (directory: string): boolean => {
  const path = join(directory, lockFile)
  if (!existsSync(path)) return false
  const probe = new DatabaseSync(path, { readOnly: true, timeout: 0 })
  try {
    probe.prepare("select count(*) from sqlite_schema").get()
    return false
  } catch (error) {
    if (isBusy(error)) return true
    throw error
  } finally {
    probe.close()
  }
}

/** Who writes to the store in this directory now; undefined when nobody does, also when there is no such directory. */
export const readHolder = (directory: string): Effect.Effect<Holder | undefined, StoreUnavailable> =>
  Effect.try({
    try: () => {
      const path = resolve(directory)
      return isHeld(path) ? readRecord(path) : undefined
    },
    catch: (error) => storeFailureOf(error, directory)
  })
