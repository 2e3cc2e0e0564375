/** Texts and characters in quotes, as Go's strconv writes them. */

const named = ["\\a", "\\b", "\\t", "\\n", "\\v", "\\f", "\\r"]

/** What cannot be seen, as a pattern; the spaces beyond ASCII count to it. */
const anyUnseen = String.raw`[^\p{L}\p{M}\p{N}\p{P}\p{S} ]`
const unseen = new RegExp(anyUnseen, "u")

export const isPrintable = (character: string): boolean => !unseen.test(character)

/** What is not written as it stands. Long texts are written: most of their characters are to be passed over. */
const special = new RegExp(String.raw`[\\"']|${anyUnseen}`, "gu")
const specialInAscii = new RegExp(String.raw`[\\"']|${anyUnseen}|[^\x00-\x7f]`, "gu")

const escaped = (text: string, quote: string, ascii: boolean): string =>
  text.replace(ascii ? specialInAscii : special, (found) => {
    if (found === '"' || found === "'") return found === quote ? `\\${found}` : found
    if (found === "\\") return "\\\\"
    const code = found.codePointAt(0)!
    if (code >= 7 && code <= 13) return named[code - 7]!
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`
    return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`
  })

/** `strconv.Quote`, or with `ascii` `strconv.QuoteToASCII`. */
export const quoted = (text: string, ascii = false): string => `"${escaped(text, '"', ascii)}"`

/** Between backquotes, where that is possible. */
export const backquoted = (text: string): string | undefined =>
  /[\x00-\x08\x0a-\x1f\x7f`\ufeff]/.test(text) ? undefined : `\`${text}\``

export const quotedCharacter = (code: number, ascii: boolean): string => `'${escaped(character(code), "'", ascii)}'`

/** The character of a code point, or that of none. */
export const character = (code: number): string =>
  code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : "\ufffd"
