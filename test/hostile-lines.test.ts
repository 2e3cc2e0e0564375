/**
 * Attackers write the log lines. No line of any content may hold the engine for more than 50 ms of CPU: every pattern of
 * the hub and of the library, and the whole hub, are attacked with texts made from the patterns' own structure and from
 * real lines. `npm run attack` tries many more of them and takes some minutes; TESTUDO_ATTACK_SEED chooses others.
 */
import "../services/engine/linear-regex.ts"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Engine, makeEngine } from "../domain/detection/engine.ts"
import { compileRuleset } from "../domain/detection/ruleset.ts"
import { GrokHost } from "../domain/grok/host.ts"
import { PATTERN_LIBRARY } from "../domain/grok/library.ts"
import { compilePattern } from "../domain/grok/pattern.ts"
import { PatternError } from "../domain/grok/pattern-error.ts"
import { parsePattern } from "../domain/grok/pattern-parser.ts"
import type { Syntax } from "../domain/grok/syntax.ts"
import type { NodeRule, ParserRule, RuleFile } from "../domain/rules/rule.ts"
import { readRules } from "../domain/rules/rule-file.ts"
import { allowedMs, costOf, knownWork, linearEngineWork } from "../fixtures/cost.ts"
import { hostileLines, hostileMixes, hostileTexts } from "../fixtures/generators/hostile-text.ts"
import { Random } from "../fixtures/generators/random.ts"
import { fixtureBatch } from "../fixtures/detect.ts"
import { loadHub } from "../services/hub/hub.ts"

const many = process.env["TESTUDO_ATTACK"] === "full"
const seed = Number(process.env["TESTUDO_ATTACK_SEED"] ?? 1)
/** So many times the texts. */
const times = (few: number): number => (many ? few * 12 : few)

const hub = new URL("../../shared/hub", import.meta.url).pathname
const data = new URL("../../shared/hub-data", import.meta.url).pathname

/** Patterns see this much of a text, expressions this much of a line. */
const lengths = { pattern: 8_192, line: 65_536 }

interface Cost {
  readonly ms: number
  readonly of: string
  readonly shape: string
  readonly text: string
}

const costs: Array<Cost> = []

const attack = (of: string, shape: string, text: string, run: (text: string) => void): void => {
  const ms = costOf((round) => run(round === 0 ? text : `${text}${round}`))
  costs.push({ ms, of, shape, text: text.slice(0, 60) })
}

const tooDear = (from: number): ReadonlyArray<Cost> => costs.slice(from).filter(({ ms }) => ms > allowedMs)

afterAll(() => {
  const slowest = costs.toSorted((one, other) => other.ms - one.ms).slice(0, 10)
  const rows = slowest.map(
    ({ ms, of, shape, text }) => `${ms.toFixed(1).padStart(6)} ms  ${of}: ${shape}: ${JSON.stringify(text)}`
  )
  console.log([`The slowest of ${costs.length} hostile texts:`, ...rows].join("\n"))
})

interface Attacked {
  readonly name: string
  readonly syntax: Syntax
  readonly literals: ReadonlyArray<string>
  readonly match: (text: string) => void
}

interface AttackedParser {
  readonly file: string
  readonly groks: ReadonlyArray<Attacked>
  /** Programs, and so types of logs, that it reads. */
  readonly programs: ReadonlyArray<string>
}

const nodesOf = (node: NodeRule): ReadonlyArray<NodeRule> => [node, ...node.nodes.flatMap(nodesOf)]

const quoted = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/(["'])([\w.-]+)\1/g)].map(([, , word]) => word!)

const parsersOf = (files: ReadonlyArray<RuleFile>, host: GrokHost): ReadonlyArray<AttackedParser> =>
  files
    .flatMap((file) => (file.kind === "parsers" || file.kind === "postoverflows" ? readRules(file).rules : []))
    .filter((rule): rule is ParserRule => rule.kind === "parsers" || rule.kind === "postoverflows")
    .map(({ origin, node }) => ({
      file: basename(origin.path),
      programs: [...new Set(quoted(node.filter?.text ?? ""))].slice(0, 4),
      groks: nodesOf(node).flatMap(({ patternSyntax, grok }) => {
        for (const { name, pattern } of patternSyntax) host.define(name, pattern.text)
        if (grok === undefined) return []
        const { kind, text } = grok.pattern
        const compiled = host.compile(kind === "name" ? `%{${text.text}}` : text.text)
        const { syntax } = parsePattern(compiled.source)
        const name = `${basename(origin.path)}:${text.line}`
        return [{ name, syntax, literals: compiled.literals, match: (subject: string) => void compiled.match(subject) }]
      })
    }))

const ofSource = (name: string, source: string): Attacked => {
  const pattern = compilePattern(source)
  const match = (text: string) => {
    pattern.test(text)
    pattern.exec(text)
  }
  return { name, syntax: parsePattern(source).syntax, literals: pattern.literals, match }
}

/** The constants that expressions of the hub match against. */
const constantsOf = (file: RuleFile): ReadonlyArray<Attacked> =>
  [...new TextDecoder().decode(file.content).matchAll(/\bmatches\s+'((?:[^'\\]|\\.)*)'/g)].map(([, source]) =>
    ofSource(`${basename(file.path)}: matches`, source!.replaceAll("\\\\", "\\"))
  )

let files: ReadonlyArray<RuleFile>
let host: GrokHost
let parsers: ReadonlyArray<AttackedParser>
let engine: Engine

beforeAll(async () => {
  knownWork.push(linearEngineWork())
  ;({ files } = await Effect.runPromise(loadHub({ hub, data })))
  host = new GrokHost(PATTERN_LIBRARY)
  parsers = parsersOf(files, host)
  engine = makeEngine(compileRuleset(files, { names: "off" }).ruleset)
}, 300_000)

const timeout = many ? 3_600_000 : 600_000

describe("no text holds a pattern", () => {
  const attackAll = (patterns: ReadonlyArray<Attacked>, most: number): void => {
    const from = costs.length
    for (const [number, { name, syntax, match }] of patterns.entries())
      for (const { shape, text } of hostileTexts(syntax, new Random(seed).of(number), {
        length: lengths.pattern,
        most
      }))
        attack(name, shape, text, match)
    expect(costs.length - from).toBeGreaterThan(patterns.length)
    expect(tooDear(from)).toEqual([])
  }

  it("of the hub's parsers", { timeout }, () => {
    const groks = parsers.flatMap((parser) => parser.groks)
    expect(groks.length).toBeGreaterThan(280)
    attackAll(groks, times(12))
  })

  it("of the library", { timeout }, () => {
    const named = PATTERN_LIBRARY.map(([name]) => ofSource(`library ${name}`, host.compile(`%{${name}}`).source))
    attackAll(named, times(8))
  })

  it("of the hub's expressions", { timeout }, () => {
    const constants = files.flatMap((file) => (file.kind === "data" ? [] : constantsOf(file)))
    expect(constants.length).toBeGreaterThan(20)
    attackAll(constants, times(10))
  })

  it("of a list", { timeout }, () => {
    const lists = files.filter(({ kind, path }) => kind === "data" && /regex/.test(path))
    const sources = lists.flatMap(({ content }) =>
      new TextDecoder()
        .decode(content)
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("#"))
    )
    expect(sources.length).toBeGreaterThan(500)
    attackAll(
      sources.map((source) => ofSource(`list: ${source}`, source)),
      times(2)
    )
  })
})

/** Patterns of every kind that could be endlessly wide, at the greatest size that still loads. */
const widest = (kind: string, source: (size: number) => string): Attacked => {
  let size = 8_192
  for (; size > 1; size = Math.floor(size / 1.3)) {
    try {
      return ofSource(`${kind} (${size})`, source(size))
    } catch (error) {
      if (!(error instanceof PatternError)) throw error
      expect(error.code).toBe("TST-PATTERN-TOO-LARGE")
    }
  }
  throw new Error(`not even one of ${kind}`)
}

const words = (size: number): string =>
  Array.from({ length: size }, (_, n) => `${(n * 7_919).toString(36)}q?`).join("|")

describe("no text holds a pattern of a user's own rule, however wide it is", () => {
  it.each<[kind: string, source: (size: number) => string]>([
    ["columns", (size) => "(.*?),".repeat(size)],
    ["columns of one line of many", (size) => `(?m)^${"(.*?),".repeat(size)}$`],
    ["alternatives with loops", (size) => Array.from({ length: size }, (_, n) => `.*${n}`).join("|")],
    ["words", (size) => `(?:${words(size)}) x?`],
    ["words after a loop", (size) => `x.*y?.*(?:${words(size)}).*z?!`],
    ["optional parts", (size) => `${Array.from({ length: size }, (_, n) => `(?:<${n}>)?`).join("")}[yz]`],
    ["counted characters", (size) => `[a-z]{${Math.min(size, 1_000)}}!?[A-Z]`],
    ["short counted characters in a row", (size) => `${"[a-z]{9}".repeat(size)}[A-Z]`],
    ["counted characters of any kind", (size) => `.{${Math.min(size, 1_000)}}!?[A-Z]`],
    ["characters that may be missing", (size) => `(?s)\\S{2,${Math.min(size, 1_000)}}\\w!`],
    ["the same behind a word", (size) => `select.{0,${Math.min(size, 1_000)}}\\bfrom`],
    ["large sets in a row", (size) => `\\pL{1,${Math.min(size, 1_000)}}!`],
    ["counted groups", (size) => `(?:[a-z]-|b){${Math.min(size, 1_000)}}[A-Z]`],
    ["counted groups of loops", (size) => `^(?:\\w*.*\\S){0,${Math.min(size, 30)}}[A-Z]?$`],
    ["counted groups of one loop", (size) => `(?:[^,]*,){0,${Math.min(size, 60)}}[A-Z]`],
    ["counted captures", (size) => `(?:(a)|(b)){${Math.min(size, 1_000)}}[A-Z]`],
    ["captures in a loop", (size) => `(?:${Array.from({ length: size }, (_, n) => `(x${n}?)`).join("|")})*[A-Z]`],
    ["loops in each other", (size) => `${"(?:".repeat(Math.min(size, 400))}a${")*".repeat(Math.min(size, 400))}[A-Z]`],
    ["captured loops", (size) => `${"(".repeat(Math.min(size, 400))}a${")*".repeat(Math.min(size, 400))}[A-Z]`],
    ["large sets", (size) => "\\pL\\PN?".repeat(size)]
  ])("%s", { timeout }, (kind, source) => {
    const from = costs.length
    const { name, syntax, match } = widest(kind, source)
    const texts = hostileTexts(syntax, new Random(seed + 4), { length: lengths.pattern, most: times(4) })
    for (const { shape, text } of texts) attack(name, shape, text, match)
    expect(tooDear(from)).toEqual([])
  })
})

describe("no line holds the whole hub", () => {
  let batches = 0
  const pour = (of: string, type: string, shape: string, text: string): void =>
    attack(of, `${shape}, as ${type}`, text, (line) => {
      engine.pour(fixtureBatch(type, batches++), [line])
    })

  const asSyslog = (program: string, text: string): string => `Mar  2 09:00:00 gate ${program}[811]: ${text}`

  it("made of what a parser looks for", { timeout }, () => {
    const from = costs.length
    for (const [number, { file, groks, programs }] of parsers.entries()) {
      if (groks.length === 0) continue
      const random = new Random(seed + 1).of(number)
      const options = { length: lengths.pattern, most: times(2) }
      const texts = [
        ...hostileMixes(groks, random, options),
        ...hostileTexts(random.pick(groks).syntax, random, options)
      ]
      for (const { shape, text } of texts) {
        for (const program of programs) {
          pour(file, program, shape, text)
          pour(file, "syslog", shape, asSyslog(program, text))
        }
        if (programs.length === 0) pour(file, "syslog", shape, text)
      }
    }
    expect(costs.length - from).toBeGreaterThan(1_000)
    expect(tooDear(from)).toEqual([])
    expect(engine.counters.faults).toBe(0)
  })

  it("made of a real line", { timeout }, () => {
    const from = costs.length
    const folder = join(hub, ".tests")
    for (const [number, name] of readdirSync(folder).sort().entries()) {
      const config = join(folder, name, "config.yaml")
      const text = existsSync(config) ? readFileSync(config, "utf8") : ""
      const log = /^log_file:\s*(\S+)/m.exec(text)?.[1]
      const type = /^log_type:\s*(\S+)/m.exec(text)?.[1]
      if (log === undefined || type === undefined || !existsSync(join(folder, name, log))) continue
      const lines = readFileSync(join(folder, name, log), "utf8")
        .split("\n")
        .filter(Boolean)
      const random = new Random(seed + 2).of(number)
      for (const line of random.sample(lines, many ? 8 : 1))
        for (const length of [lengths.pattern, lengths.line])
          for (const { shape, text } of hostileLines(line, random, { length, most: times(2) }))
            pour(name, type, shape, text)
    }
    expect(costs.length - from).toBeGreaterThan(600)
    expect(tooDear(from)).toEqual([])
    expect(engine.counters.faults).toBe(0)
  })

  it("made of what the hub's lists name", { timeout }, () => {
    const from = costs.length
    const lists = files.filter(({ kind, path }) => kind === "data" && /\.(txt|json)$/.test(path))
    const entries = lists.flatMap(({ content }) => new TextDecoder().decode(content).split("\n"))
    const random = new Random(seed + 3)
    const guises: ReadonlyArray<(text: string) => string> = [
      (text) => text,
      (text) => text.toUpperCase(),
      (text) => `\u017f${text}`,
      (text) => text.replaceAll("s", "\u017f").replaceAll("k", "\u212a"),
      (text) => encodeURIComponent(text)
    ]
    for (let number = 0; number < times(30); number++) {
      const long = (length: number): string => {
        let text = ""
        while (text.length < length)
          text += random
            .pick(entries)
            .replaceAll(/["\\\s]/g, "")
            .slice(0, 60)
        return random.pick(guises)(text).slice(0, length)
      }
      const [path, referer, agent] = random.sample([7_000, 60_000, 3_000, 200, 10], 3).map(long)
      const line = `203.0.113.7 - - [02/Mar/2026:09:00:00 +0000] "GET /${path} HTTP/1.1" 404 12 "${referer}" "${agent}"`
      pour("lists", "nginx", "entries of all lists in path, referer and agent", line)
    }
    expect(tooDear(from)).toEqual([])
    expect(engine.counters.faults).toBe(0)
  })
})
