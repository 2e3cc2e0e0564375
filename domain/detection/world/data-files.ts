/** Data files that rules name, read once for a ruleset. */
import type { DataFiles } from "../../expression/environment.ts"
import { EvaluationError } from "../../expression/error.ts"
import { parseJson } from "../../expression/json.ts"
import { compilePattern, type Pattern } from "../../grok/pattern.ts"
import { alternativeLiterals } from "../../grok/alternative-literals.ts"
import { PatternError } from "../../grok/pattern-error.ts"
import { parsePattern } from "../../grok/pattern-parser.ts"
import { type Bot, isOfBot, readBot } from "./bot-list.ts"
import { Remembered } from "../../text/remembered.ts"
import { LiteralIndex } from "../filter/literal-index.ts"
import { mostData, tooMuchData } from "../../rules/data-file.ts"
import { fewProblems } from "../../rules/few-problems.ts"
import type { Problem } from "../../document/problem.ts"
import type { DataFile, RuleFile } from "../../rules/rule.ts"

type Entries = ReadonlyArray<ReadonlyMap<string, string>>

export class DataFileSet implements DataFiles {
  readonly #lines = new Map<string, ReadonlyArray<string>>()
  readonly #patterns = new Map<string, PatternList>()
  readonly #maps = new Map<string, TagMap>()
  readonly #bots = new Map<string, ReadonlyArray<Bot>>()
  readonly #files: ReadonlyMap<string, RuleFile>
  readonly problems: Array<Problem> = []
  readonly #shortcuts: boolean

  /** `shortcuts` false: every pattern of a file is tried on every text. */
  constructor(files: ReadonlyArray<RuleFile>, shortcuts = true) {
    this.#shortcuts = shortcuts
    this.#files = new Map(files.filter(({ kind }) => kind === "data").map((file) => [file.path, file]))
  }

  /** Reads the file that a rule asks for, unless it has been. One that is missing, which its loader tells, is empty to rules. */
  load({ destFile, type }: DataFile): void {
    if (type === "" || this.#known(type).has(destFile)) return
    const file = this.#files.get(destFile)
    const lines = file === undefined ? [] : this.#linesOf(file, type)
    if (type === "string")
      this.#lines.set(
        destFile,
        lines.map(({ text }) => text)
      )
    else if (type === "regexp") {
      const patterns = this.#each(file, lines, (text) => compilePattern(text, this.#shortcuts))
      this.#patterns.set(destFile, new PatternList(patterns, this.#shortcuts))
    } else if (type === "bots") this.#bots.set(destFile, this.#each(file, lines, readBot))
    else this.#maps.set(destFile, new TagMap(this.#each(file, lines, entryOf)))
  }

  lines = (file: string): ReadonlyArray<string> | undefined => this.#lines.get(file)
  matches = (file: string, text: string): boolean => this.#patterns.get(file)?.matches(text) ?? false
  patterns = (file: string): ReadonlyArray<string> | undefined => this.#patterns.get(file)?.sources
  lookup = (file: string, text: string): string => this.#maps.get(file)?.lookup(text) ?? ""
  isKnownBot = (files: ReadonlyArray<string>, address: string, agent: string, path: string): boolean =>
    files.some((file) => isOfBot(this.#bots.get(file) ?? [], address, agent, path))
  entries = (file: string): Entries | undefined => this.#maps.get(file)?.entries

  #known(type: DataFile["type"]): ReadonlyMap<string, unknown> {
    if (type === "bots") return this.#bots
    return type === "string" ? this.#lines : type === "regexp" ? this.#patterns : this.#maps
  }

  /** None of a file that is too large. */
  #linesOf({ file, content }: RuleFile, type: DataFile["type"]): ReadonlyArray<DataLine> {
    const most = mostData[type]
    const isLong = content.length > most.bytes
    const lines = isLong ? 0 : lineCount(content)
    if (!isLong && lines <= most.lines) return linesOf(content)
    const found = isLong ? `${content.length} bytes` : `${lines} lines`
    this.problems.push({ code: "TST-DATA-TOO-LARGE", severity: "warning", file, message: tooMuchData(type, found) })
    return []
  }

  /** Reads each line; a broken one is told and left out. */
  #each<A>(file: RuleFile | undefined, lines: ReadonlyArray<DataLine>, read: (text: string) => A): ReadonlyArray<A> {
    const problems: Array<Problem> = []
    const values = lines.flatMap(({ text, line }) => {
      try {
        return [read(text)]
      } catch (error) {
        if (!(error instanceof PatternError || error instanceof EvaluationError)) throw error
        const message = `this line is left out: ${error.message}`
        const code = error instanceof PatternError ? error.code : "TST-DATA-LINE"
        problems.push({ code, severity: "warning", file: file!.file, line, message })
        return []
      }
    })
    this.problems.push(...fewProblems(problems))
    return values
  }
}

interface DataLine {
  readonly text: string
  /** From 1. */
  readonly line: number
}

const lineCount = (content: Uint8Array): number => {
  let count = content.length === 0 || content.at(-1) === newline ? 0 : 1
  for (let at = content.indexOf(newline); at >= 0; at = content.indexOf(newline, at + 1)) count += 1
  return count
}
const newline = 0x0a

const linesOf = (content: Uint8Array): ReadonlyArray<DataLine> =>
  new TextDecoder()
    .decode(content)
    .split("\n")
    .map((text, index) => ({ text: text.endsWith("\r") ? text.slice(0, -1) : text, line: index + 1 }))
    .filter(({ text }) => text !== "" && !text.startsWith("#"))

/** Results that a list of patterns remembers. */
const mostRemembered = 2_048
const longestRemembered = 512
const longestSubject = 8_192

/** Many patterns, any of which may match. Texts such as user agents repeat, so results are remembered. */
class PatternList {
  readonly #patterns: ReadonlyArray<Pattern>
  /** Those that say nothing about the texts that they match. */
  readonly #always: ReadonlyArray<Pattern>
  /** Finds the literals of the others by their number; undefined when none is searched for. */
  readonly #index: LiteralIndex | undefined
  readonly #bits: Uint32Array
  readonly #remembered = new Remembered<boolean>(mostRemembered)

  readonly #shortcuts: boolean

  constructor(patterns: ReadonlyArray<Pattern>, shortcuts: boolean) {
    this.#patterns = patterns
    this.#shortcuts = shortcuts
    const needed = patterns.map(({ source }) => alternativeLiterals(parsePattern(source).syntax))
    const literals = needed.flatMap((each, number) => each?.map((text) => ({ text, number })) ?? [])
    this.#index = LiteralIndex.of(literals)
    this.#always = patterns.filter((_, number) => needed[number] === undefined)
    this.#bits = new Uint32Array(Math.ceil(patterns.length / 32))
  }

  get sources(): ReadonlyArray<string> {
    return this.#patterns.map(({ source }) => source)
  }

  matches(text: string): boolean {
    const subject = text.length > longestSubject ? text.slice(0, longestSubject) : text
    if (!this.#shortcuts) return this.#patterns.some((pattern) => pattern.test(subject))
    return subject.length <= longestRemembered ? this.#remembered.of(subject, this.#ask) : this.#matches(subject)
  }

  readonly #ask = (subject: string): boolean => this.#matches(subject)

  #matches(subject: string): boolean {
    const bits = this.#bits.fill(0)
    if (this.#index === undefined) return this.#patterns.some((pattern) => pattern.test(subject))
    this.#index.scan(subject, bits)
    for (let word = 0; word < bits.length; word++) {
      for (let left = bits[word]!; left !== 0; left &= left - 1) {
        if (this.#patterns[word * 32 + 31 - Math.clz32(left & -left)]!.test(subject)) return true
      }
    }
    return this.#always.some((pattern) => pattern.test(subject))
  }
}

/** One line of a `map` file. */
interface TagEntry {
  /** Those that are texts: rules know no others. */
  readonly fields: ReadonlyMap<string, string>
  readonly pattern: string
  readonly tag: string
  /** The pattern compiled, where it is a regular expression. */
  readonly regex: Pattern | undefined
}

const entryTypes = ["equals", "contains", "regex"]

/** Throws for a line that could never be found, as CrowdSec refuses it. */
const entryOf = (text: string): TagEntry => {
  const read = parseJson(text)
  if (!(read instanceof Map)) throw new EvaluationError("it is no JSON object")
  const fields = new Map<string, string>()
  for (const [key, value] of read as Map<string, unknown>) if (typeof value === "string") fields.set(key, value)
  const textOf = (key: string): string => {
    const value = fields.get(key) ?? ""
    if (value !== "") return value
    throw new EvaluationError(`it needs \`${key}\`, a text that is not empty`)
  }
  const [pattern, tag, type] = [textOf("pattern"), textOf("tag"), textOf("type")]
  if (!entryTypes.includes(type)) throw new EvaluationError("`type` must be equals, contains or regex")
  return { fields, pattern, tag, regex: type === "regex" ? compilePattern(pattern) : undefined }
}

/** Patterns with a tag: exact ones first, then the contained text that begins leftmost, then regular expressions in order. */
class TagMap {
  readonly entries: Entries
  readonly #exact: ReadonlyMap<string, string>
  readonly #contained: ReadonlyArray<TagEntry>
  readonly #regexes: ReadonlyArray<TagEntry>

  constructor(entries: ReadonlyArray<TagEntry>) {
    const ofType = (type: string) => entries.filter(({ fields }) => fields.get("type") === type)
    this.entries = entries.map(({ fields }) => fields)
    this.#exact = new Map(ofType("equals").map(({ pattern, tag }) => [pattern, tag]))
    this.#contained = ofType("contains")
    this.#regexes = ofType("regex")
  }

  lookup(text: string): string {
    const exact = this.#exact.get(text)
    if (exact !== undefined) return exact
    let leftmost = Number.POSITIVE_INFINITY
    let found: TagEntry | undefined
    for (const entry of this.#contained) {
      const at = text.indexOf(entry.pattern)
      if (at < 0 || at >= leftmost) continue
      leftmost = at
      found = entry
    }
    if (found !== undefined) return found.tag
    const subject = text.length > longestSubject ? text.slice(0, longestSubject) : text
    return this.#regexes.find(({ regex }) => regex!.test(subject))?.tag ?? ""
  }
}
