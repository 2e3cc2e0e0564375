/**
 * Sets of Unicode code points as sorted, disjoint, non-adjacent ranges: `[from, to, from, to, …]`, both ends included.
 * Patterns are resolved down to such sets (case folding, POSIX classes, Unicode properties), so that what is handed to
 * the JavaScript engine needs no flags at all.
 */
export type CharacterSet = ReadonlyArray<number>

export const LAST_CODE_POINT = 0x10ffff

/** Ranges in any order, overlapping or not, as a set. */
export const characterSet = (ranges: ReadonlyArray<number>): CharacterSet => {
  const pairs: Array<[number, number]> = []
  for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i]!, ranges[i + 1]!])
  pairs.sort((a, b) => a[0] - b[0])
  const set: Array<number> = []
  for (const [from, to] of pairs) {
    const last = set.length - 1
    if (last > 0 && from <= set[last]! + 1) set[last] = Math.max(set[last]!, to)
    else set.push(from, to)
  }
  return set
}

export const union = (...sets: ReadonlyArray<CharacterSet>): CharacterSet => characterSet(sets.flat())

export const complement = (set: CharacterSet): CharacterSet => {
  const result: Array<number> = []
  let next = 0
  for (let i = 0; i < set.length; i += 2) {
    if (set[i]! > next) result.push(next, set[i]! - 1)
    next = set[i + 1]! + 1
  }
  if (next <= LAST_CODE_POINT) result.push(next, LAST_CODE_POINT)
  return result
}

/** The part of the set between two code points, both included. */
export const between = (set: CharacterSet, from: number, to: number): CharacterSet => {
  const result: Array<number> = []
  for (let i = 0; i < set.length; i += 2) {
    const low = Math.max(set[i]!, from)
    const high = Math.min(set[i + 1]!, to)
    if (low <= high) result.push(low, high)
  }
  return result
}

export const includes = (set: CharacterSet, codePoint: number): boolean => {
  let low = 0
  let high = set.length >> 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (codePoint > set[2 * middle + 1]!) low = middle + 1
    else high = middle
  }
  return low < set.length >> 1 && codePoint >= set[2 * low]!
}

/** The one member of a set that has exactly one. */
export const onlyMember = (set: CharacterSet): number | undefined =>
  set.length === 2 && set[0] === set[1] ? set[0] : undefined

const of = (text: string): CharacterSet => {
  const ranges: Array<number> = []
  for (let i = 0; i < text.length; i += 2) ranges.push(text.charCodeAt(i), text.charCodeAt(i + 1))
  return characterSet(ranges)
}

export const ANY: CharacterSet = [0, LAST_CODE_POINT]
export const ANY_BUT_NEWLINE = complement([0x0a, 0x0a])
export const DIGIT = of("09")
export const WORD = of("09AZ__az")
/** RE2's `\s`: no vertical tab, nothing beyond ASCII. */
export const SPACE = of("\t\n\f\r  ")

const GRAPHIC = of("!~")
const ALPHANUMERIC = of("09AZaz")

const POSIX_CLASSES: ReadonlyMap<string, CharacterSet> = new Map([
  ["alnum", ALPHANUMERIC],
  ["alpha", of("AZaz")],
  ["ascii", [0, 0x7f]],
  ["blank", of("\t\t  ")],
  ["cntrl", [0, 0x1f, 0x7f, 0x7f]],
  ["digit", DIGIT],
  ["graph", GRAPHIC],
  ["lower", of("az")],
  ["print", of(" ~")],
  ["punct", of("!/:@[`{~")],
  ["space", of("\t\r  ")],
  ["upper", of("AZ")],
  ["word", WORD],
  ["xdigit", of("09AFaf")]
])

/** `[[:name:]]`; undefined for a name that there is not. */
export const posixClass = (name: string): CharacterSet | undefined => POSIX_CLASSES.get(name)

const LONG_S = 0x17f
const KELVIN = 0x212a

/** Every code point that Unicode's simple case folding takes for a member of the set. */
export const caseFolded = (set: CharacterSet): CharacterSet => {
  if (set.length === 0) return set
  if (set[0] === 0 && set[1] === LAST_CODE_POINT) return set
  return set[set.length - 1]! < 0x80 ? foldedAscii(set) : foldedUnicode(set)
}

const foldedAscii = (set: CharacterSet): CharacterSet => {
  const ranges = [...set]
  for (const [first, last, shift] of [
    [0x41, 0x5a, 0x20],
    [0x61, 0x7a, -0x20]
  ] as const) {
    const letters = between(set, first, last)
    for (const edge of letters) ranges.push(edge + shift)
  }
  if (includes(set, 0x73) || includes(set, 0x53)) ranges.push(LONG_S, LONG_S)
  if (includes(set, 0x6b) || includes(set, 0x4b)) ranges.push(KELVIN, KELVIN)
  return characterSet(ranges)
}

let orbits: ReadonlyArray<ReadonlyArray<number>> | undefined

const foldedUnicode = (set: CharacterSet): CharacterSet => {
  orbits ??= caseOrbits()
  const ranges = [...set]
  for (const orbit of orbits) {
    if (orbit.some((codePoint) => includes(set, codePoint))) for (const member of orbit) ranges.push(member, member)
  }
  return characterSet(ranges)
}

/** Beyond this plane Unicode has no letters with case. */
const LAST_CASED = 0x1ffff

/**
 * Groups of code points that differ only in case. Derived from the engine's own Unicode tables; a candidate is kept only
 * when the engine itself takes it for equal (which leaves out the Turkish dotless i, say).
 */
const caseOrbits = (): ReadonlyArray<ReadonlyArray<number>> => {
  const single = (text: string, otherwise: string): string =>
    text.length === (text.codePointAt(0)! > 0xffff ? 2 : 1) ? text : otherwise
  const groups = new Map<string, Array<number>>()
  for (let codePoint = 0; codePoint <= LAST_CASED; codePoint++) {
    if (codePoint >= 0xd800 && codePoint <= 0xdfff) continue
    const text = String.fromCodePoint(codePoint)
    const upper = single(text.toUpperCase(), text)
    const lower = single(upper.toLowerCase(), upper)
    if (upper === text && lower === text) continue
    const group = groups.get(lower)
    if (group === undefined) groups.set(lower, [codePoint])
    else group.push(codePoint)
  }
  const result: Array<ReadonlyArray<number>> = []
  for (const [key, members] of groups) {
    const same = new RegExp(`^\\u{${key.codePointAt(0)!.toString(16)}}$`, "iu")
    const orbit = new Set([key.codePointAt(0)!, ...members].filter((member) => same.test(String.fromCodePoint(member))))
    if (orbit.size > 1) result.push([...orbit])
  }
  return result
}

const properties = new Map<string, CharacterSet>()

/**
 * `\p{name}` as RE2 knows it: a general category of one or two letters, a script, or `Any`. undefined for other names.
 */
export const unicodeProperty = (name: string): CharacterSet | undefined => {
  if (name === "Any") return ANY
  const known = properties.get(name)
  if (known !== undefined) return known
  const source = propertySource(name)
  if (source === undefined) return undefined
  const set = membersOf(source)
  properties.set(name, set)
  return set
}

const propertySource = (name: string): RegExp | undefined => {
  // RE2's `C` leaves out the unassigned code points that JavaScript's has.
  if (name === "C") return /[\p{Cc}\p{Cf}\p{Cs}\p{Co}]+/gu
  if (name === "Cn" || name === "LC" || !/^[A-Za-z_]{1,64}$/.test(name)) return undefined
  try {
    return new RegExp(name.length <= 2 ? `\\p{gc=${name}}+` : `\\p{Script=${name}}+`, "gu")
  } catch {
    return undefined
  }
}

const membersOf = (runs: RegExp): CharacterSet => {
  const ranges: Array<number> = []
  const CHUNK = 0x1000
  for (let first = 0; first <= LAST_CODE_POINT; first += CHUNK) {
    const text = String.fromCodePoint(...Array.from({ length: CHUNK }, (_, i) => first + i))
    const width = first > 0xffff ? 2 : 1
    for (const run of text.matchAll(runs)) {
      ranges.push(first + run.index / width, first + (run.index + run[0].length) / width - 1)
    }
  }
  return characterSet(ranges)
}
