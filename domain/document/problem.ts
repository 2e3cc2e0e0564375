import { printable } from "../text/printable.ts"

/** What is wrong with a file that a person wrote: where, why and what to do. Never thrown past the loader: collected. */
export interface Problem {
  /** Stable code of the error catalogue (docs/errors.md), such as `TST-RULE-UNKNOWN-KEY`. */
  readonly code: string
  /** `error`: the item is left out. `warning`: it works, but perhaps not as meant. */
  readonly severity: "error" | "warning"
  /** Path as the person knows it. */
  readonly file: string
  /** From 1; undefined when the whole file is meant. */
  readonly line?: number
  /** Dotted path of the key, such as `nodes[0].grok.pattern`. */
  readonly key?: string
  /** One sentence: what is wrong and what to do. */
  readonly message: string
}

/** In characters: files come from strangers, and messages repeat what they say. */
const longestFile = 1_000
const longestMessage = 8_000

/** `FILE, line N: why (CODE)`: the one way in which problems are shown, on one line and with nothing that a terminal obeys. */
export const formatProblem = ({ file, line, message, code }: Problem): string =>
  `${printable(file, longestFile)}${line === undefined ? "" : `, line ${line}`}: ${printable(message, longestMessage)} (${code})`
