/**
 * Where does reading go on? A log's bytes move through several files: the one at its path, and those that rotation made
 * of it. This finds the file that holds a recorded position, and the file that comes after another one.
 */
import { readdir } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { chunksOf, compressionOf, decompress } from "./compression.ts"
import {
  type FileStatus,
  findPosition,
  fingerprintBytes,
  type OpenedFile,
  openFile,
  type Position,
  statusOf
} from "./file-identity.ts"
import { GrowingFile, type OpenFile, StreamedFile } from "./open-file.ts"
import { isMissing } from "./reading-problem.ts"
import { oldestFirst, type RotatedName, rotationOf } from "./rotation.ts"

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

interface Sibling {
  readonly path: string
  readonly name: string
  readonly status: FileStatus
  readonly modified: number
}

interface Rotated extends Sibling {
  readonly rotated: RotatedName
}

/** More entries than this are no folder of logs; looking at each of them would take too long. */
const maxEntries = 10_000

/** What the reader can decompress. */
const isReadable = (name: string): boolean => !/\.(?:bz2|xz|Z)$/.test(name)

const siblingsOf = async (path: string): Promise<ReadonlyArray<Sibling>> => {
  const folder = dirname(path)
  const own = basename(path)
  let names: ReadonlyArray<string>
  try {
    names = await readdir(folder)
  } catch (cause) {
    if (isMissing(cause)) return []
    throw cause
  }
  const siblings: Array<Sibling> = []
  for (const name of names.slice(0, maxEntries)) {
    if (name === own) continue
    try {
      const status = await statusOf(join(folder, name))
      if (status.kind === "file") siblings.push({ path: join(folder, name), name, status, modified: status.modified })
    } catch {
      // It went away between the two looks, or may not be looked at: either way it cannot be read.
    }
  }
  return siblings
}

/** The rotated files of a log, oldest first. A file that is being compressed counts once, as the plain one. */
const rotatedOf = (path: string, siblings: ReadonlyArray<Sibling>): ReadonlyArray<Rotated> => {
  const plain = new Set(siblings.map(({ name }) => name))
  return oldestFirst(
    siblings.flatMap((sibling): ReadonlyArray<Rotated> => {
      const rotated = rotationOf(basename(path), sibling.name)
      if (rotated === undefined || !isReadable(sibling.name)) return []
      if (rotated.compressed && plain.has(sibling.name.replace(/\.[^.]+$/, ""))) return []
      return [{ ...sibling, rotated }]
    })
  )
}

/** Whether rotated files with something in them lie between this rotated file and the one at the path. */
export const hasBetween = async (
  path: string,
  file: { readonly inode: number; readonly modified: number }
): Promise<boolean> => {
  const rotated = rotatedOf(path, await siblingsOf(path))
  const at = rotated.findIndex(({ status }) => status.inode === file.inode)
  // It was compressed or deleted: by time then, which may say yes too often, and only makes us look closer.
  const newer = at >= 0 ? rotated.slice(at + 1) : rotated.filter(({ modified }) => modified > file.modified)
  return newer.some(({ status }) => status.size > 0)
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
    if (isMissing(cause)) return moved
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
  const renamed = siblings.filter(({ status }) => status.inode === position.file.inode)
  // An empty file has no bytes to be recognised by.
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

const tryToContinue = async (
  path: string,
  position: Position,
  finished: boolean
): Promise<Continuation | typeof moved> => {
  // First the path, then the siblings: a rotation in between then shows among the siblings and nothing is passed over.
  let current: OpenedFile | undefined
  try {
    current = await openFile(path)
  } catch (cause) {
    if (!isMissing(cause)) throw cause
  }
  let keep: OpenFile | undefined
  try {
    if (current !== undefined) {
      const { status } = current
      const same = status.inode === position.file.inode
      // A small beginning proves nothing about a file with another inode: it may just begin alike.
      const proven = same || position.file.fingerprint.bytes >= fingerprintBytes
      const is = proven ? await findPosition(current, position) : "other"
      if (is === "here" || (is === "shorter" && same)) {
        if (finished) return { as: "next", atPath: true, lost: false }
        keep = await GrowingFile.at(path, current, is === "here" ? position.to : status.size)
        return { file: keep, as: is === "here" ? "same" : "cut", atPath: true, lost: false }
      }
    }
    const siblings = await siblingsOf(path)
    const rotated = rotatedOf(path, siblings)
    const located = await locate(position, siblings, rotated)
    if (located === moved) return moved
    if (located?.file !== undefined) {
      if (!finished) {
        keep = located.file
        return { file: keep, as: "same", atPath: false, lost: false }
      }
      await located.file.close()
    }
    const lost = located === undefined
    const at = lost ? -1 : rotated.findIndex((sibling) => sibling.path === located.sibling.path)
    const newer = at >= 0 ? rotated.slice(at + 1) : rotated.filter(({ modified }) => modified > position.seen)
    // What became rotated only after the path was opened comes after the file at the path.
    const until = newer.findIndex(({ status }) => status.inode === current?.status.inode)
    const next = (until < 0 ? newer : newer.slice(0, until)).find(({ status }) => status.size > 0)
    if (next !== undefined) {
      const opened = await openSibling(next)
      if (opened === moved) return moved
      const file = opened instanceof StreamedFile ? opened : await GrowingFile.at(next.path, opened, 0)
      return { file, as: "next", atPath: false, lost }
    }
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

/** The names of a log and its rotated files, and which file each of them leads to. */
const namesOf = async (path: string): Promise<string> => {
  const own = await statusOf(path).catch(() => undefined)
  const rotated = rotatedOf(path, await siblingsOf(path))
  return [own?.inode, ...rotated.flatMap(({ name, status }) => [name, status.inode])].join("/")
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
  finished: boolean
): Promise<Continuation & { readonly sure: boolean }> => {
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    const before = await namesOf(path)
    const continuation = await tryToContinue(path, position, finished)
    if (continuation !== moved) {
      if ((await namesOf(path)) === before) return { ...continuation, sure: true }
      await continuation.file?.close()
    }
    await sleep(5 * attempt)
  }
  return { as: "next", atPath: true, lost: false, sure: false }
}
