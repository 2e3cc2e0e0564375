/**
 * Where a text stands in another, when attackers may have written both. V8's own search takes up to the product of both
 * lengths where a long part nearly fits everywhere: such a part is looked for in linear time (Knuth, Morris, Pratt).
 */

/** V8 finds parts of up to so many characters as fast as need be. */
const longest = 512

export const holds = (text: string, part: string): boolean =>
  part.length <= longest ? text.includes(part) : indexIn(text, part) >= 0

/** The first place from `from` on; -1 when there is none. */
export const indexIn = (text: string, part: string, from = 0): number =>
  part.length <= longest ? text.indexOf(part, from) : (placesIn(text, part, from).next().value ?? -1)

/** The last place; -1 when there is none. */
export const lastIndexIn = (text: string, part: string): number => {
  if (part.length <= longest) return text.lastIndexOf(part)
  let last = -1
  for (const place of placesIn(text, part)) last = place
  return last
}

/** What stands between the places of a separator that do not overlap, as `split` gives it. */
export const partsOf = (text: string, separator: string): Array<string> => {
  if (separator.length <= longest) return text.split(separator)
  const parts: Array<string> = []
  let from = 0
  for (const place of placesIn(text, separator)) {
    if (place < from) continue
    parts.push(text.slice(from, place))
    from = place + separator.length
  }
  parts.push(text.slice(from))
  return parts
}

/** All places in their order, also where they overlap. */
function* placesIn(text: string, part: string, from = 0): Generator<number, undefined> {
  if (part.length > text.length - from) return undefined
  const borders = bordersOf(part)
  let matched = 0
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    while (matched > 0 && part.charCodeAt(matched) !== code) matched = borders[matched - 1]!
    if (part.charCodeAt(matched) === code) matched += 1
    if (matched < part.length) continue
    yield at - matched + 1
    matched = borders[matched - 1]!
  }
  return undefined
}

/** For each beginning of the part how much of it is also its end, itself aside. */
const bordersOf = (part: string): Int32Array => {
  const borders = new Int32Array(part.length)
  let matched = 0
  for (let at = 1; at < part.length; at++) {
    const code = part.charCodeAt(at)
    while (matched > 0 && part.charCodeAt(matched) !== code) matched = borders[matched - 1]!
    if (part.charCodeAt(matched) === code) matched += 1
    borders[at] = matched
  }
  return borders
}
