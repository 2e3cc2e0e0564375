/** Is a file text? Its first KiB says so, and its last KiB when the first one is no proof. */

const controlsIn = (bytes: Buffer): number => {
  let controls = 0
  for (const byte of bytes) if (byte < 9 || (byte > 13 && byte < 32 && byte !== 27)) controls += 1
  return controls
}

const isRichInControls = (bytes: Buffer): boolean => controlsIn(bytes) * 20 >= bytes.length

/**
 * Offset of the first NUL byte when this beginning of a file is not text: NUL bytes, and control characters in one byte
 * of twenty at least. A single NUL in a line, which a client may have sent, does not blind the reader.
 */
export const binaryAt = (head: Buffer): number | undefined => {
  const nul = head.indexOf(0)
  return nul < 0 || !isRichInControls(head) ? undefined : nul
}

/** Number of NUL bytes that a piece of a file begins with: the hole before the lines, if nothing came before it. */
export const holeLength = (bytes: Buffer): number => {
  let length = 0
  while (length < bytes.length && bytes[length] === 0) length += 1
  return length
}

/**
 * Whether a file that begins like a binary one ends like a log. Then it is one: a client has put NUL bytes into the
 * first line of a young log, or the log was truncated while its writer kept its place, which leaves a hole up to there.
 * What is binary (wtmp, lastlog, archives, programs) is so at its end as well. `tail`: its last bytes.
 */
export const endsAsLog = (tail: Buffer): boolean => {
  const behindHole = tail.subarray(holeLength(tail))
  return behindHole.length > 0 && !isRichInControls(behindHole)
}
