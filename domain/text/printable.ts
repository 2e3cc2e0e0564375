/** What a terminal would obey, and what turns the direction of writing. */
export const obeyed = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/** In characters. */
const longestLine = 300

/** A text of a stranger made fit for people: one line, not endless, and without anything that a terminal would obey. */
export const printable = (text: string, most = longestLine): string => {
  const short = text.length > most ? `${text.slice(0, most)}…` : text
  return short.replace(obeyed, "\ufffd")
}

/** The same for a text of several lines, each of `most` characters. */
export const printableLines = (text: string, most = longestLine): string =>
  text
    .split("\n")
    .map((line) => printable(line, most))
    .join("\n")
