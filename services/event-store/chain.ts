/**
 * The hash chain over the log: every event commits to all events before it.
 *
 * `content` is the digest of one event, `link` that of the log up to and including it: SHA-256 of the link before and the
 * content. Bytes that an event keeps beside its JSON are not part of its content, the commitment in its data is: lines can
 * then be taken out of a batch while everything else still verifies.
 */
import { hash } from "node:crypto"

/** An event as it is stored, but for what it keeps beside its JSON. */
export interface StoredEvent {
  readonly position: number
  readonly stream: string
  readonly revision: number
  readonly type: string
  /** Milliseconds since 1970. */
  readonly recordedAt: number
  readonly id: string
  /** JSON. */
  readonly metadata: string
  /** JSON, without `bytes`. */
  readonly data: string
}

/** What the first event commits to. 32 bytes. */
export const origin: Uint8Array = new Uint8Array(32)

const digestBytes = 32

/** SHA-256, 32 bytes. Text of one byte a character is what Node makes of a digest fastest. */
const sha256 = (input: string | Uint8Array): Buffer => Buffer.from(hash("sha256", input, "binary"), "latin1")

/** Each part is JSON or a number, so that no two events are the same text. */
export const contentOf = (event: StoredEvent): Buffer =>
  sha256(
    `${event.position}\n${event.revision}\n${event.recordedAt}\n${event.id}\n${JSON.stringify(event.stream)}\n` +
      `${JSON.stringify(event.type)}\n${event.metadata}\n${event.data}`
  )

const linked = Buffer.alloc(2 * digestBytes)

export const linkOf = (before: Uint8Array, content: Uint8Array): Buffer => {
  linked.set(before, 0)
  linked.set(content, digestBytes)
  return sha256(linked)
}

export const sameDigest = (left: Uint8Array, right: Uint8Array): boolean => Buffer.compare(left, right) === 0

/** Where a log ends: the position of its last event, -1 for none, and the link there. */
export interface LogEnd {
  readonly position: number
  readonly link: Uint8Array
}

export const emptyEnd: LogEnd = { position: -1, link: origin }

/** As people keep it elsewhere: `POSITION-HEX`. */
export const formatEnd = ({ position, link }: LogEnd): string => `${position}-${Buffer.from(link).toString("hex")}`

export const parseEnd = (text: string): LogEnd | undefined => {
  const [, position, hex] = /^(\d{1,15})-([0-9a-f]{64})$/.exec(text.trim()) ?? []
  return hex === undefined ? undefined : { position: Number(position), link: Buffer.from(hex, "hex") }
}
