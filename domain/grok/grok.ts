import { type Fields, fieldNames } from "../text/fields.ts"
import { assemblePattern, type Pattern } from "./pattern.ts"
import type { ParsedPattern } from "./pattern-parser.ts"

/** A compiled grok: a pattern whose captures have names. */
export class Grok {
  /** The pattern text with all references replaced. */
  readonly source: string
  /** Distinct semantic names, in the order of their captures. */
  readonly names: ReadonlyArray<string>
  readonly #pattern: Pattern
  readonly #slots: ReadonlyArray<number>
  readonly #all: ReadonlyArray<number>

  constructor(source: string, parsed: ParsedPattern, names: ReadonlyArray<string>, shortcuts: boolean) {
    this.source = source
    this.names = names
    this.#slots = names.map((name) => fieldNames.Parsed.slot(name))
    this.#all = names.map((_, capture) => capture)
    this.#pattern = assemblePattern(source, parsed, shortcuts)
  }

  /** Whether V8's linear engine covers it; see {@link Pattern}. */
  get linear(): boolean {
    return this.#pattern.linear
  }

  /** Characters of a text that it sees. */
  get reach(): number {
    return this.#pattern.reach
  }

  /** Texts that every match contains, in this order. {@link match} checks the longest by itself. */
  get literals(): ReadonlyArray<string> {
    return this.#pattern.literals
  }

  /**
   * The captured texts, aligned with {@link names}: `""` for one that took no part. undefined when the text does not
   * match, and always for a grok without any name (CrowdSec takes that for a failure).
   */
  match(text: string): Array<string> | undefined {
    const count = this.names.length
    if (count === 0) return undefined
    const found = this.#pattern.exec(text)
    if (found === null) return undefined
    const values = new Array<string>(count)
    for (let i = 0; i < count; i++) values[i] = found[i + 1] ?? ""
    return values
  }

  /**
   * Writes the captured texts to `Parsed`, as {@link match} gives them; false when there is no match. `captures`: only
   * those with these numbers, which are places in {@link names}.
   */
  matchInto(text: string, parsed: Fields, captures: ReadonlyArray<number> = this.#all): boolean {
    const slots = this.#slots
    if (slots.length === 0) return false
    const found = this.#pattern.exec(text)
    if (found === null) return false
    for (let i = 0; i < captures.length; i++) {
      const capture = captures[i]!
      parsed.put(slots[capture]!, found[capture + 1] ?? "")
    }
    return true
  }
}
