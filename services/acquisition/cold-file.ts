/** One cold file on the command line: plain, compressed, or a stream such as standard input. */
import { constants, createReadStream, openSync, statSync } from "node:fs"
import { Socket } from "node:net"
import { Readable } from "node:stream"
import { compressionOf, chunksOf, decompress } from "./compression.ts"
import { findPosition, type OpenedFile, openFile, type Position } from "./file-identity.ts"
import { GrowingFile, type OpenFile, StreamedFile } from "./open-file.ts"
import * as Say from "./reading-problem.ts"
import type { RecordedFiles } from "./recorded-files.ts"

/** Counts raw bytes as they are read: of a compressed file the compressed ones. */
export type OnBytes = (count: number) => void

/** A file that is open behind all that was recorded of it. */
export interface OpenedCold {
  readonly file: OpenFile
  readonly position: Position | undefined
}

/** Gives the bytes as they are, or decompressed when their beginning says so. */
async function* unpacked(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  const iterator = chunks[Symbol.asyncIterator]()
  let head: Buffer = Buffer.alloc(0)
  let done = false
  while (head.length < 4 && !done) {
    const next = await iterator.next()
    if (next.done === true) done = true
    else head = Buffer.concat([head, next.value])
  }
  const all = (async function* () {
    if (head.length > 0) yield head
    for (let next = done ? undefined : await iterator.next(); next?.done === false; next = await iterator.next()) {
      yield next.value
    }
  })()
  const compression = compressionOf(head)
  yield* compression === undefined ? all : decompress(all, compression)
}

async function* counted(chunks: AsyncIterable<Buffer>, onBytes: OnBytes): AsyncGenerator<Buffer, void, void> {
  for await (const chunk of chunks) {
    onBytes(chunk.length)
    yield chunk
  }
}

/**
 * Opens what is neither file nor directory. A FIFO waits for who will write to it, without holding up a thread: whoever is
 * tired of waiting could not even end the process.
 */
export const openPassing = (path: string): Readable => {
  if (!statSync(path).isFIFO()) return createReadStream(path)
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return new Socket({ fd, readable: true, writable: false })
}

/** Opens bytes that pass by once. They have no name, so they are known by their beginning alone. */
export const openStream = (path: string, chunks: AsyncIterable<Buffer>, onBytes: OnBytes): Promise<StreamedFile> => {
  // Closed while it waits for more, it would wait for more.
  const release = async () => {
    if (chunks instanceof Readable) chunks.destroy()
  }
  return StreamedFile.open(path, { device: 0, inode: 0 }, unpacked(counted(chunks, onBytes)), release)
}

/** A plain file, or a compressed one at its first byte of text. */
export type ColdFile = OpenedFile | StreamedFile

/** Opens a regular file. */
export const openCold = async (path: string, onBytes: OnBytes): Promise<ColdFile> => {
  const opened = await openFile(path)
  if (opened === undefined) throw new Error("it is no file any more")
  const compression = compressionOf(opened.head)
  if (compression === undefined) return opened
  const chunks = decompress(chunksOf(opened.handle, 0, onBytes), compression)
  return StreamedFile.open(path, opened.status, chunks, () => opened.handle.close())
}

/** Goes to where reading ended before. Undefined: the file holds nothing new, or is left out; it was said and closed. */
export const goOn = async (
  path: string,
  cold: ColdFile,
  recorded: RecordedFiles,
  onBytes: OnBytes,
  report: Say.Report
): Promise<OpenedCold | undefined> => {
  const position = recorded.find(cold instanceof StreamedFile ? cold : cold.status, cold.head)
  if (!(cold instanceof StreamedFile)) return goOnInPlain(path, cold, position, onBytes, report)
  if (position === undefined) return { file: cold, position }
  const is = await cold.skipTo(position)
  if (is === "here") return { file: cold, position }
  await cold.close()
  if (is === "shorter") report(Say.readBefore(path))
  else if (cold.inode === 0) report(Say.changed(path))
  else {
    // It only begins alike; it was counted as it was skipped, so from here on it is not.
    const again = await openCold(path, () => {})
    return again instanceof StreamedFile ? { file: again, position: undefined } : undefined
  }
  return undefined
}

const goOnInPlain = async (
  path: string,
  cold: OpenedFile,
  position: Position | undefined,
  onBytes: OnBytes,
  report: Say.Report
): Promise<OpenedCold | undefined> => {
  const is = position === undefined ? "other" : await findPosition(cold, position)
  if (is === "shorter") {
    onBytes(cold.status.size)
    await cold.handle.close()
    report(Say.readBefore(path))
    return undefined
  }
  const from = is === "here" && position !== undefined ? position.to : 0
  onBytes(from)
  return { file: await GrowingFile.at(path, cold, from, true), position: from > 0 ? position : undefined }
}
