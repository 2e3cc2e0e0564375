/** Names that log rotation gives, and the order that they tell. Pure: only names and times, no files. */

/** `auth.log.2.gz` as a rotation of `auth.log`: suffix `2`, compressed. */
export interface RotatedName {
  readonly base: string
  readonly suffix: string
  readonly compressed: boolean
}

const ending = String.raw`(\.(?:gz|zst|bz2|xz|Z))?`
/** `auth.log.1`, `auth.log-20260101.gz`, `auth.log.old` */
const after = new RegExp(String.raw`^(.+?)[._-](\d[\dTZ:._-]*|old|bak)${ending}$`)
/** `access-2026-01-01.log.gz`: a date at least, as `web-1.log` and `web-2.log` are more likely two machines. */
const before = new RegExp(String.raw`^(.+?)[._-](\d{4}[\dTZ:._-]{2,})(\.[A-Za-z]+)${ending}$`)

/** What a file name without its folder says about rotation; undefined when it is a log's own name. */
export const rotatedName = (name: string): RotatedName | undefined => {
  const behind = after.exec(name)
  if (behind !== null) return { base: behind[1]!, suffix: behind[2]!, compressed: behind[3] !== undefined }
  const between = before.exec(name)
  if (between === null) return undefined
  return { base: between[1]! + between[3]!, suffix: between[2]!, compressed: between[4] !== undefined }
}

/** The name as a rotation of this very log; undefined when it is none. */
export const rotationOf = (base: string, name: string): RotatedName | undefined => {
  const rotated = rotatedName(name)
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

/**
 * Sorts rotated files oldest first: by their suffixes when these are all counters or all dates, else by the time of
 * their last change, which renaming and gzip keep.
 */
export const oldestFirst = <File extends { readonly rotated: RotatedName; readonly modified: number }>(
  files: ReadonlyArray<File>
): Array<File> => {
  const named =
    files.every(({ rotated }) => isCounter(rotated.suffix)) || files.every(({ rotated }) => isDate(rotated.suffix))
  return [...files].sort(
    (left, right) =>
      ((named ? bySuffix(left.rotated.suffix, right.rotated.suffix) : undefined) ?? left.modified - right.modified) ||
      natural.compare(left.rotated.suffix, right.rotated.suffix)
  )
}
