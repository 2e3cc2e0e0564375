/** One line of a pattern file. */
export interface PatternLine {
  readonly name: string
  readonly text: string
  /** From 1. */
  readonly line: number
}

export interface PatternFile {
  readonly patterns: ReadonlyArray<PatternLine>
  /** Numbers of the lines that are neither a pattern nor a comment. */
  readonly strange: ReadonlyArray<number>
  /** How many lines were read. */
  readonly lines: number
  /** Whether there are more. */
  readonly more: boolean
}

/**
 * Reads a pattern file in the usual format: `NAME<space>regex`, one a line, and no more than `most` lines. Those that
 * begin with `#`, empty ones, and (as in CrowdSec) all others without that form are left out; the last are told.
 */
export const readPatternFile = (text: string, most: number): PatternFile => {
  const patterns: Array<PatternLine> = []
  const strange: Array<number> = []
  const begun = text.split(/\r?\n/, most + 1)
  const lines = begun.slice(0, most)
  for (const [index, line] of lines.entries()) {
    const found = /^(\w+)\s+(.+)$/.exec(line)
    if (found !== null) patterns.push({ name: found[1]!, text: found[2]!, line: index + 1 })
    else if (!/^\s*(?:#|$)/.test(line)) strange.push(index + 1)
  }
  return { patterns, strange, lines: lines.length, more: begun.length > most }
}
