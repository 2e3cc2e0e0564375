/**
 * Snapshot files: the state of one projection and the place in the log at which it stands, so that a start does not
 * fold the whole log. They are a cache: whatever is wrong with one, the log has it all.
 *
 * A file is two lines of JSON: a header `{projection, version, position, event, sha256}` and the encoded state. It is
 * replaced as a whole (written beside, synced, renamed), so a crash leaves the old or the new one.
 */
import { createHash } from "node:crypto"
import { open, readFile, rename } from "node:fs/promises"
import { dirname, join } from "node:path"
import type { Json } from "effect/Schema"
import * as Schema from "effect/Schema"

export interface Snapshot {
  readonly projection: string
  readonly version: number
  /** Place of the last event that the projection folded or passed over, -1 at the beginning. */
  readonly position: number
  /** Id of that event, so that a snapshot of another log is recognised; empty at the beginning. */
  readonly event: string
  readonly state: Json
}

const Header = Schema.fromJsonString(
  Schema.Struct({
    projection: Schema.String,
    version: Schema.Int,
    position: Schema.Int,
    event: Schema.String,
    sha256: Schema.String
  })
)
const decodeHeader = Schema.decodeUnknownSync(Header)

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

export const snapshotPath = (directory: string, projection: string): string =>
  join(directory, `${projection}.snapshot.json`)

/** Resolves when the file is durable. Rejects with the system's error. */
export const writeSnapshot = async (directory: string, { state, ...header }: Snapshot): Promise<void> => {
  const path = snapshotPath(directory, header.projection)
  const body = JSON.stringify(state)
  const beside = `${path}.new`
  const file = await open(beside, "w", 0o600)
  try {
    await file.writeFile(`${JSON.stringify({ ...header, sha256: sha256(body) })}\n${body}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(beside, path)
  const folder = await open(dirname(path), "r")
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

export type ReadSnapshot =
  | { readonly _tag: "Found"; readonly snapshot: Snapshot }
  | { readonly _tag: "None" }
  /** There is a file, but it is of no use; `reason` says why, for people. */
  | { readonly _tag: "Unusable"; readonly reason: string }

/** What the file of a projection holds. Never rejects. */
export const readSnapshot = async (directory: string, projection: string, version: number): Promise<ReadSnapshot> => {
  const unusable = (reason: string): ReadSnapshot => ({ _tag: "Unusable", reason })
  let text: string
  try {
    text = await readFile(snapshotPath(directory, projection), "utf8")
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    return code === "ENOENT" ? { _tag: "None" } : unusable(`it cannot be read (${code})`)
  }
  const end = text.indexOf("\n")
  const body = text.slice(end + 1, -1)
  try {
    const header = decodeHeader(text.slice(0, end))
    if (header.projection !== projection) return unusable(`it belongs to ${header.projection}`)
    if (header.version !== version) return unusable(`it is of version ${header.version}, this program's is ${version}`)
    if (header.sha256 !== sha256(body)) return unusable("its checksum is wrong")
    const { sha256: _, ...place } = header
    return { _tag: "Found", snapshot: { ...place, state: JSON.parse(body) as Json } }
  } catch {
    return unusable("it is damaged")
  }
}
