/** The files that rotation made of a log, as far as names and times tell. */
import { readdir } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { type FileStatus, statusOf } from "./file-identity.ts"
import { isGone } from "./reading-problem.ts"
import { oldestFirst, type RotatedName, rotatedName, rotationOf } from "./rotation.ts"

/** A file in the folder of a log. */
export interface Sibling {
  readonly path: string
  readonly name: string
  readonly status: FileStatus
  readonly modified: number
  readonly born: number
}

export interface Rotated extends Sibling {
  readonly rotated: RotatedName
}

/** More entries than this are no folder of logs; looking at each of them would take too long. */
const maxEntries = 10_000

/** What the reader can decompress. */
const isReadable = (name: string): boolean => !/\.(?:bz2|xz|Z)$/.test(name)

/** The other files in the folder of a log; `rotated`: only those whose names may be of rotated ones. */
export const siblingsOf = async (path: string, which: "all" | "rotated"): Promise<ReadonlyArray<Sibling>> => {
  const folder = dirname(path)
  const own = basename(path)
  let names: ReadonlyArray<string>
  try {
    names = await readdir(folder)
  } catch (cause) {
    if (isGone(cause)) return []
    throw cause
  }
  const siblings: Array<Sibling> = []
  const others = names.filter((name) => name !== own && (which === "all" || rotationOf(own, name) !== undefined))
  for (const name of others.slice(0, maxEntries)) {
    try {
      const status = await statusOf(join(folder, name))
      const { born, kind, modified } = status
      if (kind === "file") siblings.push({ path: join(folder, name), name, status, modified, born })
    } catch {
      // It went away between the two looks, or may not be looked at: either way it cannot be read.
    }
  }
  return siblings
}

/**
 * The files that may be rotated ones of a log, oldest first. A file that is being compressed counts once, as the plain
 * one.
 */
export const rotatedOf = (path: string, siblings: ReadonlyArray<Sibling>): ReadonlyArray<Rotated> => {
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

/**
 * Those that were rotated after the file that was read: `own` is what became of it, and has shown how this log is rotated.
 * When it is not known, certain names count that were changed after `since`, in milliseconds since 1970.
 */
export const newerThan = (
  own: Sibling | undefined,
  rotated: ReadonlyArray<Rotated>,
  since: number
): ReadonlyArray<Rotated> => {
  const found = rotated.find(({ path }) => path === own?.path)
  if (found === undefined) {
    return rotated.filter(({ name, modified }) => rotatedName(name) !== undefined && modified > since)
  }
  const alike = oldestFirst(rotated.filter(({ rotated: { place } }) => place === found.rotated.place))
  return alike.slice(alike.indexOf(found) + 1)
}

/** Whether rotated files with something in them lie between this rotated file and the one at the path. */
export const hasBetween = async (
  path: string,
  file: { readonly inode: number; readonly modified: number }
): Promise<boolean> => {
  const rotated = rotatedOf(path, await siblingsOf(path, "rotated"))
  // It may be compressed or deleted: by time then, which may say yes too often, and only makes us look closer.
  const own = rotated.find(({ status }) => status.inode === file.inode)
  return newerThan(own, rotated, file.modified).some(({ status }) => status.size > 0)
}

/** The names of a log and its rotated files, and which file each of them leads to. */
export const namesOf = async (path: string): Promise<string> => {
  const own = await statusOf(path).catch(() => undefined)
  const rotated = rotatedOf(path, await siblingsOf(path, "rotated"))
  return [own?.inode, ...rotated.flatMap(({ name, status }) => [name, status.inode])].join("/")
}

/** Whatever happens to a log or its rotated files changes this text. */
export const lookAt = async (path: string): Promise<string> => {
  const folder = await statusOf(dirname(path))
  const file = await statusOf(path).catch(() => undefined)
  return [folder.modified, file?.inode, file?.size, file?.changed].join()
}
