import { NETWORK_PATTERNS } from "./library/network.ts"
import { PROGRAM_PATTERNS } from "./library/program.ts"
import { TEXT_PATTERNS } from "./library/text.ts"
import { TIME_PATTERNS } from "./library/time.ts"

/** A pattern and the name under which groks refer to it. */
export type NamedPattern = readonly [name: string, text: string]

/**
 * The pattern library that ships with Testudo: every name that the hub's parsers expect to be there, and the classical
 * names of Logstash. Each pattern is written so that V8's linear engine can take it over.
 */
export const PATTERN_LIBRARY: ReadonlyArray<NamedPattern> = [
  ...TEXT_PATTERNS,
  ...NETWORK_PATTERNS,
  ...TIME_PATTERNS,
  ...PROGRAM_PATTERNS
]
