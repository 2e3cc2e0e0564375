/** Which file is this, whatever its name is now? Device and inode say it quickly, its first bytes say it for sure. */
import { createHash } from "node:crypto"
import { constants } from "node:fs"
import { type FileHandle, open, stat } from "node:fs/promises"
import type { FileIdentity, LogBatch } from "../../domain/events/log-batch.ts"
import { tailOf } from "./body.ts"

/** Bytes at the beginning of a file that its fingerprint covers, and bytes before a place that prove that place. */
export const fingerprintBytes = 1024

export type FileKind = "file" | "directory" | "stream"

export interface FileStatus {
  readonly kind: FileKind
  readonly device: number
  readonly inode: number
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modified: number
  /** Of the content, the name, the owner: a rename counts. Milliseconds since 1970. */
  readonly changed: number
  /** When it was made, under whatever name, in milliseconds since 1970; 0 when the file system does not tell. */
  readonly born: number
  /** Number of names; 0 when the file was deleted and is only held open. */
  readonly links: number
}

interface BigStatus {
  isFile(): boolean
  isDirectory(): boolean
  readonly dev: bigint
  readonly ino: bigint
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly birthtimeNs: bigint
  readonly nlink: bigint
}

// Some file systems number with 64 bits; the event keeps safe integers.
const integer = (value: bigint): number => Number(BigInt.asUintN(53, value))

const fileStatus = (status: BigStatus): FileStatus => ({
  kind: status.isFile() ? "file" : status.isDirectory() ? "directory" : "stream",
  device: integer(status.dev),
  inode: integer(status.ino),
  size: Number(status.size),
  modified: Number(status.mtimeNs) / 1e6,
  changed: Number(status.ctimeNs) / 1e6,
  born: Number(status.birthtimeNs) / 1e6,
  links: Number(status.nlink)
})

export const statusOf = async (file: string | FileHandle): Promise<FileStatus> =>
  fileStatus(typeof file === "string" ? await stat(file, { bigint: true }) : await file.stat({ bigint: true }))

/** Opens for reading; a FIFO that nobody writes to must not hold up a thread for ever. */
const openForReading = (path: string): Promise<FileHandle> => open(path, constants.O_RDONLY | constants.O_NONBLOCK)

/** Up to `length` bytes at `position`: less only when the file ends before. `room` makes the buffer for them. */
export const readAt = async (
  handle: FileHandle,
  position: number,
  length: number,
  room: (length: number) => Buffer = Buffer.allocUnsafeSlow
): Promise<Buffer> => {
  const buffer = room(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled === length ? buffer : buffer.subarray(0, filled)
}

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

/** The identity that a batch records: the fingerprint never covers bytes after the batch. */
export const identify = (
  file: { readonly device: number; readonly inode: number },
  head: Buffer,
  to: number
): FileIdentity => {
  const known = head.subarray(0, Math.min(head.length, to, fingerprintBytes))
  return {
    device: file.device,
    inode: file.inode,
    fingerprint: { bytes: known.length, sha256: sha256(known) }
  }
}

/** How far a file was read, and what proves that a file is that one. */
export interface Position {
  readonly file: FileIdentity
  /** Place of the first byte that was not read. */
  readonly to: number
  readonly insideLine: boolean
  /** The bytes before `to`, up to 1 KiB; none after a checkpoint, or when they were erased from the log. */
  readonly tail: Buffer
  /** The first bytes, up to 1 KiB, as long as the file is at hand: the log keeps no more of them than their hash. */
  readonly head?: Buffer
  /** Milliseconds since 1970: whatever was modified later may hold something new. */
  readonly seen: number
}

/** The place where reading goes on after a recorded batch. Throws `DamagedBatch`. */
export const positionAfter = (batch: LogBatch): Position => ({
  file: batch.file,
  to: batch.range.to,
  insideLine: batch.endsInsideLine,
  // A copy: positions are kept for long, bodies are large.
  tail: Buffer.from(tailOf(batch, fingerprintBytes)),
  seen: Date.parse(batch.observedAt)
})

/** Whether a file that begins with `head` (up to 1 KiB) may be the one of this identity. */
export const beginsAs = (head: Buffer, identity: FileIdentity): boolean => {
  const { bytes, sha256: hash } = identity.fingerprint
  return head.length >= bytes && sha256(head.subarray(0, bytes)) === hash
}

/** A plain file as it was when it was opened. */
export interface OpenedFile {
  readonly handle: FileHandle
  readonly status: FileStatus
  /**
   * The first bytes, up to 1 KiB, read before anything else. Whatever is concluded from other looks at this file and its
   * neighbours holds as long as the file still begins like this: nobody truncated it in between.
   */
  readonly head: Buffer
}

/** Opens a regular file; undefined when the name is something else (or, with `inode`, another file) by now. */
export const openFile = async (path: string, inode?: number): Promise<OpenedFile | undefined> => {
  const handle = await openForReading(path)
  try {
    const status = await statusOf(handle)
    if (status.kind === "file" && (inode === undefined || status.inode === inode)) {
      const head = await readAt(handle, 0, Math.min(fingerprintBytes, status.size))
      // A shorter head: it was truncated between the two looks, so that the size is wrong. It counts as just emptied.
      const emptied = head.length < Math.min(fingerprintBytes, status.size)
      return emptied ? { handle, status: { ...status, size: head.length }, head } : { handle, status, head }
    }
  } catch (cause) {
    await handle.close()
    throw cause
  }
  await handle.close()
  return undefined
}

/** Whether this is a newer file that got the inode of the one that was read; false when the file system does not tell. */
export const isMadeAfter = ({ born, inode }: FileStatus, position: Position): boolean =>
  inode === position.file.inode && Math.floor(born) > position.seen

/**
 * `here`: the position is in this file. `shorter`: this file begins like the one that was read and ends before the
 * position, so that it holds nothing new. `other`: another file.
 */
export const findPosition = async (file: OpenedFile, position: Position): Promise<"here" | "shorter" | "other"> => {
  if (!beginsAs(file.head, position.file)) return "other"
  if (position.tail.length === 0 && isMadeAfter(file.status, position)) return "other"
  if (file.status.size < position.to) return "shorter"
  const tail = await readAt(file.handle, position.to - position.tail.length, position.tail.length)
  return tail.equals(position.tail) ? "here" : "other"
}
