/** One cold file on the command line: plain, compressed, or a stream such as standard input. */
import { compressionOf, chunksOf, decompress } from "./compression.ts"
import { findPosition, type FileStatus, openForReading, type Position, readAt, statusOf } from "./file-identity.ts"
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

/** Opens bytes that pass by once. They have no name, so they are known by their beginning alone. */
export const openStream = (path: string, chunks: AsyncIterable<Buffer>, onBytes: OnBytes): Promise<StreamedFile> =>
  StreamedFile.open(path, { device: 0, inode: 0 }, unpacked(counted(chunks, onBytes)), async () => {})

/** Opens a regular file from its first byte. */
export const openCold = async (path: string, onBytes: OnBytes): Promise<GrowingFile | StreamedFile> => {
  const handle = await openForReading(path)
  try {
    const status = await statusOf(handle)
    const compression = compressionOf(await readAt(handle, 0, 4))
    if (compression === undefined) return await GrowingFile.at(path, handle, status, 0, true)
    const chunks = decompress(chunksOf(handle, 0, onBytes), compression)
    return await StreamedFile.open(path, status, chunks, () => handle.close())
  } catch (cause) {
    await handle.close()
    throw cause
  }
}

/** Goes to where reading ended before. Undefined: the file holds nothing new, or is left out; it was said and closed. */
export const goOn = async (
  file: GrowingFile | StreamedFile,
  recorded: RecordedFiles,
  onBytes: OnBytes,
  report: Say.Report
): Promise<OpenedCold | undefined> => {
  const position = recorded.find(file, file.head)
  if (position === undefined) return { file, position }
  if (file instanceof StreamedFile) {
    const is = await file.skipTo(position)
    if (is === "here") return { file, position }
    await file.close()
    if (is === "shorter") report(Say.readBefore(file.path))
    else if (file.inode === 0) report(Say.changed(file.path))
    else return { file: await openCold(file.path, () => {}), position: undefined }
    return undefined
  }
  const status: FileStatus = await statusOf(file.handle)
  const is = await findPosition(file.handle, status, position)
  if (is === "other") return { file, position: undefined }
  if (is === "shorter") {
    onBytes(status.size)
    await file.close()
    report(Say.readBefore(file.path))
    return undefined
  }
  onBytes(position.to)
  return { file: await GrowingFile.at(file.path, file.handle, status, position.to, true), position }
}
