/** Compressed logs, recognised by their first bytes and decompressed as they are read. */
import type { FileHandle } from "node:fs/promises"
import { crc32, createInflateRaw, createZstdDecompress, type InflateRaw, type ZstdDecompress } from "node:zlib"
import { readBytes } from "./body.ts"

export type Compression = "gzip" | "zstd"

/** The archive ends early or is damaged; all that could be read was given before. */
export class BrokenArchive extends Error {
  override readonly name = "BrokenArchive"
}

export const compressionOf = (head: Buffer): Compression | undefined => {
  if (head.length >= 2 && head.readUInt16BE(0) === 0x1f8b) return "gzip"
  if (head.length < 4) return undefined
  const magic = head.readUInt32LE(0)
  // A frame, or one that decompresses to nothing, such as the table of a seekable archive.
  return magic === 0xfd2fb528 || magic >>> 4 === 0x184d2a5 ? "zstd" : undefined
}

const nothing: Buffer = Buffer.alloc(0)

/** Compressed bytes that go in at once. A thousandfold expansion, deflate's worst, is still little memory. */
const step = 16 * 1024

/** The bytes of a file from a place on, in chunks of at most one batch; `onBytes` is told how many. */
export async function* chunksOf(
  handle: FileHandle,
  from = 0,
  onBytes: (count: number) => void = () => {}
): AsyncGenerator<Buffer, void, void> {
  for (let at = from; ; ) {
    const chunk = Buffer.allocUnsafeSlow(readBytes)
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, at)
    if (bytesRead === 0) return
    at += bytesRead
    onBytes(bytesRead)
    yield chunk.subarray(0, bytesRead)
  }
}

/** Compressed bytes, read as they are needed. */
class Input {
  readonly #chunks: AsyncIterator<Buffer, unknown>
  #bytes = nothing

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** What is there of the next bytes: so many at least, less only when the file ends. */
  async peek(least: number): Promise<Buffer> {
    while (this.#bytes.length < least) {
      const next = await this.#chunks.next()
      if (next.done === true) break
      this.#bytes = this.#bytes.length === 0 ? next.value : Buffer.concat([this.#bytes, next.value])
    }
    return this.#bytes
  }

  skip(count: number): void {
    this.#bytes = this.#bytes.subarray(count)
  }

  async take(count: number): Promise<Buffer> {
    const bytes = (await this.peek(count)).subarray(0, count)
    if (bytes.length < count) throw new BrokenArchive("unexpected end of file")
    this.skip(count)
    return bytes
  }

  async close(): Promise<void> {
    await this.#chunks.return?.()
  }
}

/** Node's decompressor, fed and emptied step by step, to the end of one frame. */
class Unpacker {
  readonly #archive: InflateRaw | ZstdDecompress
  #output: Array<Buffer> = []
  #wake = (): void => {}
  #fed = 0
  ended = false
  failure: Error | undefined

  constructor(compression: Compression) {
    this.#archive = compression === "gzip" ? createInflateRaw() : createZstdDecompress()
    this.#archive.on("data", (bytes: Buffer) => this.#output.push(bytes))
    this.#archive.on("error", (error: Error) => {
      this.failure = error
      this.#wake()
    })
    this.#archive.on("end", () => {
      this.ended = true
      this.#wake()
    })
  }

  /** How many of the bytes belong to the frame. */
  async write(bytes: Buffer): Promise<number> {
    const before = this.#fed
    this.#fed += bytes.length
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.#archive.write(bytes, () => resolve())
    })
    return this.ended ? Math.max(0, this.#archive.bytesWritten - before) : bytes.length
  }

  async end(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.#archive.end()
    })
  }

  *flush(): Generator<Buffer, void, void> {
    const bytes = Buffer.concat(this.#output)
    this.#output = []
    for (let at = 0; at < bytes.length; at += readBytes) yield bytes.subarray(at, at + readBytes)
    if (this.failure !== undefined) throw new BrokenArchive(this.failure.message)
  }

  close(): void {
    this.#archive.destroy()
  }
}

async function* unpack(input: Input, compression: Compression): AsyncGenerator<Buffer, void, void> {
  const unpacker = new Unpacker(compression)
  try {
    while (!unpacker.ended) {
      const bytes = (await input.peek(1)).subarray(0, step)
      if (bytes.length === 0) await unpacker.end()
      else input.skip(await unpacker.write(bytes))
      yield* unpacker.flush()
    }
  } finally {
    unpacker.close()
  }
}

const longestName = 65_536

/** A member of gzip, RFC 1952. Node would read its header itself, but fails on what follows it and loses its text. */
async function* unpackMember(input: Input): AsyncGenerator<Buffer, void, void> {
  const [, , method, flags] = (await input.take(10)) as unknown as [number, number, number, number]
  if (method !== 8 || (flags & 0b1110_0000) !== 0) throw new BrokenArchive("unknown compression method")
  if ((flags & 0b0100) !== 0) await input.take((await input.take(2)).readUInt16LE())
  for (const name of [0b1000, 0b1_0000]) {
    if ((flags & name) === 0) continue
    for (let length = 0; (await input.take(1))[0] !== 0; length++)
      if (length === longestName) throw new BrokenArchive("the name in its header has no end")
  }
  if ((flags & 0b0010) !== 0) await input.take(2)
  let [sum, length] = [0, 0]
  for await (const bytes of unpack(input, "gzip")) {
    sum = crc32(bytes, sum)
    length = (length + bytes.length) >>> 0
    yield bytes
  }
  const end = await input.take(8)
  if (end.readUInt32LE(0) !== sum || end.readUInt32LE(4) !== length) throw new BrokenArchive("incorrect data check")
}

/** Whether another frame follows. Zeros at the end are padding, anything else is a fault. */
const goesOn = async (input: Input, compression: Compression): Promise<boolean> => {
  const head = await input.peek(4)
  if (compressionOf(head) === compression) return true
  for (let rest = head; rest.length > 0; rest = await input.peek(1)) {
    if (!rest.equals(Buffer.alloc(rest.length))) throw new BrokenArchive(`what follows its end is no ${compression}`)
    input.skip(rest.length)
  }
  return false
}

/**
 * Decompresses in bounded memory, one frame of zstd or member of gzip after the other. Throws {@link BrokenArchive} after
 * the last good byte.
 */
export async function* decompress(
  chunks: AsyncIterable<Buffer>,
  compression: Compression
): AsyncGenerator<Buffer, void, void> {
  const input = new Input(chunks)
  try {
    do yield* compression === "gzip" ? unpackMember(input) : unpack(input, compression)
    while (await goesOn(input, compression))
  } finally {
    await input.close()
  }
}
