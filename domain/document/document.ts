/**
 * YAML text as a tree of values that know their lines.
 *
 * Scalars keep their text as written (`0123`, `yes` and `1.0` stay what they are): what a value means is for the reader
 * of its key to say. Several documents a file, anchors, aliases and merge keys work; a document that is not valid YAML
 * is reported and left out, the others stay. Everything is bounded, because rule files come from strangers too.
 */
import { Composer, isAlias, isMap, isPair, isScalar, isSeq, Lexer, LineCounter, Parser } from "yaml"
import type { CST, Document as YamlDocument, Node as YamlNode, Pair, YAMLMap, YAMLParseError } from "yaml"
import { decodeText, sections } from "./document-text.ts"
import type { Section } from "./document-text.ts"
import { printable } from "../text/printable.ts"
import { brief, broken, quote } from "./report.ts"
import type { Broken, Report } from "./report.ts"

export type Value = Scalar | List | Mapping

export interface Scalar {
  readonly kind: "scalar"
  /** As written, quotes and escapes resolved. */
  readonly text: string
  /** Neither quoted nor a block: may be a number, a boolean or nothing at all. */
  readonly plain: boolean
  readonly line: number
  /** Where the text itself begins: a block has it below its `|` or `>`. */
  readonly textLine: number
}

export interface List {
  readonly kind: "list"
  readonly items: ReadonlyArray<Value>
  readonly line: number
}

export interface Mapping {
  readonly kind: "mapping"
  readonly entries: ReadonlyMap<string, Entry>
  readonly line: number
}

export interface Entry {
  /** Line of the key. */
  readonly line: number
  readonly value: Value
}

/** One document of a file that holds anything. */
export interface Document {
  /** Its index among all documents of the file, empty ones counted. */
  readonly index: number
  readonly value: Value
}

/** Some 30,000 lines of YAML: the largest file of the public hub has 3,900. */
const maximumLexemes = 200_000
const maximumDocuments = 1_000
const maximumDepth = 64
const maximumSyntaxErrors = 100

/** The documents of a file. Empty ones are skipped, broken ones reported. */
export const readDocuments = (content: Uint8Array, report: Report): ReadonlyArray<Document> => {
  const text = decodeText(content, report)
  if (text === undefined) return []
  const documents: Document[] = []
  const budget = { lexemes: maximumLexemes }
  for (const [index, section] of sections(text).entries()) {
    if (index >= maximumDocuments) {
      const message = `holds more than ${maximumDocuments} documents; split the file`
      report.error(report.codes.tooLarge, { line: section.line, key: "" }, message)
      break
    }
    const value = sectionValue(section, budget, report)
    if (value !== broken && value !== undefined) documents.push({ index, value })
    if (budget.lexemes < 0) break
  }
  return documents
}

/** The value of a document; undefined for one that holds nothing. */
const sectionValue = (section: Section, budget: { lexemes: number }, report: Report): Value | undefined | Broken => {
  const counter = new LineCounter()
  const lines = (offset: number): number => section.line - 1 + Math.max(1, counter.linePos(offset).line)
  const parsed = compose(section.text, counter, budget)
  if (parsed === "too large") {
    const message = `holds more than ${maximumLexemes} pieces of YAML; split the file`
    return report.error(report.codes.tooLarge, undefined, message)
  }
  return parsed === undefined ? undefined : documentValue(parsed, lines, report)
}

/** Stops when the file has had its share of lexemes. */
const compose = (
  text: string,
  counter: LineCounter,
  budget: { lexemes: number }
): YamlDocument.Parsed | undefined | "too large" => {
  // Duplicate keys are looked for here (in linear time, with both lines); merge keys and aliases as well.
  const options = { schema: "failsafe", resolveKnownTags: false, uniqueKeys: false, prettyErrors: false } as const
  const composer = new Composer({ ...options, logLevel: "silent" })
  const parser = new Parser(counter.addNewLine)
  counter.addNewLine(0)
  const documents: YamlDocument.Parsed[] = []
  let syntaxErrors = 0
  const take = (token: CST.Token): void => {
    if (token.type === "error") syntaxErrors += 1
    if (token.type !== "error" || syntaxErrors <= maximumSyntaxErrors) documents.push(...composer.next(token))
  }
  for (const lexeme of new Lexer().lex(text)) {
    budget.lexemes -= 1
    if (budget.lexemes < 0) return "too large"
    for (const token of parser.next(lexeme)) take(token)
  }
  for (const token of parser.end()) take(token)
  documents.push(...composer.end())
  return documents.find((document) => document.errors.length > 0) ?? documents[0]
}

/** What to do about the mistakes that people make most. */
const advice: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: "; indent with spaces",
  BAD_DQ_ESCAPE: "; in double quotes a backslash begins an escape: use single quotes",
  BLOCK_AS_IMPLICIT_KEY: "; a text that holds `: ` needs quotes around it, or the indentation is off",
  BAD_INDENT: "; check the indentation",
  BAD_SCALAR_START: "; put quotes around the text",
  MULTILINE_IMPLICIT_KEY: "; check the indentation and the quotes"
}

const quoteAll =
  "; the text as a whole needs quotes: put single quotes around it (and double those within it), or write it below a `|`"

/** Where one code stands for several mistakes, they are told apart by what the library says. */
const adviceOnSaying: ReadonlyArray<readonly [said: RegExp, advice: string]> = [
  [/at node end$/, quoteAll],
  [/^Tags and anchors must be separated/, quoteAll],
  [/^Missing closing/, "; close it, or double a quote that belongs to the text"],
  [/end with a [\]}]$/, "; close it, or put quotes around a text that begins with a bracket"],
  [/^Missing , /, "; put a comma there, or quotes around the whole text"],
  [/^Sequence item without/, "; check the indentation"],
  [/^Implicit map keys/, "; write `key: value`, or check the indentation"],
  [/^Unexpected block-seq-ind/, "; begin the list on the next line"],
  [/^Block scalar header/, "; begin the text on the next line"]
]

const adviceOn = ({ code, message }: YAMLParseError): string =>
  adviceOnSaying.find(([said]) => said.test(message))?.[1] ?? advice[code] ?? ""

/** Line of the section's character at an offset, counted in the file. */
type Lines = (offset: number) => number

const documentValue = (parsed: YamlDocument.Parsed, lines: Lines, report: Report): Value | undefined | Broken => {
  const fault = parsed.errors[0]
  if (fault !== undefined) {
    const offset = fault.message.startsWith("Missing closing")
      ? (openQuote(parsed.contents) ?? fault.pos[0])
      : fault.pos[0]
    const place = { line: lines(offset), key: "" }
    if (fault.code === "RESOURCE_EXHAUSTION") return tooDeep(place.line, report)
    // The message about an escape ends with the escape.
    const said = fault.code === "BAD_DQ_ESCAPE" ? fault.message : fault.message.replace(/\.$/, "")
    const what = printable(said, 120)
    return report.error(report.codes.syntax, place, `is not valid YAML: ${what}${adviceOn(fault)}`)
  }
  if (parsed.contents === null) return undefined
  const value = new Conversion(lines, report).value(parsed.contents, 0)
  if (value !== broken && value.kind === "scalar" && isNothing(value)) return undefined
  return value
}

/** Where the last quoted text begins: a quote that is missing at the end was opened there. */
const openQuote = (contents: YamlNode | null): number | undefined => {
  let node: unknown = contents
  while (isMap(node) || isSeq(node)) {
    const last = node.items.at(-1)
    node = isPair(last) ? (last.value ?? last.key) : last
  }
  return isScalar(node) && node.type?.startsWith("QUOTE") ? node.range?.[0] : undefined
}

const tooDeep = (line: number, report: Report): Broken =>
  report.error(report.codes.tooLarge, { line, key: "" }, `is nested more than ${maximumDepth} levels deep`)

/** Whether the scalar is YAML's way to say that there is no value. */
export const isNothing = (value: Value): boolean =>
  value.kind === "scalar" && value.plain && /^(?:|~|null|Null|NULL)$/.test(value.text)

const coreTag = /^tag:yaml\.org,2002:(?:str|int|float|bool|null|map|seq)$/

/** One document's way from the library's nodes to values; keeps the anchors that it has met. */
class Conversion {
  readonly #lines: Lines
  readonly #report: Report
  readonly #anchors = new Map<string, Value>()

  constructor(lines: Lines, report: Report) {
    this.#lines = lines
    this.#report = report
  }

  value(node: YamlNode, depth: number): Value | Broken {
    const line = this.#lineOf(node)
    if (depth > maximumDepth) return tooDeep(line, this.#report)
    if (!this.#report.admit({ line, key: "" })) return broken
    if (isAlias(node)) {
      // An alias is the same value again, not a copy, so a bomb of aliases stays as small as it was written.
      const target = this.#anchors.get(node.source)
      if (target !== undefined) return target
      const message = `refers to ${quote(`*${node.source}`)}, but no \`&\` before it (or around it) has that name`
      return this.#report.error(this.#report.codes.syntax, { line, key: "" }, message)
    }
    const value = this.#tagged(node, line) ?? this.#untagged(node, line, depth)
    const anchor = (node as { readonly anchor?: string }).anchor
    if (value !== broken && anchor !== undefined) this.#anchors.set(anchor, value)
    return value
  }

  #tagged(node: YamlNode, line: number): Broken | undefined {
    const tag = (node as { readonly tag?: string }).tag
    const plain = isScalar(node) && node.type === "PLAIN"
    if (tag === undefined || (tag === "!" && !plain) || coreTag.test(tag)) return undefined
    const written = tag.replace(/^tag:yaml\.org,2002:/, "!!")
    const message =
      plain && !/^!!\w+$/.test(written)
        ? `${quote(written)} at the beginning is a tag in YAML, and not part of the text; put quotes around the whole text, or begin it with \`not \``
        : `has the tag ${quote(written)}, which means nothing here; remove it`
    return this.#report.error(this.#report.codes.syntax, { line, key: "" }, message)
  }

  #untagged(node: YamlNode, line: number, depth: number): Value | Broken {
    if (isMap(node)) return this.#mapping(node as YAMLMap<YamlNode, YamlNode | null>, line, depth)
    if (isSeq(node)) {
      const items: Value[] = []
      for (const item of node.items) {
        const value = this.value(item as YamlNode, depth + 1)
        if (value === broken) return broken
        items.push(value)
      }
      return { kind: "list", items, line }
    }
    if (!isScalar(node)) return { kind: "scalar", text: "", plain: true, line, textLine: line }
    const text = typeof node.value === "string" ? node.value : (node.source ?? "")
    const plain = node.type === "PLAIN" && node.tag !== "tag:yaml.org,2002:str"
    return { kind: "scalar", text, plain, line, textLine: node.type?.startsWith("BLOCK") ? line + 1 : line }
  }

  #mapping(node: YAMLMap<YamlNode, YamlNode | null>, line: number, depth: number): Mapping | Broken {
    const entries = new Map<string, Entry>()
    const merged = new Map<string, Entry>()
    for (const pair of node.items) {
      const key = this.#key(pair, line, depth)
      if (key === broken) return broken
      const value: Value | Broken =
        pair.value === null
          ? { kind: "scalar", text: "", plain: true, line: key.line, textLine: key.line }
          : this.value(pair.value, depth + 1)
      if (value === broken) return broken
      if (key.merges) {
        if (!this.#merge(value, merged, key.line)) return broken
        continue
      }
      const earlier = entries.get(key.text)
      if (earlier !== undefined) {
        const message = `${quote(key.text)} is there twice (first on line ${earlier.line}); remove one of them`
        return this.#report.error(this.#report.codes.duplicateKey, { line: key.line, key: brief(key.text) }, message)
      }
      entries.set(key.text, { line: key.line, value })
    }
    for (const [name, entry] of merged) if (!entries.has(name)) entries.set(name, entry)
    return { kind: "mapping", entries, line }
  }

  #key(
    pair: Pair<YamlNode, YamlNode | null>,
    line: number,
    depth: number
  ): { readonly text: string; readonly line: number; readonly merges: boolean } | Broken {
    const at = pair.key === null ? line : this.#lineOf(pair.key)
    const key = pair.key === null ? undefined : this.value(pair.key, depth + 1)
    if (key === broken) return broken
    if (key?.kind !== "scalar") {
      const message = "has a key that is not a text (perhaps `{{…}}` or `[…]` without quotes around it)"
      return this.#report.error(this.#report.codes.syntax, { line: at, key: "" }, message)
    }
    return { text: key.text, line: at, merges: key.plain && key.text === "<<" }
  }

  /** `<<`: the entries of one mapping or of several, the first of them first; explicit keys win over all. */
  #merge(value: Value, into: Map<string, Entry>, line: number): boolean {
    for (const source of value.kind === "list" ? value.items : [value]) {
      if (source.kind !== "mapping") {
        this.#report.error(this.#report.codes.syntax, { line, key: "<<" }, "`<<` merges mappings only")
        return false
      }
      for (const [name, entry] of source.entries) {
        if (!this.#report.admit({ line, key: "<<" })) return false
        if (!into.has(name)) into.set(name, entry)
      }
    }
    return true
  }

  #lineOf(node: YamlNode): number {
    return this.#lines(node.range?.[0] ?? 0)
  }
}
