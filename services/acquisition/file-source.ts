/** Log files as a configuration names them: a path, or a pattern such as `/var/log/nginx/*.log`. */
import { glob, realpath, stat } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import type { LogDescription } from "./line-reader.ts"
import { possiblyRotatedName } from "./rotation.ts"

export interface FileSource extends LogDescription {
  /** A path or a pattern. */
  readonly path: string
  /**
   * Where to begin with a file of which nothing was recorded: all that is in it, or only what is written from now on.
   */
  readonly start: "beginning" | "end"
}

/** Lines carry their own time, so the default is to read what is there already. */
export const fileSource = (
  options: Omit<FileSource, "start"> & { readonly start?: "beginning" | "end" }
): FileSource => ({
  ...options,
  start: options.start ?? "beginning"
})

/**
 * The name of a file's source: its absolute path, with `%XX` for whatever is not printable ASCII. Different files have
 * different names, and the name of a stream can be read by people.
 */
export const sourceName = (path: string): string =>
  path === "-"
    ? "stdin"
    : resolve(path)
        .replaceAll("%", "%25")
        .replace(/[^\x21-\x7e]/gu, (character) =>
          [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("")
        )

/**
 * The source of what is written to a log's rotated files after reading went on to the next one. No path has such a name:
 * a percent sign of its own would be `%25`.
 */
export const lateSourceName = (source: string): string => `${source}%late`

/** More files than this for one pattern are a mistake in the pattern. */
const maxMatches = 10_000

export interface Match {
  readonly path: string
  /**
   * Its name may be that of a rotated file of another match, or not: `laravel-2026-11-28.log` beside `laravel.log`. Only
   * what happens to it tells.
   */
  readonly perhapsRotated: boolean
}

/**
 * The files that may be followed. One that is certainly the rotation of another match (`access.log.1` beside
 * `access.log`) belongs to that one, compressed files do not grow, and a link to another match (`current.log`) would
 * have every line counted twice.
 */
export const matchesOf = async (source: FileSource): Promise<ReadonlyArray<Match>> => {
  const literal = await stat(source.path).then(
    () => true,
    () => false
  )
  if (literal || !/[*?[{]/.test(source.path)) return [{ path: source.path, perhapsRotated: false }]
  const found = new Set<string>()
  const links = new Set<string>()
  for await (const match of glob(resolve(source.path), { withFileTypes: true })) {
    const path = join(match.parentPath, match.name)
    found.add(path)
    if (match.isSymbolicLink()) links.add(path)
    if (found.size >= maxMatches) break
  }
  for (const link of links) if (found.has(await realpath(link).catch(() => link))) found.delete(link)
  return [...found].sort().flatMap((path): ReadonlyArray<Match> => {
    const rotated = possiblyRotatedName(basename(path))
    if (rotated === undefined) return [{ path, perhapsRotated: false }]
    const hasLog = found.has(join(dirname(path), rotated.base))
    if (rotated.compressed || (hasLog && rotated.place === "behind")) return []
    return [{ path, perhapsRotated: hasLog }]
  })
}
