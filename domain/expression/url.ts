/** Escaping in URLs as Go's net/url does it. */
import { limit } from "./limit.ts"
import { bounded } from "./value.ts"

const utf8 = new TextEncoder()
const text = new TextDecoder("utf-8", { ignoreBOM: true })

/** Undefined when a `%` is not followed by two hexadecimal digits. */
export const unescapePath = (value: string): string | undefined => {
  if (!value.includes("%")) return value
  if (/%(?![0-9a-fA-F]{2})/.test(value)) return undefined
  const bytes = utf8.encode(value)
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === 0x25) {
      bytes[length++] = hexadecimal(bytes[at + 1]!) * 16 + hexadecimal(bytes[at + 2]!)
      at += 2
    } else {
      bytes[length++] = bytes[at]!
    }
  }
  return text.decode(bytes.subarray(0, length))
}

const hexadecimal = (code: number): number => (code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x57)

/** `+` is a space besides. */
export const unescapeQuery = (value: string): string | undefined => unescapePath(value.replaceAll("+", " "))

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

/** Values by name; undefined when an escape is broken or a `;` separates, which Go refuses. */
export const parseQuery = (query: string): ReadonlyMap<string, ReadonlyArray<string>> | undefined => {
  const values = new Map<string, Array<string>>()
  if (query.length > limit.resultLength) return undefined
  for (const part of query.split("&")) {
    if (part === "") continue
    const equals = part.indexOf("=")
    const name = unescapeQuery(equals < 0 ? part : part.slice(0, equals))
    const value = unescapeQuery(equals < 0 ? "" : part.slice(equals + 1))
    if (name === undefined || value === undefined || part.includes(";")) return undefined
    const known = values.get(name)
    if (known === undefined) values.set(name, [value])
    else known.push(value)
  }
  return values
}
