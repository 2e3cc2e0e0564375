/** In characters. */
const longestLine = 300

/** A text of a stranger made fit for people: one line, not endless, and without anything that a terminal would obey. */
export const printable = (text: string, most = longestLine): string => {
  const short = text.length > most ? `${text.slice(0, most)}…` : text
  return short.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "\ufffd")
}
