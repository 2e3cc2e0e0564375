/** Escaping in URLs as Go's net/url does it. */
import { bounded } from "./value.ts"

const utf8 = new TextEncoder()
const text = new TextDecoder("utf-8", { ignoreBOM: true })

const brokenEscape = /%(?![0-9a-fA-F]{2})/

/** Undefined when a `%` is not followed by two hexadecimal digits. */
export const unescapePath = (value: string): string | undefined =>
  brokenEscape.test(value) ? undefined : unescaped(value)

/** `+` is a space besides. */
export const unescapeQuery = (value: string): string | undefined => unescapePath(withSpaces(value))

const withSpaces = (value: string): string => value.replaceAll("+", " ")

/** A broken escape stays as it is. */
const unescaped = (value: string): string => {
  if (!value.includes("%")) return value
  const bytes = utf8.encode(value)
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    const [high, low] = bytes[at] === 0x25 ? [hexadecimal(bytes[at + 1]), hexadecimal(bytes[at + 2])] : []
    if (high !== undefined && low !== undefined) {
      bytes[length++] = high * 16 + low
      at += 2
    } else bytes[length++] = bytes[at]!
  }
  return text.decode(bytes.subarray(0, length))
}

const hexadecimal = (code: number | undefined): number | undefined => {
  if (code === undefined) return undefined
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined
}

const escaped = (value: string, kept: RegExp): string => {
  let result = ""
  for (const byte of utf8.encode(value)) {
    const character = String.fromCharCode(byte)
    result += byte < 0x80 && kept.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
  }
  return bounded(result)
}

export const escapeQuery = (value: string): string => escaped(value, /[A-Za-z0-9\-_.~ ]/).replaceAll(" ", "+")

export const escapePath = (value: string): string => escaped(value, /[A-Za-z0-9\-_.~$&+:=@]/)

/** Values by name. */
export type Query = ReadonlyMap<string, ReadonlyArray<string>>

/** Undefined when an escape is broken or a `;` separates, which Go's net/url refuses. */
export const parseQuery = (query: string): Query | undefined =>
  query.includes(";") || brokenEscape.test(query) ? undefined : parseAnyQuery(query)

/**
 * Whatever it is, as CrowdSec's `ParseQuery` reads it: only `&` separates, and a broken escape stays as it is. Attackers
 * write queries, and one that Go refuses must not hide what else is in it.
 */
export const parseAnyQuery = (query: string): Query => {
  const values = new Map<string, Array<string>>()
  for (const part of bounded(query).split("&")) {
    if (part === "") continue
    const equals = part.indexOf("=")
    const name = unescaped(withSpaces(equals < 0 ? part : part.slice(0, equals)))
    const value = unescaped(withSpaces(equals < 0 ? "" : part.slice(equals + 1)))
    const known = values.get(name)
    if (known === undefined) values.set(name, [value])
    else known.push(value)
  }
  return values
}
