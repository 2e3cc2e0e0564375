/**
 * Where does reading go on? A log's bytes move through several files: the one at its path, and those that rotation made
 * of it. This finds the file that holds a recorded position, and the file that comes after another one.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { chunksOf, compressionOf, decompress } from "./compression.ts"
import {
  beginsAs,
  findPosition,
  fingerprintBytes,
  isMadeAfter,
  type OpenedFile,
  openFile,
  type Position
} from "./file-identity.ts"
import { GrowingFile, type OpenFile, StreamedFile } from "./open-file.ts"
import { isGone } from "./reading-problem.ts"
import { namesOf, newerThan, type Rotated, rotatedOf, type Sibling, siblingsOf } from "./rotated-files.ts"

/** Where reading goes on. */
export interface Continuation {
  /** Undefined: nowhere yet, the path has no file that was not read. */
  readonly file?: OpenFile
  /**
   * `same`: in the bytes after the position. `next`: at the beginning of the next file. `cut`: at the new end of a file
   * that lost the end of what was read.
   */
  readonly as: "same" | "next" | "cut"
  /** The file is the one at the log's own path. */
  readonly atPath: boolean
  /** No file was found that holds the position. */
  readonly lost: boolean
}

/** A name that led to another file, or to none, when it was followed: everything is looked at anew. */
const moved = Symbol("moved")

const openSibling = async (sibling: Sibling): Promise<OpenedFile | StreamedFile | typeof moved> => {
  try {
    const opened = await openFile(sibling.path, sibling.status.inode)
    if (opened === undefined) return moved
    const compression = compressionOf(opened.head)
    if (compression === undefined) return opened
    return await StreamedFile.open(sibling.path, opened.status, decompress(chunksOf(opened.handle), compression), () =>
      opened.handle.close()
    )
  } catch (cause) {
    if (isGone(cause)) return moved
    throw cause
  }
}

type Found = { readonly is: "here"; readonly file: OpenFile } | { readonly is: "shorter" } | { readonly is: "other" }

/** Looks for the position in a sibling, and opens it there. `settled`: the sibling is a copy, nobody writes to it. */
const lookInto = async (sibling: Sibling, position: Position, settled: boolean): Promise<Found | typeof moved> => {
  let file: OpenedFile | StreamedFile | typeof moved
  try {
    file = await openSibling(sibling)
  } catch {
    return { is: "other" } // It may not be read, so it cannot be the one that was read.
  }
  if (file === moved) return moved
  if (file instanceof StreamedFile) {
    const is = await file.skipTo(position)
    if (is === "here") return { is, file }
    await file.close()
    return { is }
  }
  const is = await findPosition(file, position)
  if (is === "here") return { is, file: await GrowingFile.at(sibling.path, file, position.to, settled) }
  await file.handle.close()
  return { is }
}

interface Located {
  readonly sibling: Sibling
  /** Undefined: the file ends before the position, it holds nothing new. */
  readonly file?: OpenFile
}

/** The sibling that holds the position: by inode when it was renamed, by its bytes when it was copied or compressed. */
const locate = async (
  position: Position,
  siblings: ReadonlyArray<Sibling>,
  rotated: ReadonlyArray<Rotated>
): Promise<Located | undefined | typeof moved> => {
  // An empty file has no bytes to be recognised by, and its inode may be another file's by now.
  const renamed = (position.to === 0 ? rotated : siblings).filter(({ status }) => status.inode === position.file.inode)
  const copies = (position.to === 0 ? [] : rotated)
    .filter(({ status }) => status.inode !== position.file.inode)
    .sort(
      (left, right) =>
        Number(left.rotated.compressed) - Number(right.rotated.compressed) || right.modified - left.modified
    )
  let shorter: Located | undefined
  for (const sibling of [...renamed, ...copies]) {
    const found = await lookInto(sibling, position, !renamed.includes(sibling))
    if (found === moved) return moved
    if (found.is === "here") return { sibling, file: found.file }
    if (found.is === "shorter") shorter ??= { sibling }
  }
  return shorter
}

/** The same, and at last among all files: there may be thousands of others in the folder, each of which has to be looked at. */
const locateAnywhere = async (
  path: string,
  position: Position,
  siblings: ReadonlyArray<Sibling>,
  rotated: ReadonlyArray<Rotated>
): Promise<Located | undefined | typeof moved> => {
  const located = await locate(position, siblings, rotated)
  return located === undefined ? locate(position, await siblingsOf(path, "all"), []) : located
}

/** Whether a file was read before, or is being read by somebody else: then it is not what comes next. */
export type IsRead = (file: OpenFile) => Promise<boolean>

/** The first of the files that was not read, at its beginning. */
const firstUnread = async (
  files: ReadonlyArray<Sibling>,
  isRead: IsRead
): Promise<OpenFile | undefined | typeof moved> => {
  for (const sibling of files) {
    if (sibling.status.size === 0) continue
    const opened = await openSibling(sibling)
    if (opened === moved) return moved
    const file = opened instanceof StreamedFile ? opened : await GrowingFile.at(sibling.path, opened, 0)
    if (!(await isRead(file))) return file
    await file.close()
  }
  return undefined
}

/**
 * Whether this is what is left of the file that was read, whose end was cut off. A log that was emptied and begins as it did
 * before may look the same, so its copy is looked for first.
 */
const isCut = ({ head, status }: OpenedFile, position: Position): boolean =>
  status.inode === position.file.inode &&
  !isMadeAfter(status, position) &&
  head.length > 0 &&
  status.size < position.to &&
  (beginsAs(head, position.file) || position.head?.subarray(0, head.length).equals(head) === true)

const tryToContinue = async (
  path: string,
  position: Position,
  finished: boolean,
  isRead: IsRead
): Promise<Continuation | typeof moved> => {
  // First the path, then the siblings: a rotation in between then shows among the siblings and nothing is passed over.
  let current: OpenedFile | undefined
  try {
    current = await openFile(path)
  } catch (cause) {
    if (!isGone(cause)) throw cause
  }
  let keep: OpenFile | undefined
  try {
    if (current !== undefined) {
      const { status } = current
      const same = status.inode === position.file.inode
      // A small beginning proves nothing about a file with another inode: it may just begin alike.
      const proven = same || position.file.fingerprint.bytes >= fingerprintBytes
      const is = proven ? await findPosition(current, position) : "other"
      if (is === "here") {
        // It came back, or was emptied and begins as it did before: what is behind the position is new all the same.
        if (finished && status.size === position.to) return { as: "next", atPath: true, lost: false }
        keep = await GrowingFile.at(path, current, position.to)
        return { file: keep, as: "same", atPath: true, lost: false }
      }
    }
    const siblings = await siblingsOf(path, "rotated")
    const rotated = rotatedOf(path, siblings)
    const located = await locateAnywhere(path, position, siblings, rotated)
    if (located === moved) return moved
    if (located?.file !== undefined) {
      if (!finished) {
        keep = located.file
        return { file: keep, as: "same", atPath: false, lost: false }
      }
      await located.file.close()
    }
    if (!finished && located === undefined && current !== undefined && isCut(current, position)) {
      keep = await GrowingFile.at(path, current, current.status.size)
      return { file: keep, as: "cut", atPath: true, lost: false }
    }
    const lost = located === undefined
    const newer = newerThan(located?.sibling, rotated, position.seen)
    // What became rotated only after the path was opened comes after the file at the path.
    const until = newer.findIndex(({ status }) => status.inode === current?.status.inode)
    const next = await firstUnread(until < 0 ? newer : newer.slice(0, until), isRead)
    if (next === moved) return moved
    if (next !== undefined) return { file: next, as: "next", atPath: false, lost }
    // Of an empty file nobody could tell later whether it was written, copied and truncated in the meantime.
    if (current === undefined || current.status.size === 0) return { as: "next", atPath: true, lost }
    keep = await GrowingFile.at(path, current, 0)
    return { file: keep, as: "next", atPath: true, lost }
  } finally {
    if (current !== undefined && !(keep instanceof GrowingFile && keep.handle === current.handle)) {
      await current.handle.close()
    }
  }
}

/**
 * Where reading goes on after a position. `finished`: all of its file was read, only newer files count.
 * Fails with the operating system's error when the path cannot be opened.
 *
 * Reading a folder and looking at its files takes time, in which a rotation may rename all of them. An answer counts only
 * when no name leads to another file than before; without one there is no file for now, and `sure` is false.
 */
export const continueAfter = async (
  path: string,
  position: Position,
  finished: boolean,
  isRead: IsRead
): Promise<Continuation & { readonly sure: boolean }> => {
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    const before = await namesOf(path)
    const continuation = await tryToContinue(path, position, finished, isRead)
    if (continuation !== moved) {
      if ((await namesOf(path)) === before) return { ...continuation, sure: true }
      await continuation.file?.close()
    }
    await sleep(5 * attempt)
  }
  return { as: "next", atPath: true, lost: false, sure: false }
}

/** The file that holds this position, under whatever name it has now, open there; undefined when it holds nothing new. */
export const reopen = async (path: string, position: Position): Promise<OpenFile | undefined> => {
  const siblings = await siblingsOf(path, "rotated")
  // Renaming and compressing keep the time of the last change, which is that of the kernel's last tick.
  const changed = rotatedOf(path, siblings).filter(({ modified }) => modified > position.seen - 100)
  // After a checkpoint nothing tells its copy from other files that begin alike.
  const copies = position.tail.length === 0 ? [] : changed
  const located = await locateAnywhere(path, position, siblings, copies)
  return located === moved ? undefined : located?.file
}
