/** Compressed logs, recognised by their first bytes and decompressed as they are read. */
import type { FileHandle } from "node:fs/promises"
import { createGunzip, createZstdDecompress } from "node:zlib"
import { maxBatchBytes } from "./body.ts"

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

/** Compressed bytes that go in at once. A thousandfold expansion, deflate's worst, is still little memory. */
const step = 16 * 1024

/** The bytes of a file from a place on, in chunks of at most one batch; `onBytes` is told how many. */
export async function* chunksOf(
  handle: FileHandle,
  from = 0,
  onBytes: (count: number) => void = () => {}
): AsyncGenerator<Buffer, void, void> {
  for (let at = from; ; ) {
    const chunk = Buffer.allocUnsafeSlow(maxBatchBytes)
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, at)
    if (bytesRead === 0) return
    at += bytesRead
    onBytes(bytesRead)
    yield chunk.subarray(0, bytesRead)
  }
}

/** Decompresses in bounded memory. Throws {@link BrokenArchive} after the last good byte. */
export async function* decompress(
  chunks: AsyncIterable<Buffer>,
  compression: Compression
): AsyncGenerator<Buffer, void, void> {
  const archive = compression === "gzip" ? createGunzip() : createZstdDecompress()
  let output: Array<Buffer> = []
  let failure: Error | undefined
  let ended = false
  let wake = (): void => {}
  archive.on("data", (bytes: Buffer) => output.push(bytes))
  archive.on("error", (error: Error) => {
    failure = error
    wake()
  })
  archive.on("end", () => {
    ended = true
    wake()
  })
  const flush = function* (): Generator<Buffer, void, void> {
    const bytes = Buffer.concat(output)
    output = []
    for (let at = 0; at < bytes.length; at += maxBatchBytes) yield bytes.subarray(at, at + maxBatchBytes)
  }
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length && failure === undefined && !ended; at += step) {
        await new Promise<void>((resolve) => {
          wake = resolve
          archive.write(chunk.subarray(at, at + step), () => resolve())
        })
        yield* flush()
      }
      if (failure !== undefined || ended) break
    }
    if (failure === undefined && !ended) {
      await new Promise<void>((resolve) => {
        wake = resolve
        archive.end()
      })
    }
    yield* flush()
    if (failure !== undefined) throw new BrokenArchive(failure.message)
  } finally {
    archive.destroy()
  }
}
