/**
 * Compares as the bytes of UTF-8 do, which is by code point: below zero, zero or above. JavaScript's own order differs
 * where surrogates meet characters from U+E000 on; this one is the same in every language.
 */
export const byteOrder = (left: string, right: string): number => {
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at++) {
    const first = left.charCodeAt(at)
    const second = right.charCodeAt(at)
    if (first === second) continue
    const surrogates = (isSurrogate(first) ? 1 : 0) - (isSurrogate(second) ? 1 : 0)
    return surrogates !== 0 ? surrogates : first - second
  }
  return left.length - right.length
}

const isSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff
