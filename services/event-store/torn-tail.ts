/**
 * What a crash left behind in SQLite's write-ahead log: the beginning of a transaction that was never committed, or its
 * last frame cut short. SQLite ignores it; this tells that it is there. Format: sqlite.org/fileformat.html#walformat.
 */
import { readFileSync } from "node:fs"
import { isMissing } from "../file-failure.ts"

const headerBytes = 32
const frameHeaderBytes = 24
const magic = { littleEndian: 0x377f0682, bigEndian: 0x377f0683 }

/** SQLite's running checksum over pairs of 32-bit words. */
const checksum = (bytes: DataView, littleEndian: boolean, sums: [number, number]): [number, number] => {
  let [first, second] = sums
  for (let at = 0; at < bytes.byteLength; at += 8) {
    first = (first + bytes.getUint32(at, littleEndian) + second) >>> 0
    second = (second + bytes.getUint32(at + 4, littleEndian) + first) >>> 0
  }
  return [first, second]
}

/** Bytes behind the last commit that belong to the log as it is now; what was left from an earlier round is none of it. */
export const tornTail = (path: string): number => {
  let wal: Buffer
  try {
    wal = readFileSync(path)
  } catch (error) {
    if (isMissing(error)) return 0
    throw error
  }
  if (wal.length < headerBytes) return wal.length
  const view = (from: number, to: number) => new DataView(wal.buffer, wal.byteOffset + from, to - from)
  const kind = wal.readUInt32BE(0)
  if (kind !== magic.littleEndian && kind !== magic.bigEndian) return 0
  const littleEndian = kind === magic.littleEndian
  const pageBytes = wal.readUInt32BE(8)
  const salts = wal.subarray(16, 24)
  let sums = checksum(view(0, 24), littleEndian, [0, 0])
  if (sums[0] !== wal.readUInt32BE(24) || sums[1] !== wal.readUInt32BE(28)) return 0
  let committed = headerBytes
  let end = headerBytes
  for (let at = headerBytes; ; at += frameHeaderBytes + pageBytes) {
    const rest = wal.subarray(at, at + frameHeaderBytes + pageBytes)
    // A frame of this round that is cut short by the end of the file still shows its salts.
    if (rest.length < 16 || !rest.subarray(8, 16).equals(salts)) break
    end = at + rest.length
    if (rest.length < frameHeaderBytes + pageBytes) break
    sums = checksum(view(at, at + 8), littleEndian, sums)
    sums = checksum(view(at + frameHeaderBytes, end), littleEndian, sums)
    if (sums[0] !== rest.readUInt32BE(16) || sums[1] !== rest.readUInt32BE(20)) break
    if (rest.readUInt32BE(4) !== 0) committed = end
  }
  return end - committed
}
