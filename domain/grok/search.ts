/**
 * How an expression is looked for in a text. A line that fits costs an expression one attempt, one that doesn't costs it
 * an attempt at every character, and attackers choose their lines: so what cannot match is refused before.
 */
import type { PatternMatch } from "./automaton.ts"
import type { Tail } from "./tail.ts"

export interface Search {
  readonly test: (text: string) => boolean
  readonly exec: (text: string) => PatternMatch | null
}

/** Matches after which a text is no longer looked through before the expression sees it. */
const doubt = 16
/** After a text that the expression refused, so many matches more are looked at with suspicion. */
const suspicion = 16
/**
 * Beginnings that are tried one by one; beyond, and in a long text, the expression goes over the text by itself: each
 * beginning may cost as much as all of them, when V8 changes over to its linear engine.
 */
const mostBeginnings = 16
const longestTried = 512

/**
 * `source` is in JavaScript's syntax. `literals` are in every match, in this order and without overlap; so is the `tail`.
 * `begins`: every match begins with the first of them. `shortcuts` false: the expression alone decides.
 */
export const searchFor = (
  source: string,
  known: { readonly literals: ReadonlyArray<string>; readonly begins: boolean; readonly tail: Tail | undefined },
  shortcuts: boolean
): Search => {
  const { literals, begins, tail } = known
  const expression = new RegExp(source)
  const first = literals[0]
  if (first === undefined || !shortcuts)
    return { test: (text) => expression.test(text), exec: (text) => expression.exec(text) }
  const longest = literals.reduce((most, literal) => (literal.length > most.length ? literal : most), "")
  // Anchored, it tries but one beginning anyway; and V8 itself looks for the text that every match begins with.
  const atPlace = begins || source.startsWith("^") ? undefined : new RegExp(source, "y")
  const ending =
    tail === undefined || atPlace === undefined
      ? undefined
      : { literal: tail.literal, pattern: new RegExp(tail.source, "y") }
  /** Beyond `doubt` there is suspicion as well. */
  let wary = doubt

  const hasAll = (text: string): boolean => {
    let from = 0
    for (let i = 0; i < literals.length; i++) {
      const at = text.indexOf(literals[i]!, from)
      if (at < 0) return false
      from = at + literals[i]!.length
    }
    return true
  }

  /** Whether the text goes on as every match does at one of the places where it could, as far as that can be told soon. */
  const hasTail = (text: string): boolean => {
    if (ending === undefined) return true
    const { literal, pattern } = ending
    let tried = 0
    for (let at = text.indexOf(literal); at >= 0; at = text.indexOf(literal, at + 1)) {
      if (tried++ === mostBeginnings) return true
      pattern.lastIndex = at
      if (pattern.test(text)) return true
    }
    return false
  }

  /** No match begins behind the last place of the first literal. */
  const fromBeginnings = (text: string): PatternMatch | null => {
    if (atPlace === undefined || text.length > longestTried) return expression.exec(text)
    if (!hasTail(text)) return null
    const last = text.lastIndexOf(first)
    if (last >= mostBeginnings) return expression.exec(text)
    for (let at = 0; at <= last; at++) {
      atPlace.lastIndex = at
      const found = atPlace.exec(text)
      if (found !== null) return found
    }
    return null
  }

  const exec = (text: string): PatternMatch | null => {
    if (wary > 0 && !text.includes(longest)) {
      wary = Math.max(wary, doubt)
      return null
    }
    const found = wary <= doubt ? expression.exec(text) : hasAll(text) ? fromBeginnings(text) : null
    if (found === null) wary = doubt + suspicion
    else if (wary > 0) wary -= 1
    return found
  }

  return { exec, test: (text) => text.includes(longest) && hasAll(text) && expression.test(text) }
}
