/**
 * Files that are open for reading: one that grows under the reader's eyes, and one that is read once, like a stream.
 */
import type { FileHandle } from "node:fs/promises"
import { binaryAt, endsAsLog } from "./binary.ts"
import { readBytes } from "./body.ts"
import {
  beginsAs,
  fingerprintBytes,
  identify,
  type OpenedFile,
  type Position,
  readAt,
  statusOf
} from "./file-identity.ts"

/** A file in the middle of being read. */
export interface OpenFile {
  /** Its name when it was opened. */
  readonly path: string
  readonly device: number
  readonly inode: number
  /** It will not grow any more: its end is final as soon as it is reached. */
  readonly settled: boolean
  /** The first bytes, up to 1 KiB. */
  readonly head: Buffer
  /** Place of the next byte to read. */
  readonly end: number
  /** What ended it early, known at its end. */
  readonly failure: unknown
  /**
   * The next bytes, at most 256 KiB; `end` when there are none now; `changed` when this is not the file it was. They may
   * lie in the `room`, if the file can make use of it.
   */
  read(room?: (length: number) => Buffer): Promise<Buffer | "end" | "changed">
  /** Where reading stands when all that was read is taken. `seen`: milliseconds since 1970. */
  position(seen: number): Position
  close(): Promise<void>
}

const positionOf = (file: OpenFile, tail: Buffer, seen: number): Position => ({
  file: identify(file, file.head, file.end),
  to: file.end,
  insideLine: tail.length > 0 && tail.at(-1) !== 10,
  tail,
  head: file.head,
  seen
})

const lastBytes = (tail: Buffer, chunk: Buffer): Buffer =>
  chunk.length >= fingerprintBytes
    ? Buffer.from(chunk.subarray(-fingerprintBytes))
    : Buffer.concat([tail, chunk]).subarray(-fingerprintBytes)

/** A plain file that may grow, be cut to zero or be written anew at any time. */
export class GrowingFile implements OpenFile {
  readonly path: string
  readonly device: number
  readonly inode: number
  readonly settled: boolean
  readonly failure = undefined
  readonly handle: FileHandle
  #head: Buffer
  #tail: Buffer
  #end: number
  /** Change time at the last look at what was read. */
  #checked = 0

  private constructor(path: string, opened: OpenedFile, tail: Buffer, end: number, settled: boolean) {
    this.path = path
    this.handle = opened.handle
    this.device = opened.status.device
    this.inode = opened.status.inode
    this.#head = opened.head
    this.#tail = tail
    this.#end = end
    this.settled = settled
  }

  /** Takes the handle over. `from`: first byte to read, not after the file's end. */
  static async at(path: string, opened: OpenedFile, from: number, settled = false): Promise<GrowingFile> {
    const before = Math.min(from, fingerprintBytes)
    const tail = await readAt(opened.handle, from - before, before)
    return new GrowingFile(path, opened, tail, from, settled)
  }

  get head(): Buffer {
    return this.#head
  }

  get end(): number {
    return this.#end
  }

  /**
   * What was read before is compared after the bytes were read: if it is still the same then, the file was not cut and
   * written anew before, so the bytes belong where they were expected.
   */
  async read(room?: (length: number) => Buffer): Promise<Buffer | "end" | "changed"> {
    const status = await statusOf(this.handle)
    if (status.size < this.#end) return "changed"
    if (status.size === this.#end) {
      if (status.changed === this.#checked) return "end"
      if (!(await this.#isTheSame())) return "changed"
      this.#checked = status.changed
      return "end"
    }
    const chunk = await readAt(this.handle, this.#end, Math.min(readBytes, status.size - this.#end), room)
    if (!(await this.#isTheSame())) return "changed"
    if (this.#head.length < Math.min(fingerprintBytes, this.#end + chunk.length)) {
      const more = chunk.subarray(this.#head.length - this.#end)
      this.#head = Buffer.concat([this.#head, more]).subarray(0, fingerprintBytes)
    }
    this.#tail = lastBytes(this.#tail, chunk)
    this.#end += chunk.length
    return chunk.length === 0 ? "end" : chunk
  }

  /** Whether what was read is still there: its beginning, and its end, as the beginning may be that of every new log. */
  async #isTheSame(): Promise<boolean> {
    const head = await readAt(this.handle, 0, this.#head.length)
    const tail = await readAt(this.handle, this.#end - this.#tail.length, this.#tail.length)
    return head.equals(this.#head) && tail.equals(this.#tail)
  }

  /** The last bytes that the file has now, up to 1 KiB. */
  async last(): Promise<Buffer> {
    const { size } = await statusOf(this.handle)
    const length = Math.min(size, fingerprintBytes)
    return readAt(this.handle, size - length, length)
  }

  position(seen: number): Position {
    return positionOf(this, this.#tail, seen)
  }

  close(): Promise<void> {
    return this.handle.close()
  }
}

/** A file that is read from its first byte to its last, such as a decompressed archive or standard input. */
export class StreamedFile implements OpenFile {
  readonly path: string
  readonly device: number
  readonly inode: number
  readonly settled = true
  readonly #chunks: AsyncIterator<Buffer, void, void>
  readonly #release: () => Promise<void>
  /** Chunks that were read ahead to know the head. */
  #ahead: Array<Buffer> = []
  #head: Buffer = Buffer.alloc(0)
  #tail: Buffer = Buffer.alloc(0)
  #end = 0
  #failure: unknown
  /** What is still on its way then fails, which is nobody's fault. */
  #closed = false

  private constructor(
    path: string,
    file: { readonly device: number; readonly inode: number },
    chunks: AsyncIterator<Buffer, void, void>,
    release: () => Promise<void>
  ) {
    this.path = path
    this.device = file.device
    this.inode = file.inode
    this.#chunks = chunks
    this.#release = release
  }

  /** Reads ahead until the head is known. `release` closes what lies below. */
  static async open(
    path: string,
    file: { readonly device: number; readonly inode: number },
    chunks: AsyncIterator<Buffer, void, void>,
    release: () => Promise<void>
  ): Promise<StreamedFile> {
    const streamed = new StreamedFile(path, file, chunks, release)
    while (streamed.#head.length < fingerprintBytes) {
      const chunk = await streamed.#pull()
      if (chunk === undefined) break
      streamed.#ahead.push(chunk)
      streamed.#head = Buffer.concat([streamed.#head, chunk]).subarray(0, fingerprintBytes)
    }
    return streamed
  }

  get head(): Buffer {
    return this.#head
  }

  get end(): number {
    return this.#end
  }

  get failure(): unknown {
    return this.#failure
  }

  async #pull(): Promise<Buffer | undefined> {
    if (this.#failure !== undefined) return undefined
    try {
      const next = await this.#chunks.next()
      return next.done === true ? undefined : next.value
    } catch (cause) {
      if (!this.#closed) this.#failure = cause ?? new Error("unknown")
      return undefined
    }
  }

  async read(): Promise<Buffer | "end"> {
    const chunk = this.#ahead.shift() ?? (await this.#pull())
    if (chunk === undefined) return "end"
    this.#tail = lastBytes(this.#tail, chunk)
    this.#end += chunk.length
    return chunk
  }

  /**
   * Leaves out what was read before. The answers are those of `findPosition`; after all but `here` there is no way
   * back.
   */
  async skipTo(position: Position): Promise<"here" | "shorter" | "other"> {
    if (!beginsAs(this.#head, position.file)) return "other"
    while (this.#end < position.to) {
      const chunk = this.#ahead.shift() ?? (await this.#pull())
      if (chunk === undefined) return "shorter"
      const part = chunk.subarray(0, position.to - this.#end)
      if (part.length < chunk.length) this.#ahead.unshift(chunk.subarray(part.length))
      this.#tail = lastBytes(this.#tail, part)
      this.#end += part.length
    }
    const { tail } = position // empty when its lines were erased from the log
    return tail.length === 0 || this.#tail.subarray(-tail.length).equals(tail) ? "here" : "other"
  }

  position(seen: number): Position {
    return positionOf(this, this.#tail, seen)
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([this.#chunks.return?.(), this.#release()])
  }
}

/** Offset of the NUL byte that shows that a file is no text; undefined for a log, also one that only begins like that. */
export const noTextAt = async (file: OpenFile): Promise<number | undefined> => {
  const nul = binaryAt(file.head)
  return nul !== undefined && file instanceof GrowingFile && endsAsLog(await file.last()) ? undefined : nul
}
