/** The body of a log batch: raw bytes in, text for the event out, and back to lines. */
import { isAscii } from "node:buffer"
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib"
import * as Data from "effect/Data"
import type { LogBatch } from "../../domain/events/log-batch.ts"

/** Most lines in one batch. */
export const maxBatchLines = 1_000

/** Most raw bytes in one batch. A longer line goes over several batches. */
export const maxBatchBytes = 256 * 1024

/** No batch of ours is near this. A stored body that grows beyond it is damaged or hostile. */
const maxBodyBytes = 512 * 1024

/** A stored batch whose body does not hold what the batch says. Code `TST-ACQ-DAMAGED-BATCH`. */
export class DamagedBatch extends Data.TaggedError("DamagedBatch")<{
  readonly code: "TST-ACQ-DAMAGED-BATCH"
  readonly message: string
}> {}

const damaged = (batch: LogBatch, why: string): DamagedBatch =>
  new DamagedBatch({
    code: "TST-ACQ-DAMAGED-BATCH",
    message: `The recorded batch of ${batch.path} (bytes ${batch.range.from} to ${batch.range.to}) cannot be read: ${why}. Check the event log's disk.`
  })

/** zstd level 1, then base64: the `body` of a `LogBatch`. */
export const encodeBody = (bytes: Uint8Array): string =>
  zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }).toString("base64")

/** The raw bytes of a batch. Throws {@link DamagedBatch}. */
export const decodeBody = (batch: LogBatch): Buffer => {
  let bytes: Buffer
  try {
    bytes = zstdDecompressSync(Buffer.from(batch.body, "base64"), { maxOutputLength: maxBodyBytes })
  } catch (cause) {
    throw damaged(batch, cause instanceof Error ? cause.message : String(cause))
  }
  const expected = batch.range.to - batch.range.from
  if (bytes.length !== expected) throw damaged(batch, `it holds ${bytes.length} bytes instead of ${expected}`)
  return bytes
}

/** Node's slicing methods without the detour over encoding names; `@types/node` does not know them. */
interface Slices {
  latin1Slice(start: number, end: number): string
  utf8Slice(start: number, end: number): string
}

/**
 * The lines that begin in a batch; an index in the result is the line index of references to this batch.
 *
 * Lines end at `\n`; one `\r` before it is dropped. Invalid UTF-8 becomes U+FFFD. What a batch holds of a line that an
 * earlier batch began is left out: the first piece of such a line has 256 KiB, more than any pattern is shown.
 * Each line is a flat string of its own, so that a kept field holds its line and not the whole batch.
 * Throws {@link DamagedBatch}.
 */
export const decodeLines = (batch: LogBatch): Array<string> => {
  const bytes = decodeBody(batch)
  const slices = bytes as unknown as Slices
  const ascii = isAscii(bytes)
  const lines: Array<string> = []
  let start = 0
  if (batch.startsInsideLine) {
    const end = bytes.indexOf(10)
    start = end < 0 ? bytes.length : end + 1
  }
  while (start < bytes.length) {
    const found = bytes.indexOf(10, start)
    const next = found < 0 ? bytes.length : found + 1
    let end = found < 0 ? next : found
    if (end > start && bytes[end - 1] === 13) end -= 1
    lines.push(ascii ? slices.latin1Slice(start, end) : slices.utf8Slice(start, end))
    start = next
  }
  if (lines.length !== batch.lines) throw damaged(batch, `it holds ${lines.length} lines instead of ${batch.lines}`)
  return lines
}
