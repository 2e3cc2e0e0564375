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

/** Bodies that are kept at most: 16 MiB where all are as large as a batch may be. Later ones push out the oldest. */
const most = 64

export class SealedBodies {
  /** By commitment, oldest first. */
  readonly #kept = new Map<string, SealedBody>()

  keep(commitment: string, sealed: SealedBody): void {
    this.#kept.set(commitment, sealed)
    if (this.#kept.size > most) this.#kept.delete(this.#kept.keys().next().value!)
  }

  /**
   * What the batch holds, if it is one of them, byte for byte: what the log gives back is what counts, and whoever
   * redacted or damaged it is not overlooked. It is forgotten by that.
   */
  take({ commitment, body, range }: LogBatch): SealedBody | undefined {
    const sealed = commitment === null ? undefined : this.#kept.get(commitment)
    if (sealed === undefined || Buffer.compare(sealed.body, body) !== 0) return undefined
    if (sealed.bytes.length !== range.to - range.from) return undefined
    this.#kept.delete(commitment!)
    return sealed
  }
}
