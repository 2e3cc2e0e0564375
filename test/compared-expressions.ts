/** Expressions that Testudo and the real CrowdSec both evaluate on the same lines: each is the filter of a scenario. */
import type { Random } from "../fixtures/generators/random.ts"
import type { RuleFile } from "../domain/rules/rule.ts"

/** What CrowdSec made of them. */
export interface RecordedExpressions {
  readonly crowdsec: string
  readonly lines: ReadonlyArray<string>
  /** Each with a character for every line: `1` where it was true, else `0`. */
  readonly expressions: ReadonlyArray<readonly [expression: string, truths: string]>
}

const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`

const json = [
  '{"a":1,"b":{"c":[1,2,"x"]},"s":"q\\"u"}',
  '{"a":"\\u00e9\\/","b":[],"s":5}',
  '{"b":{"c":"str"},"s":null}',
  "not json",
  ""
]
/** Only the second field of a line has letters beyond ASCII: CrowdSec 1.4 counts bytes where later ones count letters. */
const plainTexts = ["a", "ab", "GET", "ABC", "/index.php", "10.0.0.1", "::1", "12", "1.5", "-3", "", "a b", "%41%zz"]
const texts = [...plainTexts, "é", "ſ", "İx", "x=1&y=2", "192.168.1.7", "http://h.example/p/a?q=1&r=%20b#f"]
const literals = [...texts, ...json.slice(0, 1), "a:b/c", "0", "192.168.1.0/24", "error"]
const patterns = ["^a", "[0-9]+$", "(?i)get", "é|x", "^$", "\\d+\\.\\d+", "a.c", "^.$", "\\bab\\b", "\\w{2,}", "\\pL"]

/**
 * Expressions of a language that all versions of CrowdSec since 1.4 understand alike: no division of ints, which has become
 * one of floats, and no lengths of texts with letters beyond ASCII.
 */
class Expressions {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  #one(...ways: ReadonlyArray<() => string>): string {
    return this.#random.pick(ways)()
  }

  #pick(...words: ReadonlyArray<string>): string {
    return this.#random.pick(words)
  }

  #number(low: number, high: number): string {
    return String(this.#random.integer(low, high))
  }

  #text(depth: number): string {
    if (depth <= 0)
      return this.#one(
        () => quoted(this.#random.pick(literals)),
        () => `evt.Meta.${this.#pick("a", "b", "c")}`,
        () => `evt.Parsed.${this.#pick("a", "b", "c", "nothing")}`,
        () => `evt.Meta[${this.#pick("'a'", "'b'", "'nothing'")}]`,
        () => this.#pick("evt.Line.Raw", "evt.Line.Labels.type", "evt.Enriched.nothing")
      )
    const inner = () => this.#text(depth - 1)
    return this.#one(
      () => this.#text(0),
      () => `Upper(${inner()})`,
      () => `(${inner()} + ${inner()})`,
      () => `(${this.truth(depth - 1)} ? ${inner()} : ${inner()})`,
      () =>
        `JsonExtract(evt.Parsed.c, ${this.#pick("'a'", "'b.c'", "'b.c[0]'", "'b.c[9]'", "'s'", "'b'", "'nothing'")})`,
      () => `JsonExtractUnescape(evt.Parsed.c, ${this.#pick("'s'", "'b', 'c'", "'a'")})`,
      () => `${this.#pick("PathUnescape", "QueryUnescape", "PathEscape", "QueryEscape", "ToJsonString")}(${inner()})`,
      () => `IpToRange(${inner()}, ${this.#pick("'/24'", "'/64'", "'16'", "'x'")})`,
      () => `(${inner()})[${this.#pick("0:1", "1:", ":2", "1:3", ":")}]`
    )
  }

  #int(depth: number): string {
    if (depth <= 0) return this.#number(0, 5)
    const inner = () => this.#int(depth - 1)
    return this.#one(
      () => this.#int(0),
      () => `len(${this.#pick("evt.Meta.a", "evt.Parsed.a", "evt.Line.Labels.type")})`,
      () => `len(${this.#list(depth - 1)})`,
      () => `(${inner()} ${this.#pick("+", "-", "*")} ${inner()})`,
      () => `(${inner()} % ${this.#number(1, 4)})`,
      () => `-(${inner()})`,
      () => `count(${this.#list(depth - 1)}, {# ${this.#pick("==", "!=")} ${this.#text(0)}})`
    )
  }

  /** Without predicates, which CrowdSec 1.4 sometimes forgets where it compares with a range. */
  #plainInt(depth: number): string {
    if (depth <= 0) return this.#number(0, 5)
    return this.#one(
      () => `len(${this.#pick("evt.Meta.a", "evt.Parsed.a", "evt.Line.Labels.type")})`,
      () => `(${this.#plainInt(depth - 1)} ${this.#pick("+", "-", "*")} ${this.#plainInt(depth - 1)})`
    )
  }

  #quantity(depth: number): string {
    return this.#one(
      () => this.#int(depth),
      () => `Atof(${this.#text(depth - 1)})`,
      () => `(Atof(${this.#text(0)}) / ${this.#number(1, 4)})`,
      () => this.#pick("1.5", "0.5", "2.0")
    )
  }

  #list(depth: number): string {
    if (depth <= 0) return `[${Array.from({ length: this.#random.integer(1, 4) }, () => this.#text(0)).join(", ")}]`
    return this.#one(
      () => `[${Array.from({ length: this.#random.integer(1, 3) }, () => this.#text(depth - 1)).join(", ")}]`,
      () => `filter(${this.#list(depth - 1)}, {# ${this.#pick("!=", "==")} ${this.#text(0)}})`,
      () => `map(${this.#list(depth - 1)}, {Upper(#)})`,
      () => "File('texts.txt')"
    )
  }

  truth(depth: number): string {
    if (depth <= 0) return this.#pick("true", "false", `${this.#text(0)} ${this.#pick("==", "!=")} ${this.#text(0)}`)
    const text = () => this.#text(depth - 1)
    const list = () => this.#list(depth - 1)
    const inner = () => this.truth(depth - 1)
    const compares = () => this.#pick("==", "!=", "<", ">", "<=", ">=")
    return this.#one(
      () => `${text()} ${compares()} ${text()}`,
      () => `${text()} ${this.#pick("contains", "startsWith", "endsWith")} ${text()}`,
      () => `${text()} matches ${quoted(this.#random.pick(patterns))}`,
      () => `${text()} ${this.#pick("in", "not in")} ${list()}`,
      () => `${this.#quantity(depth)} ${compares()} ${this.#quantity(depth)}`,
      () => `${this.#plainInt(depth)} in ${this.#number(0, 2)}..${this.#number(2, 6)}`,
      () => `${this.#pick("not ", "!")}(${inner()})`,
      () => `(${inner()}) ${this.#pick("and", "or", "&&", "||")} (${inner()})`,
      () => `${inner()} ${this.#pick("and", "or", "&&", "||")} ${inner()}`,
      () => {
        const predicate = `{# ${this.#pick("==", "contains", "startsWith")} ${this.#text(0)}}`
        return `${this.#pick("any", "all", "none", "one")}(${list()}, ${predicate})`
      },
      () => `IpInRange(${text()}, ${this.#pick("'10.0.0.0/8'", "'::/0'", "'192.168.1.0/24'", "'x'")})`,
      () => `IsIPV6(${text()})`,
      () => `${this.#pick("'a'", "'b'", "'nothing'")} in evt.Meta`,
      () => `RegexpInFile(${text()}, 'patterns.txt')`,
      () => `ParseUri(${text()})[${this.#pick("'q'", "'r'", "'nothing'")}] != nil`,
      () => `len(ParseUri(${text()})) > ${this.#number(0, 2)}`,
      () => `JsonExtractSlice(evt.Parsed.c, ${this.#pick("'b.c'", "'b'", "'a'")}) ${this.#pick("!=", "==")} nil`
    )
  }
}

export const comparedExpressions = (random: Random, count: number): ReadonlyArray<string> => {
  const expressions = new Expressions(random)
  return Array.from({ length: count }, () => expressions.truth(random.integer(1, 3)))
}

/** The address of a line, by which its alerts are known. */
export const addressOf = (line: number): string => `10.9.0.${line}`

export const comparedLines = (random: Random, count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, line) => {
    const fields = [addressOf(line), random.pick(plainTexts), random.pick(texts), random.pick(json)]
    return `2026-03-02T09:00:${String(line).padStart(2, "0")}Z|${fields.join("|")}`
  })

export const comparedType = "compared"

const parser = `
name: compared/fields
filter: "evt.Line.Labels.type == '${comparedType}'"
onsuccess: next_stage
grok:
  pattern: '^%{DATA:time}\\|%{DATA:ip}\\|%{DATA:a}\\|%{DATA:b}\\|%{GREEDYDATA:c}$'
  apply_on: Line.Raw
statics:
  - target: evt.StrTime
    expression: evt.Parsed.time
  - meta: source_ip
    expression: evt.Parsed.ip
  - meta: a
    expression: evt.Parsed.a
  - meta: b
    expression: evt.Parsed.b
  - meta: c
    expression: evt.Parsed.c
`

const dates = `
name: compared/dates
filter: "evt.StrTime != ''"
statics:
  - method: ParseDate
    expression: evt.StrTime
  - target: MarshaledTime
    expression: evt.Enriched.MarshaledTime
`

const scenario = (expression: string, number: number): string => `
type: trigger
name: compared/${number}
description: one of many
filter: ${JSON.stringify(expression)}
groupby: evt.Meta.source_ip
labels:
  remediation: true
data:
  - {source_url: "https://example.org/texts.txt", dest_file: texts.txt, type: string}
  - {source_url: "https://example.org/patterns.txt", dest_file: patterns.txt, type: regexp}
`

/** The rules, as a loader gives them; each scenario is called by the number of its expression. */
export const comparedRules = (expressions: ReadonlyArray<string>): ReadonlyArray<RuleFile> => {
  const file = (kind: RuleFile["kind"], path: string, text: string): RuleFile => ({
    kind,
    path,
    file: path,
    version: "?",
    content: new TextEncoder().encode(text)
  })
  return [
    file("data", "texts.txt", "a\nGET\n\n12\n"),
    file("data", "patterns.txt", "^a+$\n\\d{2}\n(?i)INDEX\n"),
    file("parsers", "parsers/s00-raw/compared/fields.yaml", parser),
    file("parsers", "parsers/s02-enrich/compared/dates.yaml", dates),
    ...expressions.map((expression, number) =>
      file("scenarios", `scenarios/compared/${number}.yaml`, scenario(expression, number))
    )
  ]
}
