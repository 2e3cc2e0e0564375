/** Texts such as `a=1 b="x y"` taken apart. Written as scanners: a pattern would go over long lines again and again. */

const isSpace = (code: number): boolean => code === 0x20 || (code >= 0x09 && code <= 0x0d && code !== 0x0b)
const equalsSign = 0x3d
const quote = 0x22
const backslash = 0x5c

/** Where the run of characters other than `=` and white space ends that begins at `from`. */
const bareEnd = (text: string, from: number): number => {
  let at = from
  while (at < text.length && text.charCodeAt(at) !== equalsSign && !isSpace(text.charCodeAt(at))) at += 1
  return at
}

/** Index of the quote that closes the one at `from`, -1 when there is none. */
const closingQuote = (text: string, from: number): number => {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) return at
    if (code === backslash) {
      if (text.charCodeAt(at + 1) === 0x0a) return -1
      at += 1
    }
  }
  return -1
}

/** `ParseKV`: values are bare, quoted (escapes are kept) or empty. */
export const keyValues = (text: string): ReadonlyArray<readonly [string, string]> => {
  const pairs: Array<readonly [string, string]> = []
  // Once a quote is open to the end, every later one is too: looked for once only.
  let unclosedFrom = Number.POSITIVE_INFINITY
  let at = 0
  while (at < text.length) {
    const end = bareEnd(text, at)
    if (end === at || text.charCodeAt(end) !== equalsSign) {
      at = end === at ? at + 1 : end
      continue
    }
    const key = text.slice(at, end)
    const from = end + 1
    const closing = text.charCodeAt(from) === quote && from < unclosedFrom ? closingQuote(text, from) : -1
    if (closing >= 0) {
      pairs.push([key, text.slice(from + 1, closing)])
      at = closing + 1
    } else {
      if (text.charCodeAt(from) === quote) unclosedFrom = Math.min(unclosedFrom, from)
      at = bareEnd(text, from)
      pairs.push([key, text.slice(from, at)])
    }
  }
  return pairs
}

const isKeyStart = (code: number): boolean =>
  (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f
const isKeyPart = (code: number): boolean =>
  isKeyStart(code) || (code >= 0x30 && code <= 0x39) || code === 0x2e || code === 0x2d

/** `ParseKVLax`: a value goes up to the next key, spaces included; keys inside quotes do not count. */
export const laxKeyValues = (text: string): ReadonlyArray<readonly [string, string]> => {
  const keys: Array<{ readonly start: number; readonly end: number }> = []
  let inQuotes = false
  let backslashes = 0
  let start = -1
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote && backslashes % 2 === 0) inQuotes = !inQuotes
    backslashes = code === backslash ? backslashes + 1 : 0
    if (code === equalsSign) {
      if (start >= 0 && !inQuotes) keys.push({ start, end: at })
      start = -1
    } else if (!isKeyPart(code)) {
      start = -1
    } else if (start < 0 && isKeyStart(code)) {
      start = at
    }
  }
  return keys.map(({ start: from, end }, index) => [
    text.slice(from, end),
    unquoted(text.slice(end + 1, keys[index + 1]?.start ?? text.length).trim())
  ])
}

const unquoted = (value: string): string => {
  if (!value.startsWith('"')) return value
  if (value.length < 2 || !value.endsWith('"')) return value.slice(1)
  return value.slice(1, -1).replaceAll("\\\\", "\\").replaceAll('\\"', '"')
}
