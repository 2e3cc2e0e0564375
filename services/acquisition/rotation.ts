/** Names that log rotation gives, and the order that they tell. Pure: only names and times, no files. */

/** `auth.log.2.gz` as a rotation of `auth.log`: suffix `2`, compressed. */
export interface RotatedName {
  readonly base: string
  readonly suffix: string
  readonly compressed: boolean
  /** Where the suffix stands: behind the log's name (`auth.log.2`), or inside of it, before its ending (`app.2.log`). */
  readonly place: "behind" | "inside"
}

const ending = String.raw`(\.(?:gz|zst|bz2|xz|Z))?`
/** `auth.log.1`, `auth.log-20260101.gz`, `auth.log.old` */
const after = new RegExp(String.raw`^(.+?)[._-](\d[\dTZ:._-]*|old|bak)${ending}$`)
/** `access-2026-01-01.log.gz` */
const dated = new RegExp(String.raw`^(.+?)[._-](\d{4}[\dTZ:._-]{2,})(\.[A-Za-z]+)${ending}$`)
/** `app.1.log` */
const counted = new RegExp(String.raw`^(.+?)[._-](\d{1,4})(\.[A-Za-z]+)${ending}$`)

const inside = (found: RegExpExecArray | null): RotatedName | undefined =>
  found === null
    ? undefined
    : { base: found[1]! + found[3]!, suffix: found[2]!, compressed: found[4] !== undefined, place: "inside" }

/** What a file name without its folder says about rotation; undefined when it is a log's own name. */
export const rotatedName = (name: string): RotatedName | undefined => {
  const behind = after.exec(name)
  return behind === null
    ? inside(dated.exec(name))
    : { base: behind[1]!, suffix: behind[2]!, compressed: behind[3] !== undefined, place: "behind" }
}

/**
 * What the name says when a counter before its ending may be one of rotation too. It need not be: `web-1.log` and
 * `web-2.log` are more likely two machines, so something else has to speak for it.
 */
export const possiblyRotatedName = (name: string): RotatedName | undefined =>
  rotatedName(name) ?? inside(counted.exec(name))

/** The name as a rotation of this very log; undefined when it cannot be one. */
export const rotationOf = (base: string, name: string): RotatedName | undefined => {
  const rotated = possiblyRotatedName(name)
  if (rotated?.base === base) return rotated
  // The log's own name may look like a rotation (`web-01`): ask again about what comes behind it.
  if (!name.startsWith(base)) return undefined
  const behind = rotatedName(`x${name.slice(base.length)}`)
  return behind?.base === "x" ? { ...behind, base } : undefined
}

const isCounter = (suffix: string): boolean => /^\d{1,4}$/.test(suffix)
const isDate = (suffix: string): boolean => /^\d{4}[\dTZ:._-]{2,}$/.test(suffix)

const natural = new Intl.Collator("en", { numeric: true })

/** Natural order of two suffixes, oldest first: high counters, early dates; undefined when they cannot be compared. */
export const bySuffix = (left: string, right: string): number | undefined =>
  isCounter(left) && isCounter(right)
    ? Number(right) - Number(left)
    : isDate(left) && isDate(right)
      ? natural.compare(left, right)
      : undefined

/** A file that rotation made. Times in milliseconds since 1970. */
interface RotatedFile {
  readonly rotated: RotatedName
  readonly modified: number
  /** When it was made under whatever name; 0 when the file system does not tell. */
  readonly born: number
}

/** Renaming keeps both times, gzip that of the last change. A writer that was late spoils that one. */
const byTime = (left: RotatedFile, right: RotatedFile): number => {
  const kept = [left, right].every(({ born, rotated }) => born > 0 && !rotated.compressed)
  return kept ? left.born - right.born : left.modified - right.modified
}

/**
 * Whether a higher counter is a newer file, by the times of most neighbours: some loggers that count inside of the name
 * count up (Log4j 2), some down (Logback).
 */
const countsUp = (files: ReadonlyArray<RotatedFile>): boolean => {
  if (files.some(({ rotated }) => rotated.place === "behind")) return false
  const counted = [...files].sort((left, right) => Number(left.rotated.suffix) - Number(right.rotated.suffix))
  const votes = counted.slice(1).map((file, index) => Math.sign(byTime(file, counted[index]!)))
  return votes.reduce((sum, vote) => sum + vote, 0) > 0
}

/**
 * Sorts rotated files oldest first: by their suffixes when these are all counters or all dates, else by the time of
 * their last change, which renaming and gzip keep.
 */
export const oldestFirst = <File extends RotatedFile>(files: ReadonlyArray<File>): Array<File> => {
  const counters = files.every(({ rotated }) => isCounter(rotated.suffix))
  const named = counters || files.every(({ rotated }) => isDate(rotated.suffix))
  const direction = counters && countsUp(files) ? -1 : 1
  return [...files].sort(
    (left, right) =>
      ((named ? bySuffix(left.rotated.suffix, right.rotated.suffix) : undefined) ?? left.modified - right.modified) *
        direction || natural.compare(left.rotated.suffix, right.rotated.suffix)
  )
}
