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
  /** For the bytes of bodies: very many new ones would call for the garbage collector long before the memory is full. */
  readonly #free: Array<Buffer> = []
  readonly #largest: number

  /** `largest`: bytes of a body. */
  constructor(largest: number) {
    this.#largest = largest
  }

  /** The bytes may change afterwards. */
  keep(commitment: string, { body, bytes, ends }: SealedBody): void {
    if (bytes.length > this.#largest) return
    this.#kept.set(commitment, { body, bytes: this.#copyOf(bytes), ends })
    this.#bytes += bytes.length
    for (const [oldest, body] of this.#kept) {
      if (this.#kept.size <= most.bodies && this.#bytes <= most.bytes) return
      this.#forget(oldest, body)
    }
  }

  /** So that all these buffers together have room for twice of what is kept. */
  #isLarge(bytes: Buffer): boolean {
    return bytes.length * 2 > this.#largest
  }

  #copyOf(bytes: Buffer): Buffer {
    if (!this.#isLarge(bytes)) return Buffer.from(bytes)
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#largest)
    buffer.set(bytes)
    return buffer.subarray(0, bytes.length)
  }

  /**
   * What the batch holds, if it is one of them, byte for byte: what the log gives back is what counts, and whoever
   * redacted or damaged it is not overlooked. It is forgotten by that, and its bytes are good until the next one is kept.
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
    if (this.#isLarge(bytes)) this.#free.push(Buffer.from(bytes.buffer))
  }
}
