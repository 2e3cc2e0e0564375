/** How far each file was read, by what the event log says: for files that are read cold, under whatever name. */
import type { LogBatch } from "../../domain/events/log-batch.ts"
import { beginsAs, fingerprintBytes, type Position, positionAfter } from "./file-identity.ts"

const keyOf = (batch: LogBatch): string => `${batch.file.fingerprint.bytes}:${batch.file.fingerprint.sha256}`

/** A fold over `LogBatchAppended`, in any order. Holds one batch for each file. */
export class RecordedFiles {
  readonly #furthest = new Map<string, LogBatch>()
  /** The key of the batch that ended where the next one of the same file begins: the fingerprint of a small file grows. */
  readonly #ends = new Map<string, string>()

  add(batch: LogBatch): void {
    // A checkpoint: what comes before it was passed over, or is told by other batches.
    if (batch.range.to === batch.range.from) return
    const key = keyOf(batch)
    const { device, inode } = batch.file
    const before = `${device}:${inode}:${batch.range.from}`
    const earlier = this.#ends.get(before)
    this.#ends.delete(before)
    if (earlier !== undefined && earlier !== key) this.#furthest.delete(earlier)
    const known = this.#furthest.get(key)
    if (known !== undefined && known.range.to > batch.range.to) return
    this.#furthest.set(key, batch)
    this.#ends.set(`${device}:${inode}:${batch.range.to}`, key)
  }

  /**
   * How far this file was read; undefined when it is new. `head`: its first bytes, up to 1 KiB.
   *
   * The same file, by device and inode, is known by its beginning alone. Any other file (a copy, a compressed one, one on
   * another disk) must agree in a whole KiB, or in all that it has: two young logs may begin alike. Whoever goes on there
   * compares the bytes before the position as well. Throws `DamagedBatch`.
   */
  find(file: { readonly device: number; readonly inode: number }, head: Buffer): Position | undefined {
    let found: LogBatch | undefined
    for (const batch of this.#furthest.values()) {
      if (found !== undefined && batch.range.to <= found.range.to) continue
      const { bytes } = batch.file.fingerprint
      const same = batch.file.device === file.device && batch.file.inode === file.inode
      const whole = bytes === batch.range.to && head.length === bytes
      if ((same || bytes >= fingerprintBytes || whole) && beginsAs(head, batch.file)) found = batch
    }
    return found === undefined ? undefined : positionAfter(found)
  }
}
