/** Compressed logs, recognised by their first bytes and decompressed as they are read. */
import type { FileHandle } from "node:fs/promises"
import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from "node:zlib"
import { readBytes } from "./body.ts"

export type Compression = "gzip" | "zstd"

/** The archive ends early or is damaged; all that could be read was given before. */
export class BrokenArchive extends Error {
  override readonly name = "BrokenArchive"
}

export const compressionOf = (head: Buffer): Compression | undefined =>
  head.length >= 2 && head.readUInt16BE(0) === 0x1f8b
    ? "gzip"
    : head.length >= 4 && head.readUInt32BE(0) === 0x28b52ffd
      ? "zstd"
      : undefined

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

/** Node's decompressor, fed and emptied step by step. Its end is the end of one frame of zstd, or of all of gzip. */
class Unpacker {
  readonly #archive: Gunzip | ZstdDecompress
  #output: Array<Buffer> = []
  #wake = (): void => {}
  #fed = 0
  ended = false
  failure: Error | undefined

  constructor(compression: Compression) {
    this.#archive = compression === "gzip" ? createGunzip() : createZstdDecompress()
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

  get isOver(): boolean {
    return this.ended || this.failure !== undefined
  }

  /** Takes the bytes in; those after the end are given back. */
  async write(bytes: Buffer): Promise<Buffer> {
    this.#fed += bytes.length
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.#archive.write(bytes, () => resolve())
    })
    return this.ended ? bytes.subarray(Math.max(0, bytes.length - this.#fed + this.#archive.bytesWritten)) : nothing
  }

  async end(): Promise<void> {
    if (this.isOver) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.#archive.end()
    })
  }

  *flush(): Generator<Buffer, void, void> {
    const bytes = Buffer.concat(this.#output)
    this.#output = []
    for (let at = 0; at < bytes.length; at += readBytes) yield bytes.subarray(at, at + readBytes)
  }

  close(): void {
    this.#archive.destroy()
  }
}

/**
 * Decompresses in bounded memory, frame after frame. What follows the last frame of zstd and is none is ignored.
 * Throws {@link BrokenArchive} after the last good byte.
 */
export async function* decompress(
  chunks: AsyncIterable<Buffer>,
  compression: Compression
): AsyncGenerator<Buffer, void, void> {
  let unpacker = new Unpacker(compression)
  let input = nothing
  try {
    for await (const chunk of chunks) {
      input = input.length === 0 ? chunk : Buffer.concat([input, chunk])
      while (input.length > 0) {
        if (unpacker.ended) {
          if (input.length < 4) break
          if (compressionOf(input) !== compression) return
          unpacker.close()
          unpacker = new Unpacker(compression)
        }
        const rest = await unpacker.write(input.subarray(0, step))
        yield* unpacker.flush()
        if (unpacker.failure !== undefined) throw new BrokenArchive(unpacker.failure.message)
        input = rest.length === 0 ? input.subarray(step) : Buffer.concat([rest, input.subarray(step)])
      }
    }
    await unpacker.end()
    yield* unpacker.flush()
    if (unpacker.failure !== undefined) throw new BrokenArchive(unpacker.failure.message)
  } finally {
    unpacker.close()
  }
}
