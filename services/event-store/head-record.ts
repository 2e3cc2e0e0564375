/**
 * The head record: how far the log had come when its last append was acknowledged, in a file apart from the database.
 *
 * It is written and synced after every commit and before the commit is acknowledged. So whenever the database holds less
 * than the record says, acknowledged events are gone; when it holds more, a crash came between the two writes. The file
 * has two slots of a disk sector, written in turn: a torn write spoils one, and the other still stands.
 *
 * Each slot carries a keyed digest (HMAC-SHA-256). Whoever changes the database and computes its chain anew has to know
 * the key, too: `head.key`, readable by the node's user alone.
 */
import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from "node:crypto"
import { closeSync, fdatasyncSync, fsyncSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs"
import { dirname, join } from "node:path"
import { isMissing } from "../file-failure.ts"
import type { LogEnd } from "./chain.ts"
import { syncDirectory } from "./sync-directory.ts"

export const headFile = "head"
const keyFile = "head.key"

const slotBytes = 4096
const macBytes = 32
const linkAt = 8
const macAt = linkAt + 32

/** What the file says. `forged`: there is a record, but none that was made with this key. */
export type HeadRecord =
  | { readonly _tag: "Found"; readonly end: LogEnd; readonly slot: number }
  | { readonly _tag: "Missing" }
  | { readonly _tag: "Forged" }

const ifThere = <A>(read: () => A): A | undefined => {
  try {
    return read()
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

const macOf = (key: Uint8Array | KeyObject, record: Uint8Array): Buffer =>
  createHmac("sha256", key).update(record.subarray(0, macAt)).digest()

const slotOf = (slots: Uint8Array, slot: number): Buffer =>
  Buffer.from(slots.buffer, slots.byteOffset + slot * slotBytes, macAt + macBytes)

/** The newest record of the store in this directory. Throws what the file system says. */
export const readHeadRecord = (directory: string): HeadRecord => {
  const slots = ifThere(() => readFileSync(join(directory, headFile)))
  if (slots === undefined) return { _tag: "Missing" }
  const key = ifThere(() => readFileSync(join(directory, keyFile)))
  const found = [0, 1].flatMap((slot) => {
    if (key === undefined || slots.length < slot * slotBytes + macAt + macBytes) return []
    const record = slotOf(slots, slot)
    if (!timingSafeEqual(macOf(key, record), record.subarray(macAt))) return []
    const end = { position: Number(record.readBigInt64LE(0)), link: new Uint8Array(record.subarray(linkAt, macAt)) }
    return [{ _tag: "Found", end, slot } as const]
  })
  return found.sort((left, right) => right.end.position - left.end.position)[0] ?? { _tag: "Forged" }
}

/** Writes the record of a store that this process writes to. */
export class HeadWriter {
  readonly #descriptor: number
  readonly #key: KeyObject
  readonly #record = Buffer.alloc(slotBytes)
  #slot: number

  /** Makes the files when they are not there. The first slot that is written is not the one that holds. */
  constructor(directory: string, known: HeadRecord) {
    const keyPath = join(directory, keyFile)
    let key = ifThere(() => readFileSync(keyPath))
    if (key === undefined || key.length < macBytes) {
      key = randomBytes(macBytes)
      writeFileSync(keyPath, key, { mode: 0o600, flush: true })
    }
    // Bytes are made such an object at each digest, which takes as long as ten digests.
    this.#key = createSecretKey(key)
    this.#slot = known._tag === "Found" ? known.slot : 1
    const path = join(directory, headFile)
    const existing = ifThere(() => openSync(path, "r+"))
    this.#descriptor = existing ?? openSync(path, "w+", 0o640)
    if (existing === undefined) {
      // Written once, so that from now on a sync changes no length.
      writeSync(this.#descriptor, Buffer.alloc(2 * slotBytes), 0, 2 * slotBytes, 0)
      fsyncSync(this.#descriptor)
    }
    syncDirectory(dirname(path))
  }

  /** Durable when it returns. */
  write({ position, link }: LogEnd): void {
    const record = this.#record
    record.writeBigInt64LE(BigInt(position), 0)
    record.set(link, linkAt)
    record.set(macOf(this.#key, record), macAt)
    const slot = 1 - this.#slot
    writeSync(this.#descriptor, record, 0, slotBytes, slot * slotBytes)
    fdatasyncSync(this.#descriptor)
    // Not before: of a disk that fails the next record goes where this one failed, and leaves the last good one.
    this.#slot = slot
  }

  /** Writes over what a foreign key signed, so that one slot alone does not decide. */
  replace(end: LogEnd): void {
    this.write(end)
    this.write(end)
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}
