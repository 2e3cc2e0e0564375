/** The patterns that all groks may use: people's own files first, then what ships with Testudo. */
import { type NamedPattern, PATTERN_LIBRARY } from "../grok/library.ts"
import { parsePatternFile } from "../grok/pattern-file.ts"
import type { RuleFile } from "../rules/rule.ts"

export const libraryPatterns = (files: ReadonlyArray<RuleFile>): ReadonlyArray<NamedPattern> => [
  ...files
    .filter(({ kind }) => kind === "patterns")
    .flatMap(({ content }) => parsePatternFile(new TextDecoder().decode(content))),
  ...PATTERN_LIBRARY
]
