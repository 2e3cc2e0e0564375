import { Automaton, type PatternMatch } from "./automaton.ts"
import { PatternError } from "./pattern-error.ts"
import { type ParsedPattern, parsePattern } from "./pattern-parser.ts"
import { crowdOf, longestReach, ownAutomaton, reachOf, v8 } from "./reach.ts"
import { beginsWithLiteral, requiredLiterals } from "./required-literals.ts"
import { searchFor } from "./search.ts"
import { differsInJavaScript } from "./syntax.ts"
import { tailOf } from "./tail.ts"
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
  /**
   * Whether V8's linear engine covers it. If not, or if that would see less of a text, {@link Automaton} matches it
   * instead: linear too, and slow where V8 does not have to change over.
   */
  readonly linear: boolean
  /** Texts that every match contains, in this order; checked before anything else. */
  readonly literals: ReadonlyArray<string>
  /** Characters of a text that it sees; see {@link reachOf}. */
  readonly reach: number
  /** Whether it has repetitions, or as much as them, in which a match may be under way all along a text. */
  readonly repeats: boolean
  readonly test: (text: string) => boolean
  readonly exec: (text: string) => PatternMatch | null
}

/** Compiles RE2 syntax. Throws `PatternError`. */
export const compilePattern = (source: string, shortcuts = true): Pattern =>
  assemblePattern(source, parsePattern(source), shortcuts)

/** `shortcuts` false: nothing but the expression itself decides. For tests: the matches are the same. */
export const assemblePattern = (source: string, parsed: ParsedPattern, shortcuts: boolean): Pattern => {
  const pattern = assembled(source, parsed, shortcuts)
  const { reach, test, exec } = pattern
  if (reach >= longestReach) return pattern
  return {
    ...pattern,
    test: (text) => test(text.length > reach ? text.slice(0, reach) : text),
    exec: (text) => exec(text.length > reach ? text.slice(0, reach) : text)
  }
}

/** Sets such as `\pL` are long when they are written out. In UTF-16 units. */
const longestTranslation = 131_072

const tooLarge = (): PatternError =>
  new PatternError(
    "TST-PATTERN-TOO-LARGE",
    "the pattern is too large for matching it safely: use fewer repetitions and alternatives, and smaller {n,m}"
  )

const assembled = (source: string, { syntax, captures }: ParsedPattern, shortcuts: boolean): Pattern => {
  const translation = translate(syntax)
  // Compiling what is too large takes V8 as long as matching it.
  const fits = translation.linear && translation.source.length <= longestTranslation
  const differs = differsInJavaScript(syntax)
  const crowd = crowdOf(syntax, v8)
  const seenByV8 = fits ? reachOf(crowd, v8) : 0
  // Nearly every pattern is done with here.
  const isPlain = seenByV8 === longestReach && !differs
  const seenByOwn = isPlain ? 0 : reachOf(crowdOf(syntax, ownAutomaton), ownAutomaton)
  const byV8 = seenByV8 >= seenByOwn
  const reach = byV8 && !differs ? seenByV8 : seenByOwn
  if (reach === 0) throw tooLarge()
  const literals = requiredLiterals(syntax)
  const needle = shortcuts ? literals.reduce((most, each) => (each.length > most.length ? each : most), "") : ""
  const base = { source, linear: translation.linear, literals, reach, repeats: crowd > 0 }
  if (!byV8) {
    const automaton = new Automaton(syntax, captures)
    return {
      ...base,
      test: (text) => text.includes(needle) && automaton.test(text),
      exec: (text) => (text.includes(needle) ? automaton.exec(text) : null)
    }
  }
  const known = { literals, begins: beginsWithLiteral(syntax), tail: tailOf(syntax) }
  const search = searchFor(translation.source, known, shortcuts)
  if (!differs) return { ...base, ...search }
  const automaton = new Automaton(syntax, captures)
  return { ...base, test: search.test, exec: (text) => (search.test(text) ? automaton.exec(text) : null) }
}
