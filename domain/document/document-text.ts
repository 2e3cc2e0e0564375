/** The bytes of a YAML file as text, cut into its documents. */
import type { Report } from "./report.ts"

const maximumBytes = 4 * 1024 * 1024

/** The bytes as text, or undefined (reported) when they cannot be a file that a person wrote. */
export const decodeText = (content: Uint8Array, report: Report): string | undefined => {
  if (content.length > maximumBytes) {
    const message = `is ${content.length} bytes long, more than the ${maximumBytes} that are read; split it`
    report.error(report.codes.tooLarge, undefined, message)
    return undefined
  }
  const text = withoutMarks(new TextDecoder().decode(content))
  const odd = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.exec(text)
  // A replacement character is a fault only when the decoder put it there.
  const undecodable = text.includes("\ufffd") && !isUtf8(content) ? text.indexOf("\ufffd") : -1
  if (odd === null && undecodable < 0) return text
  const isOdd = odd !== null && (undecodable < 0 || odd.index < undecodable)
  const offset = isOdd ? odd.index : undecodable
  const line = text.slice(0, offset).split("\n").length
  const what = isOdd ? `holds a control character (${code(text, offset)})` : "is not valid UTF-8"
  report.error(report.codes.encoding, { line, key: "" }, `${what}; a YAML file is text in UTF-8`)
  return undefined
}

/** Byte order marks come along where files are put together: before a document's `---`, or behind it. */
const withoutMarks = (text: string): string => text.replace(/^\ufeff(?=---)|(?<=^---[ \t]*\r?\n)\ufeff/gm, "")

const isUtf8 = (content: Uint8Array): boolean => {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(content)
    return true
  } catch {
    return false
  }
}

const code = (text: string, offset: number): string =>
  `U+${text.charCodeAt(offset).toString(16).toUpperCase().padStart(4, "0")}`

/** The text of one document and the line of the file at which it begins. */
export interface Section {
  readonly text: string
  readonly line: number
}

/**
 * Cuts a file into its documents. A line that begins with `---` or `...` ends whatever came before, a text in quotes
 * too, so the cut can come before the parsing, and a forgotten quote spoils no other document than its own.
 */
export const sections = (text: string): ReadonlyArray<Section> => {
  const found: Section[] = []
  let start = 0
  let line = 1
  const cut = (end: number): void => {
    const section = text.slice(start, end)
    // Comments and directives before a `---` belong to the document that it begins.
    if (
      end < text.length &&
      !section.startsWith("---") &&
      /^(?:[ \t]*(?:#.*)?(?:\r?\n|$)|%.*(?:\r?\n|$))*$/.test(section)
    )
      return
    if (section !== "") found.push({ text: section, line })
    line += section.split("\n").length - 1
    start = end
  }
  for (const marker of text.matchAll(/^(?:---(?=\s|$)|\.\.\.(?=\s|$).*\n?)/gm)) {
    const begins = marker[0].startsWith("-")
    cut(begins ? marker.index : marker.index + marker[0].length)
  }
  cut(text.length)
  return found
}
