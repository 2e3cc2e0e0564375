/**
 * Event ids that follow from what the event says (UUIDv5, RFC 9562), so that a writer that lost its place recognises
 * what it has already appended.
 */
import { parse, v5 } from "uuid"

/** Namespace of all derived ids of Testudo: a fixed random UUID. */
const namespace = parse("5b1d5d1e-6b1c-4a39-9d0f-2f6a51b8a7c4")
const encoder = new TextEncoder()

/** The parts are joined with a NUL, which none of them can hold unescaped: `["a","b"]` and `["ab"]` differ. */
export const derivedId = (...parts: ReadonlyArray<string | number>): string =>
  v5(encoder.encode(parts.map((part) => String(part).replaceAll("\0", "\0\0")).join("\0.")), namespace)
