import { Automaton, type PatternMatch } from "./automaton.ts"
import { type ParsedPattern, parsePattern } from "./pattern-parser.ts"
import { requiredLiterals } from "./required-literals.ts"
import { differsInJavaScript } from "./syntax.ts"
import { translate } from "./translation.ts"

/**
 * A compiled regular expression with RE2's syntax and meaning. It has no state: one pattern may serve everywhere.
 *
 * Whatever the text, matching stays linear in its length, under one condition: a process on Node must call
 * `v8.setFlagsFromString("--enable-experimental-regexp-engine-on-excessive-backtracks")` before it compiles the first
 * pattern, so that V8 changes over to its linear engine when backtracking explodes. Texts should still be bounded (8 KiB).
 */
export interface Pattern {
  readonly source: string
  /** Whether V8's linear engine covers it. If not, {@link Automaton} matches it instead: linear too, but slow. */
  readonly linear: boolean
  /** Texts that every match contains, in this order; checked before anything else. */
  readonly literals: ReadonlyArray<string>
  readonly test: (text: string) => boolean
  readonly exec: (text: string) => PatternMatch | null
}

/** Compiles RE2 syntax. Throws `PatternError`. */
export const compilePattern = (source: string): Pattern => assemblePattern(source, parsePattern(source))

export const assemblePattern = (source: string, { syntax, captures }: ParsedPattern): Pattern => {
  const translation = translate(syntax)
  const literals = requiredLiterals(syntax)
  const needle = literals.reduce((longest, literal) => (literal.length > longest.length ? literal : longest), "")
  const base = { source, linear: translation.linear, literals }
  if (!translation.linear) {
    const automaton = new Automaton(syntax, captures)
    return {
      ...base,
      test: (text) => text.includes(needle) && automaton.test(text),
      exec: (text) => (text.includes(needle) ? automaton.exec(text) : null)
    }
  }
  const expression = new RegExp(translation.source)
  const test =
    needle === ""
      ? (text: string): boolean => expression.test(text)
      : (text: string): boolean => text.includes(needle) && expression.test(text)
  if (differsInJavaScript(syntax)) {
    const automaton = new Automaton(syntax, captures)
    return { ...base, test, exec: (text) => (test(text) ? automaton.exec(text) : null) }
  }
  const exec =
    needle === ""
      ? (text: string): PatternMatch | null => expression.exec(text)
      : (text: string): PatternMatch | null => (text.includes(needle) ? expression.exec(text) : null)
  return { ...base, test, exec }
}
