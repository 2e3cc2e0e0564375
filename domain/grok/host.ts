import { Grok } from "./grok.ts"
import { PatternError } from "./pattern-error.ts"
import { MAX_SOURCE_LENGTH, parsePattern } from "./pattern-parser.ts"

/** `%{NAME}` and `%{NAME:semantic}`. Anything else that looks like a reference is ordinary pattern text. */
const REFERENCE = /%\{(\w+)(?::(\w+))?\}/g
const MAX_NESTING = 64

/** A pattern whose references are replaced by what they stand for. */
interface Expansion {
  readonly text: string
  /** For each semantic name the offset of the parenthesis of the one reference that sets it. */
  readonly semantics: ReadonlyMap<string, number>
}

/** Is about the way on which a pattern was reached: on another one it may do. */
class WayError extends PatternError {}

/**
 * The patterns that parsers may refer to: one name space for all files. The meaning of references is that of CrowdSec:
 * the first definition of a name stands; of several references with the same semantic name, outer ones win over those
 * inside other patterns, and later ones over earlier ones, even when the winner takes no part in a match.
 */
export class GrokHost {
  readonly #definitions = new Map<string, string>()
  readonly #expansions = new Map<string, Expansion>()
  /** Why a pattern cannot be expanded, wherever it is referred to. */
  readonly #failures = new Map<string, PatternError>()
  readonly #shortcuts: boolean

  /**
   * Takes named patterns that may refer to each other in any order. They are checked when they are first used.
   * Of two with the same name the first stands.
   */
  constructor(patterns: Iterable<readonly [name: string, text: string]> = [], shortcuts = true) {
    this.#shortcuts = shortcuts
    for (const [name, text] of patterns) if (!this.#definitions.has(name)) this.#definitions.set(name, text)
  }

  has(name: string): boolean {
    return this.#definitions.has(name)
  }

  /**
   * Adds a pattern, which may refer to known ones. false: the name is known already with another meaning, which stays.
   * Throws `PatternError` when the text is not valid, and then knows the name no more than before.
   */
  define(name: string, text: string): boolean {
    const known = this.#definitions.get(name)
    if (known !== undefined) return known === text
    const expansion = this.#expand(text, [name])
    parsePattern(expansion.text, { captureAt: () => 0 })
    this.#definitions.set(name, text)
    this.#expansions.set(name, expansion)
    // It may be what they lacked.
    this.#failures.clear()
    return true
  }

  /** Pattern text with all references replaced. Throws `PatternError`. */
  expanded(text: string): string {
    return this.#expand(text, []).text
  }

  /** Compiles pattern text. A pattern known by name is compiled as `%{NAME}`. Throws `PatternError`. */
  compile(text: string): Grok {
    const { text: source, semantics } = this.#expand(text, [])
    const nameAt = new Map(Array.from(semantics, ([name, offset]) => [offset, name]))
    const names: Array<string> = []
    const parsed = parsePattern(source, {
      captureAt: (offset) => {
        const name = nameAt.get(offset)
        return name === undefined ? 0 : names.push(name)
      }
    })
    return new Grok(source, parsed, names, this.#shortcuts)
  }

  #expand(text: string, within: ReadonlyArray<string>): Expansion {
    const semantics = new Map<string, number>()
    const own: Array<[name: string, offset: number]> = []
    let expanded = ""
    let end = 0
    for (const reference of text.matchAll(REFERENCE)) {
      const [whole, name, semantic] = reference
      expanded += text.slice(end, reference.index)
      end = reference.index + whole.length
      const opening = expanded.length
      const inner = this.#expansion(name!, within, reference.index)
      for (const [innerName, offset] of inner.semantics) semantics.set(innerName, opening + 1 + offset)
      if (semantic !== undefined) own.push([semantic, opening])
      expanded += `(${inner.text})`
      if (expanded.length > MAX_SOURCE_LENGTH) {
        throw new PatternError(
          "TST-PATTERN-TOO-LARGE",
          `with all references replaced the pattern is longer than ${MAX_SOURCE_LENGTH} characters`,
          reference.index
        )
      }
    }
    for (const [name, offset] of own) semantics.set(name, offset)
    return { text: expanded + text.slice(end), semantics }
  }

  #expansion(name: string, within: ReadonlyArray<string>, offset: number): Expansion {
    const known = this.#expansions.get(name)
    if (known !== undefined) return known
    const failure = this.#failures.get(name)
    if (failure !== undefined) throw failure
    if (within.includes(name)) {
      throw new WayError(
        "TST-GROK-RECURSION",
        `the pattern ${name} contains itself: ${[...within, name].join(" > ")}`,
        offset
      )
    }
    const text = this.#definitions.get(name)
    if (text === undefined) {
      throw new PatternError(
        "TST-GROK-UNKNOWN-NAME",
        `no pattern is called ${name}: define it before it is used, or correct the name in %{${name}}`,
        offset
      )
    }
    if (within.length >= MAX_NESTING) {
      throw new WayError("TST-PATTERN-TOO-LARGE", `patterns refer to each other more than ${MAX_NESTING} deep`, offset)
    }
    try {
      const expansion = this.#expand(text, [...within, name])
      this.#expansions.set(name, expansion)
      return expansion
    } catch (error) {
      if (error instanceof PatternError && !(error instanceof WayError)) this.#failures.set(name, error)
      throw error
    }
  }
}
