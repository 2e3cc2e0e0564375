/** The errors of the stores for people, and what SQLite and the file system report as one of them. */
import * as Effect from "effect/Effect"
import { StoreUnavailable } from "./event-store.ts"
import { type StoreFailureCode, StoreFault } from "./fault.ts"

export const storeFailure = (code: StoreFailureCode, message: string, cause?: unknown): StoreUnavailable =>
  new StoreUnavailable({ code, message, ...(cause === undefined ? {} : { cause }) })

/** Primary result codes of SQLite (sqlite.org/rescode.html); the extended ones carry them in their low byte. */
const sqlite = {
  error: 1,
  busy: 5,
  locked: 6,
  readOnly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  constraint: 19,
  cannotOpen: 14,
  notDatabase: 26
}
/** An I/O error that means a full disk: the shared memory file beside the log could not grow. */
const sharedMemorySize = 4874

const notWritable = (path: string) =>
  `The event store ${path} is read-only for this user: the file, its directory or its file system. Readers need the ` +
  "right to write in the directory as well, for the index of the newest events that all processes share. Run this as " +
  "the user that runs the node, give this user that right, or name another directory."

const ofSqlite = (result: number, path: string, cause: unknown): StoreUnavailable | undefined => {
  if (result === sharedMemorySize) return storeFailure("TST-STORE-FULL", full(path), cause)
  switch (result & 0xff) {
    case sqlite.busy:
    case sqlite.locked:
      return storeFailure(
        "TST-STORE-BUSY",
        `The event store ${path} is locked by another program, perhaps a database shell. Close it there and try again.`,
        cause
      )
    case sqlite.readOnly:
    case sqlite.cannotOpen:
      return storeFailure("TST-STORE-READ-ONLY", notWritable(path), cause)
    case sqlite.error: // the statements are fixed: a table or column that they name is missing
    case sqlite.constraint: // revisions and positions contradict each other
    case sqlite.corrupt:
      return storeFailure(
        "TST-STORE-DAMAGED",
        `The event store ${path} is damaged. Keep a copy of its directory, and restore a backup or start with an empty directory.`,
        cause
      )
    case sqlite.notDatabase:
      return storeFailure(
        "TST-STORE-DAMAGED",
        `${path} is not an event store, or its beginning is damaged. Name another directory, or restore a backup.`,
        cause
      )
    case sqlite.full:
      return storeFailure("TST-STORE-FULL", full(path), cause)
    case sqlite.io:
      return storeFailure(
        "TST-STORE-IO",
        `The disk under the event store ${path} failed to read or write (SQLite error ${result}). Look at the system's log.`,
        cause
      )
    default:
      return undefined
  }
}

const full = (path: string) =>
  `The disk under the event store ${path} is full. Nothing was half-written; free some space and it goes on.`

const ofSystem = (code: string, path: string, cause: unknown): StoreUnavailable | undefined => {
  switch (code) {
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return storeFailure("TST-STORE-READ-ONLY", notWritable(path), cause)
    case "EEXIST":
    case "ENOTDIR":
    case "ENOENT":
    case "ENAMETOOLONG":
    case "ELOOP":
    case "ERR_INVALID_ARG_VALUE":
      return storeFailure("TST-STORE-DIRECTORY", `${path} cannot be the directory of an event store (${code}).`, cause)
    case "ENOSPC":
    case "EDQUOT":
      return storeFailure("TST-STORE-FULL", full(path), cause)
    case "EIO":
    case "EMFILE":
    case "ENFILE":
      return storeFailure("TST-STORE-IO", `The event store ${path} cannot be reached (${code}).`, cause)
    case "ERR_INVALID_STATE": // what node:sqlite says of a closed database
      return storeFailure("TST-STORE-CLOSED", `The event store ${path} is closed.`, cause)
    default:
      return undefined
  }
}

/** Fails with an error of SQLite or the system; one that is neither is a defect. */
export const failedBy = (error: unknown, path: string): Effect.Effect<never, StoreUnavailable> =>
  Effect.try({
    try: () => {
      throw error
    },
    catch: (cause) => storeFailureOf(cause, path)
  })

/** The error as {@link StoreUnavailable}. One that is neither SQLite's nor the system's is a fault of the program: it is thrown on. */
export const storeFailureOf = (error: unknown, path: string): StoreUnavailable => {
  if (error instanceof StoreUnavailable) return error
  if (error instanceof StoreFault) return storeFailure(error.code, error.message)
  const { errcode, code } = error as { readonly errcode?: unknown; readonly code?: unknown }
  const failure =
    typeof errcode === "number"
      ? ofSqlite(errcode, path, error)
      : typeof code === "string"
        ? ofSystem(code, path, error)
        : undefined
  if (failure === undefined) throw error
  return failure
}
