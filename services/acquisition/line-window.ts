/**
 * Bytes of one file that were read and not yet taken, split into lines. Plain and synchronous: this is the hot part.
 */
import { holeLength } from "./binary.ts"
import { markLength, maxBatchBytes, maxBatchLines } from "./body.ts"

/** What one batch holds. */
export interface Piece {
  readonly from: number
  readonly to: number
  /** A view on the window's bytes: valid until there is room made in it, or pushed. */
  readonly bytes: Buffer
  /** Where each of its lines, or the part of one, ends in the bytes: the window has looked for that already. */
  readonly ends?: ReadonlyArray<number>
  /** Number of lines that begin in this piece. */
  readonly lines: number
  readonly startsInsideLine: boolean
  readonly endsInsideLine: boolean
}

const nothing = Buffer.alloc(0)

/**
 * Holds at most what was pushed last plus an unfinished line of up to 256 KiB, so whoever pushes only while nothing is
 * {@link ready} and in chunks of bounded size needs bounded memory, however long a line is.
 */
export class LineWindow {
  /** Used again and again: very many new ones would call for the garbage collector long before the memory is full. */
  #bytes: Buffer = nothing
  /** First byte that was not taken yet. */
  #start = 0
  /** Behind the last byte that was pushed. */
  #filled = 0
  /** Ends (exclusive, after the `\n`) of the lines that are whole; those before `#next` were taken. */
  #ends: Array<number> = []
  #next = 0
  #offset: number
  #insideLine: boolean
  #finished = false
  #isBegun: boolean

  /** `offset`: place in the file of the first byte that will be pushed. */
  constructor(offset: number, insideLine = false) {
    this.#offset = offset
    this.#insideLine = insideLine
    this.#isBegun = offset > 0
  }

  /** Place in the file of the first byte that was not taken yet. */
  get offset(): number {
    return this.#offset
  }

  /** Place in the file of the next byte to push. */
  get end(): number {
    return this.#offset + this.size
  }

  /** Number of bytes that were pushed and not taken yet. */
  get size(): number {
    return this.#filled - this.#start
  }

  /** Number of pieces of line that may be taken now. */
  get ready(): number {
    const whole = this.#ends.length - this.#next
    return whole > 0 ? whole : this.size > maxBatchBytes ? 1 : 0
  }

  /** Where so many bytes can be written to be pushed then: there they need not be moved any more. */
  readonly room = (length: number): Buffer => {
    const { size } = this
    const rest = this.#bytes.subarray(this.#start, this.#filled)
    if (this.#bytes.length < size + length) this.#bytes = Buffer.allocUnsafeSlow(size + length)
    this.#bytes.set(rest)
    this.#ends = this.#ends.slice(this.#next).map((end) => end - this.#start)
    this.#next = 0
    this.#start = 0
    this.#filled = size
    return this.#bytes.subarray(size, size + length)
  }

  /** A hole at the beginning of a file is passed over: it may have gigabytes, and would belong to the first line. */
  push(bytes: Buffer): void {
    const hole = this.#isBegun ? 0 : holeLength(bytes)
    this.#offset += hole
    if (hole === bytes.length) return
    this.#isBegun = true
    const chunk = hole === 0 ? bytes : bytes.subarray(hole)
    if (!this.#isNext(chunk)) this.room(chunk.length).set(chunk)
    const from = this.#filled
    this.#filled += chunk.length
    const pushed = this.#bytes.subarray(from, this.#filled)
    for (let at = pushed.indexOf(10); at >= 0; at = pushed.indexOf(10, at + 1)) this.#ends.push(from + at + 1)
  }

  /** Whether the bytes lie where they are to be. */
  #isNext(bytes: Buffer): boolean {
    return bytes.buffer === this.#bytes.buffer && bytes.byteOffset === this.#bytes.byteOffset + this.#filled
  }

  /** The file ended (or was left for good): what is there of a last line without a line end is a line. */
  finish(): void {
    if (this.#finished) return
    this.#finished = true
    if (this.#filled > Math.max(this.#ends.at(-1) ?? 0, this.#start)) this.#ends.push(this.#filled)
  }

  /**
   * Text of the n-th line that is ready, for its time stamp; undefined for the rest of a line that was begun before.
   */
  peek(n: number): string | undefined {
    if (n === 0 && this.#insideLine) return undefined
    const begin = n === 0 ? this.#start + this.#mark : (this.#ends[this.#next + n - 1] ?? this.#start)
    const end = this.#ends[this.#next + n] ?? this.#filled
    // A time stamp that begins beyond this is none, and a line may have 256 KiB.
    return this.#bytes.toString("utf8", begin, Math.min(end, begin + 8 * 1024)).replace(/\r?\n$/, "")
  }

  get #mark(): number {
    return markLength(this.#bytes.subarray(this.#start, this.#filled), this.#offset)
  }

  #letGo(): void {
    this.#bytes = nothing
    this.#ends = []
    this.#next = 0
    this.#start = 0
    this.#filled = 0
  }

  /** Takes up to `most` lines that are ready, bounded by what a batch may hold. At least one line or a part of it. */
  take(most: number = maxBatchLines): Piece | undefined {
    if (this.ready === 0) return undefined
    const limit = this.#start + maxBatchBytes
    let count = 0
    while (
      count < Math.min(most, maxBatchLines) &&
      this.#next + count < this.#ends.length &&
      this.#ends[this.#next + count]! <= limit
    ) {
      count += 1
    }
    const cut = count === 0
    const end = cut ? limit : this.#ends[this.#next + count - 1]!
    const startsInsideLine = this.#insideLine
    const piece: Piece = {
      from: this.#offset,
      to: this.#offset + end - this.#start,
      bytes: this.#bytes.subarray(this.#start, end),
      ends: cut
        ? [limit - this.#start]
        : this.#ends.slice(this.#next, this.#next + count).map((at) => at - this.#start),
      lines: (cut ? 1 : count) - (startsInsideLine ? 1 : 0),
      startsInsideLine,
      endsInsideLine: cut
    }
    this.#offset = piece.to
    this.#start = end
    this.#next += count
    this.#insideLine = cut
    // A log that grows by a line now and then needs no memory in between.
    if (this.size === 0) this.#letGo()
    return piece
  }
}
