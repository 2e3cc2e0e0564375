/**
 * How often words can end in a text. A match that is under way behind a word began there: where words end seldom, few
 * matches are under way at the same time.
 */
import { type CharacterSet, includes } from "./character-set.ts"
import type { Syntax } from "./syntax.ts"

/** One place after the other, what it may be. */
type Word = ReadonlyArray<CharacterSet>

/** More or longer words are not compared with each other. */
const mostWords = 16
const longestWord = 32

/**
 * So many characters lie at least between two places at which the item of a sequence may be entered, whatever the text.
 * 1: at each.
 */
export const spacingBefore = (items: ReadonlyArray<Syntax>, at: number): number => {
  const words = wordsBefore(items, at)
  if (words === undefined || words.length > mostWords) return 1
  let least = longestWord
  for (const one of words) for (const next of words) least = Math.min(least, distance(one, next))
  return Math.max(1, least)
}

/** The words of which one stands right before the item; undefined when it need not be one. */
const wordsBefore = (items: ReadonlyArray<Syntax>, at: number): ReadonlyArray<Word> | undefined => {
  const word: Array<CharacterSet> = []
  for (let place = at - 1; place >= 0 && word.length < longestWord; place--) {
    const item = items[place]!
    if (item.kind === "assertion") continue
    if (item.kind === "set") word.unshift(item.set)
    else return word.length > 0 ? [word] : wordsOf(item)
  }
  return word.length > 0 ? [word] : undefined
}

/** All that it can be, if these are words. */
const wordsOf = (syntax: Syntax): ReadonlyArray<Word> | undefined => {
  switch (syntax.kind) {
    case "set":
      return [[syntax.set]]
    case "capture":
      return wordsOf(syntax.item)
    case "sequence": {
      const word = syntax.items.flatMap((item) => (item.kind === "set" ? [item.set] : []))
      const plain = syntax.items.every(({ kind }) => kind === "set" || kind === "assertion")
      return plain && word.length > 0 ? [word.slice(-longestWord)] : undefined
    }
    case "choice": {
      const words = syntax.items.map(wordsOf)
      return words.every((each) => each !== undefined) ? words.flat() : undefined
    }
    default:
      return undefined
  }
}

/** How many characters behind the end of a word another one may end at the soonest. */
const distance = (one: Word, next: Word): number => {
  for (let behind = 1; behind < next.length; behind++) {
    const shared = Math.min(one.length, next.length - behind)
    const agree = Array.from({ length: shared }, (_, back) => back).every((back) =>
      meet(one[one.length - 1 - back]!, next[next.length - 1 - behind - back]!)
    )
    if (agree) return behind
  }
  return next.length
}

/** Whether some character is of both. */
const meet = (one: CharacterSet, other: CharacterSet): boolean => {
  for (let at = 0; at < one.length; at += 2) if (includes(other, one[at]!)) return true
  for (let at = 0; at < other.length; at += 2) if (includes(one, other[at]!)) return true
  return false
}
