import type { NamedPattern } from "./library.ts"

/**
 * Reads a pattern file in the usual format: `NAME<space>regex`, one a line. Lines that begin with `#`, empty lines, and
 * (as in CrowdSec) all others without that form are left out.
 */
export const parsePatternFile = (text: string): Array<NamedPattern> => {
  const patterns: Array<NamedPattern> = []
  for (const line of text.split(/\r?\n/)) {
    const found = /^(\w+)\s+(.+)$/.exec(line)
    if (found !== null) patterns.push([found[1]!, found[2]!])
  }
  return patterns
}
