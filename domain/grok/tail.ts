import { onlyMember } from "./character-set.ts"
import { flattened, type Syntax } from "./syntax.ts"
import { translate } from "./translation.ts"

/**
 * How every match ends, from a text on that surely stands in it: wherever a match may begin, it goes on like this. An
 * address before ` - [` may begin at each of its digits, but what comes after it is the same.
 */
export interface Tail {
  /** The text that it begins with. */
  readonly literal: string
  /** All of it, the literal included, in JavaScript's syntax and without captures. */
  readonly source: string
}

/** A single character stands in too many places to be worth looking at. */
const shortestLiteral = 2

/** undefined when no match is known to go on after such a text, or when all of them begin with it. */
export const tailOf = (syntax: Syntax): Tail | undefined => {
  const items = flattened(syntax)
  for (let at = 1; at < items.length; at++) {
    if (characterOf(items[at - 1]!) !== undefined) continue
    const literal = literalFrom(items, at)
    if (literal.length < shortestLiteral) continue
    const rest: Syntax = { kind: "sequence", items: items.slice(at).map(withoutCaptures) }
    return { literal, source: translate(rest).source }
  }
  return undefined
}

/** What surely follows from a place on, character by character. */
const literalFrom = (items: ReadonlyArray<Syntax>, at: number): string => {
  let literal = ""
  for (let i = at; i < items.length; i++) {
    const character = characterOf(items[i]!)
    if (character === undefined) break
    literal += character
  }
  return literal
}

const characterOf = (item: Syntax): string | undefined => {
  const only = item.kind === "set" ? onlyMember(item.set) : undefined
  return only === undefined ? undefined : String.fromCodePoint(only)
}

const withoutCaptures = (syntax: Syntax): Syntax => {
  switch (syntax.kind) {
    case "capture":
      return withoutCaptures(syntax.item)
    case "sequence":
    case "choice":
      return { ...syntax, items: syntax.items.map(withoutCaptures) }
    case "repeat":
      return { ...syntax, item: withoutCaptures(syntax.item) }
    default:
      return syntax
  }
}
