/**
 * What a text has of its own, beside another one that it is much like: lines of one offender mostly differ in a time, a
 * port or a path, and begin and end alike.
 */
import { ownCopy } from "./own-copy.ts"

/** Longer texts are not compared. In characters, and below what {@link Likeness} has room for. */
const longest = 2_048
const room = 4_096

/** Less in common is not worth it. In characters. */
const fewest = 48

export interface Likeness {
  /** Characters that both begin with, times 4,096, and characters that both end with. */
  readonly shared: number
  /** What stands between them. */
  readonly own: string
}

/** undefined when they have less than half of the longer one in common. */
export const likenessOf = (text: string, like: string): Likeness | undefined => {
  const most = Math.min(text.length, like.length)
  const longer = Math.max(text.length, like.length)
  if (most < fewest || longer > longest || longer > 2 * most) return undefined
  let begin = 0
  while (begin < most && text.charCodeAt(begin) === like.charCodeAt(begin)) begin += 1
  const left = most - begin
  const [textEnd, likeEnd] = [text.length - 1, like.length - 1]
  let end = 0
  while (end < left && text.charCodeAt(textEnd - end) === like.charCodeAt(likeEnd - end)) end += 1
  if (begin + end < fewest || 2 * (begin + end) < longer) return undefined
  return { shared: begin * room + end, own: ownCopy(text.slice(begin, text.length - end)) }
}

/** How many characters they have in common. */
export const lengthOf = (shared: number): number => Math.floor(shared / room) + (shared % room)

/** The text again. */
export const restored = ({ shared, own }: Likeness, like: string): string =>
  like.slice(0, Math.floor(shared / room)) + own + like.slice(like.length - (shared % room))
