/** One line of a pattern file. */
export interface PatternLine {
  readonly name: string
  readonly text: string
  /** From 1. */
  readonly line: number
}

/**
 * Reads a pattern file in the usual format: `NAME<space>regex`, one a line. Lines that begin with `#`, empty lines, and
 * (as in CrowdSec) all others without that form are left out; the last are told by their number in `strange`.
 */
export const readPatternFile = (
  text: string
): { readonly patterns: ReadonlyArray<PatternLine>; readonly strange: ReadonlyArray<number> } => {
  const patterns: Array<PatternLine> = []
  const strange: Array<number> = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const found = /^(\w+)\s+(.+)$/.exec(line)
    if (found !== null) patterns.push({ name: found[1]!, text: found[2]!, line: index + 1 })
    else if (!/^\s*(?:#|$)/.test(line)) strange.push(index + 1)
  }
  return { patterns, strange }
}
