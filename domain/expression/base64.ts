import { EvaluationError } from "./error.ts"

const utf8 = new TextEncoder()
const text = new TextDecoder("utf-8", { ignoreBOM: true })

/** Standard alphabet, with padding. */
export const encodeBase64 = (value: string): string => {
  let binary = ""
  for (const byte of utf8.encode(value)) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/** Throws `EvaluationError` when it is not base64 in Go's strict sense (padding needed; line breaks allowed). */
export const decodeBase64 = (value: string): string => {
  const compact = value.replace(/[\r\n]/g, "")
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact))
    throw new EvaluationError("the text is not base64")
  return text.decode(Uint8Array.from(atob(compact), (character) => character.charCodeAt(0)))
}
