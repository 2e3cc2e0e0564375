/** Names of streams. One file knows how they are made, so that a dossier is always found again. */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js"

/** A value goes into a stream name as it is when it is short and printable; otherwise its hash does. */
const readable = (value: string): string =>
  value.length <= 100 && /^[\x21-\x7e]+$/.test(value) ? value : `sha256.${bytesToHex(sha256(utf8ToBytes(value)))}`

/** The dossier of one offender: `offender-Ip:203.0.113.7`. */
export const offenderStream = (scope: string, value: string): string => `offender-${readable(scope)}:${readable(value)}`

export const logStream = (source: string): string => `log-${readable(source)}`

export const bouncerStream = (name: string): string => `bouncer-${readable(name)}`

export const allowlistStream = (name: string): string => `allowlist-${readable(name)}`

export const rulesetStream = "ruleset"
export const contentStream = "content"
export const namesStream = "names"
export const decisionNumbersStream = "decision-numbers"
export const timeStream = "time"
export const auditStream = "audit"
