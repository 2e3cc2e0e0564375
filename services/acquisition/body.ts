/** The body of a log batch: raw bytes in, bytes for the event out, and back to lines. */
import { isAscii } from "node:buffer"
import { createCipheriv, hash, randomBytes } from "node:crypto"
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib"
import * as Data from "effect/Data"
import type { LogBatch } from "../../domain/events/log-batch.ts"
import { SealedBodies } from "./sealed-bodies.ts"

/** Most lines in one batch. */
export const maxBatchLines = 2_000

/** Most raw bytes in one batch. A longer line goes over several batches. */
export const maxBatchBytes = 256 * 1024

/** Raw bytes that are read at once: with the unfinished line before them they usually fit one batch. */
export const readBytes = maxBatchBytes - 8 * 1024

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

/**
 * How a body lies in its event:
 *
 * - whole: `0`, a key of 16 bytes, the raw bytes compressed (zstd level 1). The salts of all lines follow from the key.
 * - with lines erased: `1`, the number of lines (32 bits, little-endian), for each line `0` and its salt (16 bytes) or `1`
 *   and its digest (32 bytes), and the compressed bytes, in which an erased line is asterisks. The key is gone with it:
 *   what the digest of a short line stands for cannot be guessed without its salt.
 *
 * A line's digest is the SHA-256 of its salt and its bytes, line end included.
 */
const whole = 0
const erased = 1
const keyBytes = 16
const saltBytes = 16
const digestBytes = 32
const filler = 42

const compress = (bytes: Uint8Array): Buffer =>
  zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })

const decompress = (bytes: Uint8Array): Buffer => zstdDecompressSync(bytes, { maxOutputLength: maxBodyBytes })

/** Where each line of the bytes ends; the last one may lack its line end. */
const lineEnds = (bytes: Buffer): ReadonlyArray<number> => {
  const ends: Array<number> = []
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(10, start)
    start = found < 0 ? bytes.length : found + 1
    ends.push(start)
  }
  return ends
}

const split = (bytes: Buffer) => ({ bytes, ends: lineEnds(bytes) })

/** Independent salts for so many lines: the key stream of AES in counter mode. */
const saltsOf = (key: Uint8Array, lines: number): Buffer =>
  createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(lines * saltBytes))

/** The lines of a batch with their salts, while their digests are made: nearly every batch has room in this one. */
const usual = Buffer.allocUnsafeSlow(saltBytes + maxBatchBytes)

/**
 * The digests of the lines, one after the other, in one byte a character: what Node makes of a digest fastest. A line's
 * salt is set before it in a copy of the bytes, over the end of the line before, whose digest is made by then.
 */
const digestsOf = (bytes: Buffer, ends: ReadonlyArray<number>, salts: Buffer): ReadonlyArray<string> => {
  const salted = bytes.length <= maxBatchBytes ? usual : Buffer.allocUnsafe(saltBytes + bytes.length)
  bytes.copy(salted, saltBytes)
  let start = 0
  return ends.map((end, line) => {
    // So few bytes are copied by hand in a third of the time of a call.
    for (let at = 0; at < saltBytes; at++) salted[start + at] = salts[line * saltBytes + at]!
    const digest = hash("sha256", salted.subarray(start, saltBytes + end), "binary")
    start = end
    return digest
  })
}

const rootOf = (digests: ReadonlyArray<string>): string => hash("sha256", Buffer.from(digests.join(""), "latin1"))

/** The last bodies that were sealed here and not read yet: who judges the log at once need not decompress them. */
const sealed = new SealedBodies(maxBatchBytes)

/**
 * The `body` of a `LogBatch` and its `commitment`. `ends`: where each line ends in the bytes, if that is known.
 */
export const sealBody = (
  bytes: Buffer,
  ends: ReadonlyArray<number> = lineEnds(bytes)
): { readonly commitment: string; readonly body: Uint8Array } => {
  const key = randomBytes(keyBytes)
  const commitment = rootOf(digestsOf(bytes, ends, saltsOf(key, ends.length)))
  const body = Buffer.concat([Buffer.of(whole), key, compress(bytes)])
  sealed.keep(commitment, { body, bytes, ends })
  return { commitment, body }
}

interface Opened {
  readonly bytes: Buffer
  /** For each line its salt, or its digest when it was erased. */
  readonly proofs: () => ReadonlyArray<{ readonly salt: Uint8Array } | { readonly digest: Uint8Array }>
}

const openErased = (body: Buffer): Opened => {
  const proofs: Array<{ readonly salt: Uint8Array } | { readonly digest: Uint8Array }> = []
  const lines = body.readUInt32LE(1)
  let at = 5
  for (let line = 0; line < lines; line++) {
    const gone = body[at] === erased
    if (!gone && body[at] !== 0) throw new Error(`line ${line} is neither there nor erased`)
    const end = at + 1 + (gone ? digestBytes : saltBytes)
    const proof = body.subarray(at + 1, end)
    proofs.push(gone ? { digest: proof } : { salt: proof })
    at = end
  }
  return { bytes: decompress(body.subarray(at)), proofs: () => proofs }
}

const openWhole = (body: Buffer): Opened => {
  const bytes = decompress(body.subarray(1 + keyBytes))
  return {
    bytes,
    proofs: () => {
      const lines = lineEnds(bytes).length
      const salts = saltsOf(body.subarray(1, 1 + keyBytes), lines)
      return Array.from({ length: lines }, (_, line) => ({
        salt: salts.subarray(line * saltBytes, (line + 1) * saltBytes)
      }))
    }
  }
}

/** Throws {@link DamagedBatch}. */
const open = (batch: LogBatch): Opened => {
  const body = Buffer.from(batch.body.buffer, batch.body.byteOffset, batch.body.byteLength)
  let opened: Opened
  try {
    opened =
      batch.commitment === null
        ? { bytes: decompress(body), proofs: () => [] }
        : body[0] === erased
          ? openErased(body)
          : openWhole(body)
  } catch (cause) {
    throw damaged(batch, cause instanceof Error ? cause.message : String(cause))
  }
  const expected = batch.range.to - batch.range.from
  if (opened.bytes.length !== expected)
    throw damaged(batch, `it holds ${opened.bytes.length} bytes instead of ${expected}`)
  return opened
}

/** The raw bytes of a batch; asterisks where a line was erased. Throws {@link DamagedBatch}. */
export const decodeBody = (batch: LogBatch): Buffer => open(batch).bytes

/** The last bytes of a batch as they are in its file: at most so many, and none that was erased. Throws {@link DamagedBatch}. */
export const tailOf = (batch: LogBatch, most: number): Buffer => {
  const { bytes, proofs } = open(batch)
  if (batch.commitment === null || batch.body[0] !== erased) return bytes.subarray(-most)
  const lastErased = proofs().findLastIndex((proof) => "digest" in proof)
  const from = lastErased < 0 ? 0 : lineEnds(bytes)[lastErased]!
  return bytes.subarray(Math.max(from, bytes.length - most))
}

/** Whether the lines are those that the batch committed to, as far as they were not erased. Throws {@link DamagedBatch}. */
export const keepsCommitment = (batch: LogBatch): boolean => {
  if (batch.commitment === null) return true
  const { bytes, proofs: proofsOf } = open(batch)
  const proofs = proofsOf()
  const ends = lineEnds(bytes)
  if (proofs.length !== ends.length) return false
  const salts = Buffer.alloc(ends.length * saltBytes)
  for (const [line, proof] of proofs.entries()) if ("salt" in proof) salts.set(proof.salt, line * saltBytes)
  const digests = digestsOf(bytes, ends, salts).map((digest, line) => {
    const proof = proofs[line]!
    return "salt" in proof ? digest : Buffer.from(proof.digest).toString("latin1")
  })
  return rootOf(digests) === batch.commitment
}

/**
 * The body without the lines that are to go, or undefined when none is. What remains keeps the batch's commitment, if it
 * made one. Throws {@link DamagedBatch}.
 */
export const withoutLines = (batch: LogBatch, goes: (line: Buffer) => boolean): Uint8Array | undefined => {
  const { bytes: original, proofs: proofsOf } = open(batch)
  const bytes = Buffer.from(original)
  const ends = lineEnds(bytes)
  const proofs = batch.commitment === null ? ends.map(() => ({ salt: new Uint8Array() })) : proofsOf()
  const parts: Array<Uint8Array> = []
  let start = 0
  let gone = 0
  for (const [line, end] of ends.entries()) {
    const piece = bytes.subarray(start, end)
    const proof = proofs[line]!
    if ("salt" in proof && goes(piece)) {
      gone++
      const digest = hash("sha256", Buffer.concat([proof.salt, piece]), "buffer")
      parts.push(Buffer.of(erased), digest)
      const text = piece.at(-1) === 10 ? piece.subarray(0, -1) : piece
      text.fill(filler)
    } else if ("salt" in proof) parts.push(Buffer.of(0), proof.salt)
    else parts.push(Buffer.of(erased), proof.digest)
    start = end
  }
  if (gone === 0) return undefined
  if (batch.commitment === null) return compress(bytes)
  const head = Buffer.alloc(5)
  head[0] = erased
  head.writeUInt32LE(ends.length, 1)
  return Buffer.concat([head, ...parts, compress(bytes)])
}

/** Bytes of the byte order mark that a file may begin with: it is no part of the first line. `offset`: place in the file. */
export const markLength = (bytes: Buffer, offset: number): number =>
  offset === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0

/** Node's slicing methods without the detour over encoding names; `@types/node` does not know them. */
interface Slices {
  latin1Slice(start: number, end: number): string
  utf8Slice(start: number, end: number): string
}

/**
 * The lines that begin in a batch; an index in the result is the line index of references to this batch.
 *
 * Lines end at `\n`; one `\r` before it is dropped, and a byte order mark at the beginning of a file. Invalid UTF-8 becomes
 * U+FFFD. What a batch holds of a line that an earlier batch began is left out: the first piece of such a line has 256 KiB,
 * more than any pattern is shown.
 * Each line is a flat string of its own, so that a kept field holds its line and not the whole batch.
 * Throws {@link DamagedBatch}.
 */
export const decodeLines = (batch: LogBatch): Array<string> => {
  const { bytes, ends } = sealed.take(batch) ?? split(decodeBody(batch))
  const slices = bytes as unknown as Slices
  const ascii = isAscii(bytes)
  const lines: Array<string> = []
  const first = batch.startsInsideLine ? 1 : 0
  let start = first === 0 ? markLength(bytes, batch.range.from) : (ends[0] ?? 0)
  for (let line = first; line < ends.length; line++) {
    const next = ends[line]!
    let end = bytes[next - 1] === 10 ? next - 1 : next
    if (end > start && bytes[end - 1] === 13) end -= 1
    lines.push(ascii ? slices.latin1Slice(start, end) : slices.utf8Slice(start, end))
    start = next
  }
  if (lines.length !== batch.lines) throw damaged(batch, `it holds ${lines.length} lines instead of ${batch.lines}`)
  return lines
}
