/**
 * Finds one value in JSON text without reading the rest, and gives it as it is written: strings without quotes but with
 * their escapes, everything else as text. As lenient as the library behind CrowdSec's helper: the keys are looked for in
 * one walk over the text, which asks of what it passes only that quotes and brackets close. So it finds values in JSON that
 * is cut off or damaged elsewhere, and behind other text, as long as that has no colon.
 */
import { limit } from "./limit.ts"

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
  const from = placeOf(text, keys)
  return from < 0 ? undefined : valueAt(text, from)
}

/** Index behind the colon of the last key, or of the item; -1 when it is not found. */
const placeOf = (text: string, keys: ReadonlyArray<string>): number => {
  if (keys.length === 0) return 0
  if (keys.length > limit.dataDepth) return -1
  /** In how many objects the walk is, and how many of the keys it has passed. */
  let depth = 0
  let passed = 0
  /** The last key was the one that is looked for at its depth. */
  let isOurs = true
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"': {
        const end = stringEnd(text, at)
        const next = end < 0 ? text.length : skipBlank(text, end)
        if (next >= text.length) return -1
        if (text[next] !== ":") {
          at = next - 1
          break
        }
        const name = unescapeJson(text.slice(at + 1, end - 1))
        if (name === undefined || depth < 1 || depth > keys.length) return -1
        isOurs = name === keys[depth - 1]
        if (isOurs && passed === depth - 1) {
          passed += 1
          if (passed === keys.length) return next + 1
        }
        at = next
        break
      }
      case "{":
        if (isOurs) {
          depth += 1
          break
        }
        at = blockEnd(text, at) - 1
        if (at < 0) return -1
        break
      case "}":
        depth -= 1
        if (depth === passed) passed -= 1
        break
      case "[":
        if (passed === depth && keys[depth]!.startsWith("[")) return itemAt(text, at, keys.slice(depth))
        at = blockEnd(text, at) - 1
        if (at < 0) return -1
        break
      case ":":
        return -1
    }
  }
  return -1
}

/** The same for keys of which the first is the index of an item of the array that begins at `at`. */
const itemAt = (text: string, at: number, [key, ...others]: ReadonlyArray<string>): number => {
  const index = /^\[([+-]?\d{1,9})\]$/.exec(key!)?.[1]
  let from = skipBlank(text, at + 1)
  if (index === undefined || text[from] === "]") return -1
  for (let item = 0; ; item++) {
    const value = valueAt(text, from)
    if (value === undefined) return -1
    if (item === Number(index)) {
      const within = placeOf(text.slice(value.from, value.end), others)
      return within < 0 ? -1 : value.from + within
    }
    const comma = skipBlank(text, value.end)
    if (text[comma] !== ",") return -1
    from = comma + 1
  }
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

const token = /[^,}\] \t\r\n]*/y

const endOf = (text: string, at: number): number => {
  const code = text.charCodeAt(at)
  if (code === 0x22) return stringEnd(text, at)
  if (code === 0x7b || code === 0x5b) return blockEnd(text, at)
  token.lastIndex = at
  token.exec(text)
  return token.lastIndex > at ? token.lastIndex : -1
}

interface Placed extends JsonPiece {
  readonly from: number
  readonly end: number
}

const valueAt = (text: string, at: number): Placed | undefined => {
  const from = skipBlank(text, at)
  const end = from >= text.length ? -1 : endOf(text, from)
  if (end < 0) return undefined
  const raw = text.slice(from, end)
  const kind = kindOf(raw)
  return kind && { kind, raw: kind === "string" ? raw.slice(1, -1) : raw, from, end }
}

const kindOf = (raw: string): JsonKind | undefined => {
  if (raw.startsWith('"')) return "string"
  if (raw.startsWith("{")) return "object"
  if (raw.startsWith("[")) return "array"
  if (raw === "true" || raw === "false") return "boolean"
  if (raw === "null") return "null"
  return /^[-\d]/.test(raw) ? "number" : undefined
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
    return typeof text === "string" && text.isWellFormed() ? text : undefined
  } catch {
    return undefined
  }
}
