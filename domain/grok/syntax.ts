import type { CharacterSet } from "./character-set.ts"

/** A regular expression as a tree, flags already applied: case folding and `.` are resolved into sets. */
export type Syntax =
  | { readonly kind: "empty" }
  /** Exactly one code point of the set. */
  | { readonly kind: "set"; readonly set: CharacterSet }
  | { readonly kind: "sequence"; readonly items: ReadonlyArray<Syntax> }
  /** The first alternative that lets the whole match wins. */
  | { readonly kind: "choice"; readonly items: ReadonlyArray<Syntax> }
  | {
      readonly kind: "repeat"
      readonly item: Syntax
      readonly min: number
      readonly max: number
      readonly greedy: boolean
    }
  /** `index` counts from 1. */
  | { readonly kind: "capture"; readonly item: Syntax; readonly index: number }
  | { readonly kind: "assertion"; readonly at: Assertion }

export type Assertion = "text-start" | "text-end" | "line-start" | "line-end" | "word-boundary" | "no-word-boundary"

export const EMPTY: Syntax = { kind: "empty" }

/** Whether it can match without consuming anything. */
export const nullable = (syntax: Syntax): boolean => {
  switch (syntax.kind) {
    case "empty":
    case "assertion":
      return true
    case "set":
      return false
    case "sequence":
      return syntax.items.every(nullable)
    case "choice":
      return syntax.items.some(nullable)
    case "repeat":
      return syntax.min === 0 || nullable(syntax.item)
    case "capture":
      return nullable(syntax.item)
  }
}

const childrenOf = (syntax: Syntax): ReadonlyArray<Syntax> => {
  switch (syntax.kind) {
    case "sequence":
    case "choice":
      return syntax.items
    case "repeat":
    case "capture":
      return [syntax.item]
    default:
      return []
  }
}

/** What follows each other for sure, one thing after the other; captures are seen through. */
export const flattened = (syntax: Syntax): ReadonlyArray<Syntax> => {
  if (syntax.kind === "sequence") return syntax.items.flatMap(flattened)
  if (syntax.kind === "capture") return flattened(syntax.item)
  if (syntax.kind === "repeat" && syntax.min === 1 && syntax.max === 1) return flattened(syntax.item)
  return [syntax]
}

export const hasCapture = (syntax: Syntax): boolean => syntax.kind === "capture" || childrenOf(syntax).some(hasCapture)

/** Number of states that a plain automaton of it has: counted repetition multiplies. */
export const sizeOf = (syntax: Syntax): number => {
  const inner = childrenOf(syntax).reduce((sum, child) => sum + sizeOf(child), 0)
  if (syntax.kind !== "repeat") return inner + 1
  return (inner + 1) * (syntax.max === Number.POSITIVE_INFINITY ? syntax.min + 1 : Math.max(1, syntax.max))
}

/** The largest product of nested repetition counts; `x*` counts as 1. */
export const repetitionOf = (syntax: Syntax): number => {
  const inner = childrenOf(syntax).reduce((most, child) => Math.max(most, repetitionOf(child)), 1)
  if (syntax.kind !== "repeat") return inner
  return inner * Math.max(1, syntax.max === Number.POSITIVE_INFINITY ? syntax.min : syntax.max)
}

/**
 * Whether JavaScript, given the same pattern, may report another match than RE2 (that there is one they agree on).
 * Two things about loops differ. Where a capture takes part in one round and not in the last, RE2 keeps the earlier text
 * and JavaScript forgets it. And a round that matches nothing ends the loop in RE2, while JavaScript goes back to look
 * for a longer one.
 */
export const differsInJavaScript = (syntax: Syntax): boolean => {
  if (syntax.kind === "repeat" && syntax.max > 1) {
    if (hasOptionalCapture(syntax.item)) return true
    const mayBeEmpty = syntax.max > syntax.min && nullable(syntax.item)
    if (mayBeEmpty && (hasCapture(syntax.item) || prefersLess(syntax.item))) return true
  }
  return childrenOf(syntax).some(differsInJavaScript)
}

const hasOptionalCapture = (syntax: Syntax): boolean => {
  switch (syntax.kind) {
    case "choice":
      return hasCapture(syntax)
    case "repeat":
      return syntax.min === 0 ? hasCapture(syntax.item) : hasOptionalCapture(syntax.item)
    default:
      return childrenOf(syntax).some(hasOptionalCapture)
  }
}

/** Whether it may try to match nothing before it tries to match something. */
const prefersLess = (syntax: Syntax): boolean =>
  (syntax.kind === "repeat" && !syntax.greedy) ||
  (syntax.kind === "choice" && syntax.items.slice(0, -1).some(nullable)) ||
  childrenOf(syntax).some(prefersLess)
