/**
 * Event ids that follow from what the event says (UUIDv5, RFC 9562), so that a writer that lost its place recognises
 * what it has already appended.
 */
import { sha1 } from "@noble/hashes/legacy.js"
import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js"

/** Namespace of all derived ids of Testudo: a fixed random UUID. */
const namespace = hexToBytes("5b1d5d1e6b1c4a399d0f2f6a51b8a7c4")
const beginning = sha1.create().update(namespace)

/** The parts are joined with a NUL, which none of them can hold unescaped: `["a","b"]` and `["ab"]` differ. */
export const derivedId = (...parts: ReadonlyArray<string | number>): string => {
  const name = parts.map((part) => String(part).replaceAll("\0", "\0\0")).join("\0.")
  const bytes = beginning.clone().update(utf8ToBytes(name)).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x50 // version 5
  bytes[8] = (bytes[8]! & 0x3f) | 0x80 // the variant of RFC 9562
  const hex = bytesToHex(bytes)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
