/**
 * Which files were read, and how far, whatever they are called now: a log that is renamed to another name that a pattern
 * finds is no new one.
 */
import type { FileIdentity } from "../../domain/events/log-batch.ts"
import { beginsAs, findPosition, fingerprintBytes, type OpenedFile, type Position, statusOf } from "./file-identity.ts"
import { GrowingFile, type OpenFile } from "./open-file.ts"

/** Where a file is on the disk. While it is open, no other file gets its inode. */
interface Place {
  readonly device: number
  readonly inode: number
}

/** Somebody who reads files. */
export interface FileReader {
  /** Where reading is to go on as soon as the file is found. */
  readonly expected: ReadonlyArray<Position>
  /** Of the file that is being read. */
  readonly identity: FileIdentity | undefined
}

/** So many files that nobody reads any more are remembered, with 2 KiB of each: the latest. */
const mostLeft = 10_000

const keyOf = ({ device, inode }: Place): string => `${device}:${inode}`

/** Of an empty file nothing proves that it is the same. */
const isIn = async (opened: OpenedFile, position: Position): Promise<boolean> =>
  position.to > 0 && (await findPosition(opened, position)) === "here"

const openedOf = async ({ handle, head }: GrowingFile): Promise<OpenedFile> => ({
  handle,
  status: await statusOf(handle),
  head
})

const isLater = (one: Position, other: Position): boolean =>
  one.seen > other.seen || (one.seen === other.seen && one.to > other.to)

export class FilesRead {
  readonly #readers = new Set<FileReader>()
  /** Who has a file open, by device and inode. */
  readonly #holders = new Map<string, object>()
  /** By device and inode. */
  readonly #left = new Map<string, Position>()

  enter(reader: FileReader): void {
    this.#readers.add(reader)
  }

  leave(reader: FileReader): void {
    this.#readers.delete(reader)
  }

  /** This file is open there from now on, and nowhere else. */
  hold(file: Place, holder: object): void {
    this.#holders.set(keyOf(file), holder)
  }

  release(file: Place, holder: object): void {
    const key = keyOf(file)
    if (this.#holders.get(key) === holder) this.#holders.delete(key)
  }

  /** How far a file was read by what was recorded; what is known better already stays. */
  recall(position: Position): void {
    const known = this.#left.get(keyOf(position.file))
    if (known === undefined || !isLater(known, position)) this.remember(position)
  }

  /** How far a file was read that nobody has open any more. */
  remember(position: Position): void {
    const key = keyOf(position.file)
    this.#left.delete(key)
    this.#left.set(key, position)
    const oldest = this.#left.keys().next()
    if (this.#left.size > mostLeft && oldest.done !== true) this.#left.delete(oldest.value)
  }

  /** Whether something was read of a file with this device and inode. */
  knows(file: Place): boolean {
    return this.#left.has(keyOf(file))
  }

  /** Whether somebody (else) has this file. */
  isHeld(file: Place, own?: object): boolean {
    const holder = this.#holders.get(keyOf(file))
    return holder !== undefined && holder !== own
  }

  /** Whether somebody is about to open this file, which has another name now. */
  async isExpected(opened: OpenedFile): Promise<boolean> {
    for (const position of this.#readers.values().flatMap(({ expected }) => expected)) {
      if (keyOf(position.file) === keyOf(opened.status) && (await isIn(opened, position))) return true
    }
    return false
  }

  /** Whether this file was left: an inode and a beginning alone may be those of a newer one. */
  async wasLeft(file: OpenFile): Promise<boolean> {
    if (file instanceof GrowingFile) return (await this.positionIn(await openedOf(file))) !== undefined
    const position = this.#left.get(keyOf(file))
    return position !== undefined && position.to > 0 && beginsAs(file.head, position.file)
  }

  /** Where reading stood in this file when it was left. */
  async positionIn(opened: OpenedFile): Promise<Position | undefined> {
    const position = this.#left.get(keyOf(opened.status))
    return position !== undefined && (await isIn(opened, position)) ? position : undefined
  }

  /** The same file, behind what was read of it under another name. */
  async beyond(file: OpenFile): Promise<OpenFile> {
    if (!(file instanceof GrowingFile)) return file
    const opened = await openedOf(file)
    const position = await this.positionIn(opened)
    return position === undefined || position.to <= file.end
      ? file
      : GrowingFile.at(file.path, opened, position.to, file.settled)
  }

  /** Whether this is the beginning of a file that is or was read: it is a copy then, by whatever name. */
  isCopy(head: Buffer): boolean {
    const identities = [
      ...this.#readers.values().map(({ identity }) => identity),
      ...this.#left.values().map(({ file }) => file)
    ]
    return identities.some(
      (identity) => identity !== undefined && identity.fingerprint.bytes >= fingerprintBytes && beginsAs(head, identity)
    )
  }
}
