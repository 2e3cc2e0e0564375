/**
 * Files below a folder that may have come from a stranger: hidden ones are skipped, symbolic links must stay inside
 * and cannot loop, and number, depth and size are bounded.
 */
import { createHash } from "node:crypto"
import { open, readdir, realpath, stat } from "node:fs/promises"
import { isAbsolute, join, relative, sep } from "node:path"
import type { Problem } from "../../domain/document/problem.ts"
import { printable } from "../../domain/text/printable.ts"
import { byteOrder } from "../../domain/text/byte-order.ts"
import { isMissing, reason } from "../file-failure.ts"

export interface FoundFile {
  /** Path within the folder, `/`-separated. */
  readonly path: string
  /** Path as the person knows it. */
  readonly file: string
}

const maximumFiles = 20_000
const maximumDepth = 8
/** Of a path within a message, in characters. */
export const longestPath = 1_000

/** Whether `path` is `folder` or below it; both absolute and real. */
export const isInside = (folder: string, path: string): boolean => {
  const way = relative(folder, path)
  return way === "" || (!isAbsolute(way) && way !== ".." && !way.startsWith(`..${sep}`))
}

const warning = (code: string, file: string, message: string): Problem => ({
  code,
  severity: "warning",
  file: printable(file, longestPath),
  message
})

export const unreadable = (file: string, cause: unknown): Problem => ({
  code: "TST-HUB-FILE",
  severity: "error",
  file: printable(file, longestPath),
  message: `cannot be read: ${reason(cause)}`
})

/**
 * The files below `<root>/<below>` whose name passes, folder by folder in byte order; none when there is no such
 * folder. Paths are relative to the root, which the links may not leave.
 */
export const listFiles = async (
  root: string,
  below: string,
  passes: (name: string) => boolean,
  problems: Problem[]
): Promise<ReadonlyArray<FoundFile>> => {
  const realRoot = await realpath(root)
  const files: FoundFile[] = []
  const visited = new Set<string>()

  const visit = async (path: string, depth: number): Promise<void> => {
    const folder = join(root, path)
    if (depth > maximumDepth) {
      problems.push(warning("TST-HUB-TOO-LARGE", folder, `is more than ${maximumDepth} folders deep; it is skipped`))
      return
    }
    const real = await realpath(folder)
    // The second way into a folder, through a link, would load everything twice, or for ever.
    if (visited.has(real)) return
    visited.add(real)
    const entries = await readdir(folder, { withFileTypes: true })
    for (const entry of entries.sort((left, right) => byteOrder(left.name, right.name))) {
      if (entry.name.startsWith(".")) continue
      const inner = `${path}/${entry.name}`
      const file = join(root, inner)
      if (entry.isDirectory()) await tolerate(file, () => visit(inner, depth + 1))
      else if (entry.isFile()) add(inner, file, entry.name)
      else if (entry.isSymbolicLink()) await tolerate(file, () => follow(inner, file, entry.name, depth))
    }
  }

  const add = (path: string, file: string, name: string): void => {
    if (!passes(name)) return
    files.push({ path, file })
    if (files.length === maximumFiles + 1) {
      problems.push(warning("TST-HUB-TOO-LARGE", root, `holds more than ${maximumFiles} files; the rest is skipped`))
    }
  }

  const follow = async (path: string, file: string, name: string, depth: number): Promise<void> => {
    const target = await realpath(file)
    if (!isInside(realRoot, target)) {
      problems.push(
        warning("TST-HUB-LINK", file, `is a link that leads out of ${printable(root, longestPath)}; it is skipped`)
      )
      return
    }
    const found = await stat(target)
    if (found.isDirectory()) await visit(path, depth + 1)
    else if (found.isFile()) add(path, file, name)
  }

  const tolerate = async (file: string, step: () => Promise<void>): Promise<void> => {
    if (files.length > maximumFiles) return
    await step().catch((cause) => {
      problems.push(warning("TST-HUB-FILE", file, `cannot be read: ${reason(cause)}; it is skipped`))
    })
  }

  try {
    await visit(below, 0)
  } catch (cause) {
    if (!isMissing(cause)) problems.push(warning("TST-HUB-FILE", join(root, below), `cannot be read: ${reason(cause)}`))
  }
  return files.slice(0, maximumFiles)
}

export class FileTooLarge extends Error {
  readonly bytes: number

  constructor(bytes: number, maximum: number) {
    super(`it has ${bytes} bytes, more than the ${maximum} that are read`)
    this.bytes = bytes
  }
}

/** The content of a regular file of at most `maximum` bytes. Fails with a reason that a person understands. */
export const readBounded = async (file: string, maximum: number): Promise<Uint8Array> => {
  // A pipe or a device could block for ever or never end, so look before opening.
  const before = await stat(file)
  if (!before.isFile()) throw new Error("it is not an ordinary file")
  const handle = await open(file, "r")
  try {
    const { size } = await handle.stat()
    if (size > maximum) throw new FileTooLarge(size, maximum)
    const content = new Uint8Array(size)
    let length = 0
    while (length < size) {
      const { bytesRead } = await handle.read(content, length, size - length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    return content.subarray(0, length)
  } finally {
    await handle.close()
  }
}

/** As {@link readBounded}, with the SHA-256 of the content in lower-case hex. */
export const readHashed = async (
  file: string,
  maximum: number
): Promise<{ readonly content: Uint8Array; readonly hash: string }> => {
  const content = await readBounded(file, maximum)
  return { content, hash: createHash("sha256").update(content).digest("hex") }
}
