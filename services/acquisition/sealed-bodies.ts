/**
 * The bodies that were sealed last, each until its lines are read: the engine mostly judges a batch soon after this
 * process has appended it, and need not decompress what was compressed a moment before.
 */
import type { LogBatch } from "../../domain/events/log-batch.ts"

export interface SealedBody {
  readonly body: Uint8Array
  /** What the body holds. */
  readonly bytes: Buffer
  /** Where each line ends in them. */
  readonly ends: ReadonlyArray<number>
}

/** What is kept at most: what a reader stores at a time (see `merge.ts`), some times over. Later ones push out the oldest. */
const most = { bodies: 192, bytes: 16 * 1024 * 1024 }

export class SealedBodies {
  /** By commitment, oldest first. */
  readonly #kept = new Map<string, SealedBody>()
  #bytes = 0

  keep(commitment: string, sealed: SealedBody): void {
    this.#kept.set(commitment, sealed)
    this.#bytes += sealed.bytes.length
    for (const [oldest, body] of this.#kept) {
      if (this.#kept.size <= most.bodies && this.#bytes <= most.bytes) return
      this.#forget(oldest, body)
    }
  }

  /**
   * What the batch holds, if it is one of them, byte for byte: what the log gives back is what counts, and whoever
   * redacted or damaged it is not overlooked. It is forgotten by that.
   */
  take({ commitment, body, range }: LogBatch): SealedBody | undefined {
    const sealed = commitment === null ? undefined : this.#kept.get(commitment)
    if (commitment === null || sealed === undefined || Buffer.compare(sealed.body, body) !== 0) return undefined
    if (sealed.bytes.length !== range.to - range.from) return undefined
    this.#forget(commitment, sealed)
    return sealed
  }

  #forget(commitment: string, { bytes }: SealedBody): void {
    this.#kept.delete(commitment)
    this.#bytes -= bytes.length
  }
}
