/**
 * Finds one value in JSON text without reading the rest, and gives it as it is written: strings without quotes but with
 * their escapes, everything else as text. Lenient as the library behind CrowdSec's helper: text before the first brace is
 * skipped, and what follows the value is not looked at.
 */
export type JsonKind = "string" | "number" | "boolean" | "null" | "object" | "array"

export interface JsonPiece {
  readonly kind: JsonKind
  readonly raw: string
}

/** `a.b[0].c` as keys `a`, `b`, `[0]`, `c`. */
export const jsonPath = (path: string): ReadonlyArray<string> =>
  (path.startsWith("[") ? path : path.replaceAll("[", ".[")).split(".")

/** Undefined when there is no such value or the text is broken on the way to it. */
export const findJson = (text: string, keys: ReadonlyArray<string>): JsonPiece | undefined => {
  let piece = valueAt(text, skipTo(text), keys.length > 0)
  keys.forEach((key, at) => {
    const onTheWay = at < keys.length - 1
    if (piece?.kind === "array") piece = itemOf(piece.raw, key, onTheWay)
    else piece = piece?.kind === "object" ? entryOf(piece.raw, key, onTheWay) : undefined
  })
  return piece
}

/** Where the first object or array begins. */
const skipTo = (text: string): number => {
  const at = text.search(/[{[]/)
  return at < 0 ? text.length : at
}

const blank = /[ \t\r\n]*/y

const skipBlank = (text: string, at: number): number => {
  blank.lastIndex = at
  blank.exec(text)
  return blank.lastIndex
}

/** Index after the closing quote of the string that begins at `at`, -1 when it does not end. */
const stringEnd = (text: string, at: number): number => {
  for (let index = at + 1; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 0x22) return index + 1
    if (code === 0x5c) index += 1
  }
  return -1
}

/** Index after the bracket that closes the one at `at`, -1 when it stays open. */
const blockEnd = (text: string, at: number): number => {
  const open = text.charCodeAt(at)
  const close = open === 0x7b ? 0x7d : 0x5d
  let level = 0
  for (let index = at; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 0x22) {
      index = stringEnd(text, index) - 1
      if (index < 0) return -1
    } else if (code === open) level += 1
    else if (code === close) {
      level -= 1
      if (level === 0) return index + 1
    }
  }
  return -1
}

const token = /[^,}\]\s]*/y

const endOf = (text: string, at: number): number => {
  const code = text.charCodeAt(at)
  if (code === 0x22) return stringEnd(text, at)
  if (code === 0x7b || code === 0x5b) return blockEnd(text, at)
  token.lastIndex = at
  token.exec(text)
  return token.lastIndex > at ? token.lastIndex : -1
}

/** `onTheWay`: it is only passed through, so that an object or array that is cut off at the end will do. */
const valueAt = (text: string, from: number, onTheWay: boolean): JsonPiece | undefined => {
  const at = skipBlank(text, from)
  const end = at >= text.length ? -1 : endOf(text, at)
  const first = text[at]!
  const isCut = end < 0 && onTheWay && (first === "{" || first === "[")
  if (end < 0 && !isCut) return undefined
  const raw = isCut ? text.slice(at) : text.slice(at, end)
  if (first === '"') return { kind: "string", raw: raw.slice(1, -1) }
  if (first === "{") return { kind: "object", raw }
  if (first === "[") return { kind: "array", raw }
  if (raw === "true" || raw === "false") return { kind: "boolean", raw }
  if (raw === "null") return { kind: "null", raw }
  return /^[-\d]/.test(first) ? { kind: "number", raw } : undefined
}

const entryOf = (object: string, key: string, onTheWay: boolean): JsonPiece | undefined => {
  let at = skipBlank(object, 1)
  while (object[at] === '"') {
    const keyEnd = stringEnd(object, at)
    if (keyEnd < 0) return undefined
    const name = unescapeJson(object.slice(at + 1, keyEnd - 1))
    const colon = skipBlank(object, keyEnd)
    if (object[colon] !== ":") return undefined
    const from = skipBlank(object, colon + 1)
    if (name === key) return valueAt(object, from, onTheWay)
    const end = endOf(object, from)
    if (end < 0) return undefined
    const comma = skipBlank(object, end)
    if (object[comma] !== ",") return undefined
    at = skipBlank(object, comma + 1)
  }
  return undefined
}

const itemOf = (array: string, key: string, onTheWay: boolean): JsonPiece | undefined => {
  const index = /^\[(\d{1,9})\]$/.exec(key)?.[1]
  if (index === undefined) return undefined
  let at = skipBlank(array, 1)
  for (let item = 0; at < array.length && array[at] !== "]"; item++) {
    if (item === Number(index)) return valueAt(array, at, onTheWay)
    const end = endOf(array, at)
    if (end < 0) return undefined
    const comma = skipBlank(array, end)
    if (array[comma] !== ",") return undefined
    at = skipBlank(array, comma + 1)
  }
  return undefined
}

/** The text that a JSON string stands for; undefined when an escape is broken. */
export const unescapeJson = (raw: string): string | undefined => {
  if (!raw.includes("\\")) return raw
  try {
    // A raw line break or tab is not JSON, but was let through so far.
    const escaped = raw.replace(
      /[\x00-\x1f]/g,
      (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`
    )
    const text: unknown = JSON.parse(`"${escaped}"`)
    return typeof text === "string" ? text.toWellFormed() : undefined
  } catch {
    return undefined
  }
}
