/**
 * Event ids that follow from what the event says (UUIDv5, RFC 9562), so that a writer that lost its place recognises
 * what it has already appended.
 */
import { hexToBytes } from "@noble/hashes/utils.js"
import { sha1 } from "js-sha1"

/** Namespace of all derived ids of Testudo: a fixed random UUID. */
const namespace = hexToBytes("5b1d5d1e6b1c4a399d0f2f6a51b8a7c4")

/** What is hashed, the namespace first: nearly every name has room in this one. */
const usual = new Uint8Array(2_048)
usual.set(namespace)
const utf8 = new TextEncoder()

/** The parts are joined with a NUL, which none of them can hold unescaped: `["a","b"]` and `["ab"]` differ. */
export const derivedId = (...parts: ReadonlyArray<string | number>): string => {
  const name = parts.map(escaped).join("\0.")
  // A character has three bytes at most.
  const most = namespace.length + 3 * name.length
  let message = usual
  if (most > usual.length) {
    message = new Uint8Array(most)
    message.set(namespace)
  }
  const { written } = utf8.encodeInto(name, message.subarray(namespace.length))
  const hex = sha1(message.subarray(0, namespace.length + written))
  const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16) // of RFC 9562
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const escaped = (part: string | number): string => {
  const text = String(part)
  return text.includes("\0") ? text.replaceAll("\0", "\0\0") : text
}
