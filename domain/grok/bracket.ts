import { type CharacterSet, caseFolded, characterSet, complement, posixClass, union } from "./character-set.ts"
import type { PatternReader } from "./pattern-reader.ts"

const MAX_BRACKETS = 1024
const brackets = new Map<string, CharacterSet>()

/** `[…]`. Expanded groks repeat the same few brackets by the hundred, so that they are remembered. */
export const readBracket = (reader: PatternReader, ignoreCase: boolean): CharacterSet => {
  const start = reader.at
  const form = /\[(?:[^\]\\[]|\\.)+\]/y
  form.lastIndex = start
  const text = form.exec(reader.source)?.[0]
  if (text === undefined) return parseBracket(reader, ignoreCase)
  const key = ignoreCase ? `i${text}` : text
  const known = brackets.get(key)
  if (known !== undefined) {
    reader.at += text.length
    return known
  }
  const set = parseBracket(reader, ignoreCase)
  if (brackets.size >= MAX_BRACKETS) brackets.clear()
  if (reader.at === start + text.length) brackets.set(key, set)
  return set
}

const parseBracket = (reader: PatternReader, ignoreCase: boolean): CharacterSet => {
  const start = reader.at
  const { source } = reader
  reader.at++
  const negated = source[reader.at] === "^"
  if (negated) reader.at++
  const parts: Array<CharacterSet> = []
  for (let first = true; first || source[reader.at] !== "]"; first = false) {
    if (reader.at >= source.length) throw reader.error("there is a [ without its ]", start)
    parts.push(readPart(reader, ignoreCase, start))
  }
  reader.at++
  const all = union(...parts)
  const set = ignoreCase ? caseFolded(all) : all
  return negated ? complement(set) : set
}

const readPart = (reader: PatternReader, ignoreCase: boolean, start: number): CharacterSet => {
  const { source } = reader
  if (source.startsWith("[:", reader.at)) {
    const end = source.indexOf(":]", reader.at + 2)
    if (end >= 0) {
      const negated = source[reader.at + 2] === "^"
      const name = source.slice(reader.at + (negated ? 3 : 2), end)
      const named = posixClass(name)
      if (named === undefined) throw reader.error("there is no such POSIX class")
      reader.at = end + 2
      return negated ? complement(ignoreCase ? caseFolded(named) : named) : named
    }
  }
  if (source[reader.at] === "\\") {
    const set = reader.classEscape(ignoreCase)
    if (set !== undefined) return set
  }
  const from = readCharacter(reader, start)
  // A hyphen before the closing bracket stands for itself.
  if (source[reader.at] !== "-" || source[reader.at + 1] === "]" || reader.at + 1 >= source.length) {
    return [from, from]
  }
  const rangeStart = reader.at
  reader.at++
  const to = readCharacter(reader, start)
  if (to < from) throw reader.error("a range of characters that runs backwards", rangeStart - 1)
  return characterSet([from, to])
}

const readCharacter = (reader: PatternReader, start: number): number => {
  if (reader.at >= reader.source.length) throw reader.error("there is a [ without its ]", start)
  return reader.source[reader.at] === "\\" ? reader.characterEscape() : reader.next()
}
