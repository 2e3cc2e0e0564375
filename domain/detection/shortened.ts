/** Keys that come from log lines: whoever writes them must not fill the memory with long ones. */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js"

/** Longer ones are known by their hash. In characters. */
const longest = 256

export const shortened = (key: string): string =>
  key.length <= longest ? key : `sha256.${bytesToHex(sha256(utf8ToBytes(key)))}`
