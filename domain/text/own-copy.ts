/**
 * The same text in a memory of its own: a part of a line would keep the whole line. Put together of two parts, and asked
 * for a character, which makes V8 write it out; the next garbage collection leaves nothing else of it. A part of a longer
 * text would need half as much memory again, and a look at two places of it.
 */
export const ownCopy = (text: string): string => {
  if (text.length < 13) return text
  return writtenOut(`${text[0]}${text.slice(1)}`, text)
}

/** A text that was just put together, in one piece: it does not hold its parts. `alike`: one that begins with the same character. */
export const writtenOut = (text: string, alike: string): string =>
  text.charCodeAt(0) === alike.charCodeAt(0) ? text : alike
