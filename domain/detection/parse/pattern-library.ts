/** The patterns that all groks may use: people's own files first, then what ships with Testudo. */
import { GrokHost } from "../../grok/host.ts"
import { type NamedPattern, PATTERN_LIBRARY } from "../../grok/library.ts"
import { type PatternLine, readPatternFile } from "../../grok/pattern-file.ts"
import { PatternError } from "../../grok/pattern-error.ts"
import { parsePattern } from "../../grok/pattern-parser.ts"
import { fewProblems } from "../../rules/few-problems.ts"
import type { Problem } from "../../document/problem.ts"
import type { RuleFile } from "../../rules/rule.ts"

/** Of all files together. CrowdSec's have some thousand lines. */
const mostLines = 10_000
/** Of all people's own patterns, with all references replaced. Those of the library have 94,000. */
const mostCharacters = 2_097_152

interface OwnPattern extends PatternLine {
  readonly file: string
}

/** A pattern of people's own that is broken is told and left out, so that the library's of that name stands. */
export const readPatternLibrary = (
  files: ReadonlyArray<RuleFile>
): { readonly patterns: ReadonlyArray<NamedPattern>; readonly problems: ReadonlyArray<Problem> } => {
  const problems: Array<Problem> = []
  const warn = (code: string, at: { readonly file: string; readonly line: number }, message: string) =>
    problems.push({ code, severity: "warning", file: at.file, line: at.line, message })
  const own = new Map<string, OwnPattern>()
  let lines = 0
  for (const { file, content } of files.filter(({ kind }) => kind === "patterns")) {
    const read = readPatternFile(new TextDecoder().decode(content), mostLines - lines)
    lines += read.lines
    if (read.more)
      warn(
        "TST-GROK-TOO-MANY",
        { file, line: read.lines + 1 },
        `this line and all that follow are left out: pattern files may have ${mostLines} lines in all; take out what no rule needs`
      )
    for (const line of read.strange)
      warn(
        "TST-GROK-LINE",
        { file, line },
        "this line is left out: a pattern is a NAME of letters, digits and _, a space, and its text"
      )
    for (const pattern of read.patterns) {
      const known = own.get(pattern.name)
      if (known === undefined) own.set(pattern.name, { ...pattern, file })
      else if (known.text !== pattern.text) {
        const message = `the pattern ${pattern.name} is defined in line ${known.line} of ${known.file} already, and its first definition stands`
        warn("TST-RULE-PATTERN-KNOWN", { file, line: pattern.line }, message)
      }
    }
  }
  const check = (compile: (pattern: OwnPattern) => unknown): void => {
    for (const pattern of [...own.values()]) {
      try {
        compile(pattern)
      } catch (error) {
        if (!(error instanceof PatternError)) throw error
        warn(error.code, pattern, `the pattern ${pattern.name} is left out: ${error.message}`)
        own.delete(pattern.name)
      }
    }
  }
  // First each for itself, so that one which is broken takes none with it that refers to its name.
  check(({ text }) => parsePattern(text.replaceAll(/%\{\w+(?::\w+)?\}/g, "()")))
  const host = new GrokHost([...named(own.values()), ...PATTERN_LIBRARY])
  let characters = 0
  check(({ name }) => {
    characters += host.expanded(`%{${name}}`).length
    if (characters > mostCharacters) throw new PatternError("TST-PATTERN-TOO-LARGE", tooManyCharacters)
    host.compile(`%{${name}}`)
  })
  return { patterns: [...named(own.values()), ...PATTERN_LIBRARY], problems: fewProblems(problems) }
}

const tooManyCharacters = `with all references replaced, the patterns of all files are longer than ${mostCharacters} characters; take out what no rule needs`

const named = (patterns: Iterable<PatternLine>): ReadonlyArray<NamedPattern> =>
  Array.from(patterns, ({ name, text }) => [name, text] as const)
