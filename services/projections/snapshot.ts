/**
 * Snapshot files: the state of one projection and the place in the log at which it stands, so that a start does not
 * fold the whole log. They are a cache: whatever is wrong with one, the log has it all.
 *
 * A file is lines of JSON: a header `{layout, projection, version, position, event, recordedAt, sha256}` and the encoded
 * state (see `state-lines.ts`). It is replaced as a whole (written beside, synced, renamed), so a crash leaves the old or
 * the new one. The first one of a day is retained beside the newest, for rebuilds.
 */
import { createHash } from "node:crypto"
import { type FileHandle, link, open, readdir, rename, unlink } from "node:fs/promises"
import { dirname, join } from "node:path"
import type { Json } from "effect/Schema"
import * as Schema from "effect/Schema"
import { isMissing, reason } from "../file-failure.ts"
import { gathered } from "./iterable-json.ts"
import { StateReader } from "./state-lines.ts"

export interface Snapshot {
  readonly projection: string
  readonly version: number
  /** Place of the last event that the projection folded or passed over, -1 at the beginning. */
  readonly position: number
  /** Id of that event, so that a snapshot of another log is recognised; empty at the beginning. */
  readonly event: string
  /** When that event was recorded, in milliseconds since 1970; 0 where nobody asks. */
  readonly recordedAt: number
  readonly state: Json
}

/** How many days' first snapshots are retained. */
const retainedDays = 7

/** How the lines of a file are to be read. */
const layout = 2

const Header = Schema.fromJsonString(
  Schema.Struct({
    layout: Schema.Literal(layout),
    projection: Schema.String,
    version: Schema.Int,
    position: Schema.Int,
    event: Schema.String,
    recordedAt: Schema.Number,
    sha256: Schema.String
  })
)
const decodeHeader = Schema.decodeUnknownSync(Header)

export const snapshotPath = (directory: string, projection: string): string =>
  join(directory, `${projection}.snapshot.json`)

/** The folder of the snapshots in the one where this machine keeps what is beside the store. */
export const snapshotFolder = (localFolder: string): string => join(localFolder, "snapshots")

/** Names of the retained snapshots of a projection, the oldest first. */
const retained = async (directory: string, projection: string): Promise<ReadonlyArray<string>> => {
  const names = await readdir(directory).catch(() => [])
  const day = /^\.\d{4}-\d\d-\d\d\.snapshot\.json$/
  return names.filter((name) => name.startsWith(projection) && day.test(name.slice(projection.length))).sort()
}

/** About how many characters are written at once, and bytes read. */
const pieceLength = 262_144

/**
 * Resolves when the file is durable. Rejects with the system's error.
 *
 * @param lines the state, which is large: they are asked for while the file is written.
 */
export const writeSnapshot = async (
  directory: string,
  header: Omit<Snapshot, "state">,
  lines: Iterable<string>
): Promise<void> => {
  const path = snapshotPath(directory, header.projection)
  const beside = `${path}.new`
  const headerWith = (sha256: string) => Buffer.from(`${JSON.stringify({ layout, ...header, sha256 })}\n`)
  const file = await open(beside, "w", 0o600)
  try {
    // It begins with the digest of what comes behind it, which is known in the end.
    let { length: end } = headerWith(noDigest)
    const digest = createHash("sha256")
    for (const text of gathered(ended(lines), pieceLength)) {
      const bytes = Buffer.from(text)
      digest.update(bytes)
      await writeWhole(file, bytes, end)
      end += bytes.length
    }
    await writeWhole(file, headerWith(digest.digest("hex")), 0)
    await file.sync()
  } catch (cause) {
    // The half of it would take the room that a full disk lacks.
    await unlink(beside).catch(() => {})
    throw cause
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

function* ended(lines: Iterable<string>): Iterable<string> {
  for (const line of lines) yield `${line}\n`
}

/** The system may take a part of it, when the disk is nearly full, and refuse only what comes behind. */
const writeWhole = async (file: FileHandle, bytes: Buffer, at: number): Promise<void> => {
  for (let done = 0; done < bytes.length; )
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten
}

const noDigest = "0".repeat(64)

/** Keeps the newest snapshot as that of its day (of the log's time), unless the day has one, and drops old days'. */
export const retainSnapshot = async (
  directory: string,
  { projection, recordedAt }: Pick<Snapshot, "projection" | "recordedAt">
): Promise<void> => {
  const day = new Date(recordedAt).toISOString().slice(0, 10)
  const beside = join(directory, `${projection}.${day}.snapshot.json`)
  await link(snapshotPath(directory, projection), beside).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "EEXIST") throw cause
  })
  const names = await retained(directory, projection)
  for (const name of names.slice(0, -retainedDays)) await unlink(join(directory, name))
}

export type ReadSnapshot =
  | { readonly _tag: "Found"; readonly snapshot: Snapshot }
  | { readonly _tag: "None" }
  /** There is a file, but it is of no use; `reason` says why, for people. `outdated`: it was written by another version. */
  | { readonly _tag: "Unusable"; readonly reason: string; readonly outdated?: true }

const readFrom = async (path: string, projection: string, versions: ReadonlyArray<number>): Promise<ReadSnapshot> => {
  let file: FileHandle
  try {
    file = await open(path)
  } catch (cause) {
    return isMissing(cause) ? { _tag: "None" } : unusable(`it cannot be read: ${reason(cause)}`)
  }
  try {
    const lines = linesOf(file)
    const first = await lines.next()
    if (first.done === true) return unusable("it is empty")
    const { layout: its } = JSON.parse(first.value.toString()) as { readonly layout?: unknown }
    if (its !== layout) return outdated("it is laid out in another way than this program does it")
    const header = decodeHeader(first.value.toString())
    if (header.projection !== projection) return unusable(`it belongs to ${header.projection}`)
    if (!versions.includes(header.version))
      return outdated(`it is of version ${header.version}, this program's is ${versions[0]}`)
    const digest = createHash("sha256")
    const reader = new StateReader()
    for await (const line of lines) {
      digest.update(line)
      reader.add(line.toString())
    }
    if (digest.digest("hex") !== header.sha256) return unusable("its checksum is wrong")
    const { layout: _, sha256: __, ...place } = header
    return { _tag: "Found", snapshot: { ...place, state: reader.state } }
  } catch {
    return unusable("it is damaged")
  } finally {
    await file.close()
  }
}

const unusable = (reason: string): ReadSnapshot => ({ _tag: "Unusable", reason })
const outdated = (reason: string): ReadSnapshot => ({ _tag: "Unusable", reason, outdated: true })

/** The lines of a file with their ends; the last one may lack it. */
async function* linesOf(file: FileHandle): AsyncGenerator<Buffer, void, void> {
  let begun: Array<Buffer> = []
  for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: pieceLength })) {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield Buffer.concat([...begun, chunk.subarray(start, end + 1)])
      begun = []
      start = end + 1
    }
    begun.push(chunk.subarray(start))
  }
  const last = Buffer.concat(begun)
  if (last.length > 0) yield last
}

/** What the newest file of a projection holds. Never rejects. */
export const readSnapshot = (directory: string, projection: string, version: number): Promise<ReadSnapshot> =>
  readFrom(snapshotPath(directory, projection), projection, [version])

/** The retained snapshots of these versions that can be used, the oldest first, each read when it is asked for. Never rejects. */
export async function* retainedSnapshots(
  directory: string,
  projection: string,
  versions: ReadonlyArray<number>
): AsyncGenerator<Snapshot> {
  for (const name of await retained(directory, projection)) {
    const found = await readFrom(join(directory, name), projection, versions)
    if (found._tag === "Found") yield found.snapshot
  }
}
