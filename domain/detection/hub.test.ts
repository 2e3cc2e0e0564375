/** The hub's own tests (spec detection.md §6), run on this engine. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { type CityResponse, type AsnResponse, Reader, type Response } from "maxmind"
import { describe, expect, test } from "vitest"
import { parse as parseYaml, stringify } from "yaml"
import { parserAssertionEnvironment, scenarioAssertionEnvironment } from "../expression/environment/assertion.ts"
import { compileExpression } from "../expression/expression.ts"
import { Float } from "../expression/float.ts"
import { formatPrefix, parsePrefix } from "../net/prefix.ts"
import type { RuleFile } from "../rules/rule.ts"
import { readRules } from "../rules/rule-file.ts"
import { batchOf } from "./recorded.fixture.ts"
import { type GeoLookup, makeEngine } from "./engine.ts"
import { PipelineEvent } from "./pipeline-event.ts"
import { compileRuleset } from "./ruleset.ts"

const hub = "../shared/hub"
const tests = join(hub, ".tests")
const dataFolder = "../shared/hub-data"

/** The hub's tests want a clock in 2026. */
const now = "2026-12-31T23:59:59Z"

/** Assertions that need not hold, by test. */
const tolerated: ReadonlyMap<string, RegExp> = new Map([
  // Upstream does not count a false `in` line, and this test has one.
  ["postfix-honeypot-users", / in results\[/]
])

interface Configuration {
  readonly parsers?: ReadonlyArray<string>
  readonly scenarios?: ReadonlyArray<string>
  readonly postoverflows?: ReadonlyArray<string>
  readonly log_file: string
  readonly log_type: string
  readonly labels?: Record<string, string> | null
  readonly ignore_parsers?: boolean
  readonly override_statics?: ReadonlyArray<unknown> | null
}

type Kind = "parsers" | "scenarios" | "postoverflows"

const walk = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))

const items = {
  parsers: walk(join(hub, "parsers")),
  scenarios: walk(join(hub, "scenarios")),
  postoverflows: walk(join(hub, "postoverflows"))
}

const find = (kind: Kind, name: string, folder: string): { readonly path: string; readonly file: string } => {
  if (/\.ya?ml$/.test(name)) {
    const places = name.startsWith("./.tests/")
      ? [join(tests, name.slice("./.tests/".length))]
      : [join(hub, name), join(folder, name)]
    const file = places.find(existsSync)
    if (file === undefined) throw new Error(`no file ${name}`)
    const stage = basename(dirname(dirname(file)))
    return {
      path: kind === "scenarios" ? `scenarios/${basename(file)}` : `${kind}/${stage}/custom/${basename(file)}`,
      file
    }
  }
  const file = items[kind].find((path) => path.replace(/\.ya?ml$/, "").endsWith(`/${name}`))
  if (file === undefined) throw new Error(`no ${kind} item ${name}`)
  return { path: file.slice(hub.length + 1), file }
}

const dataFiles = (rules: ReadonlyArray<RuleFile>): ReadonlyArray<RuleFile> => {
  const found = new Map<string, RuleFile>()
  const collect = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) collect(item)
    else if (typeof value === "object" && value !== null) {
      const { sourceUrl, destFile } = value as { sourceUrl?: unknown; destFile?: unknown }
      if (typeof sourceUrl === "string" && typeof destFile === "string") {
        const places = [join(dataFolder, sourceUrl.replace(/^https?:\/\/[^/]+\//, "")), join(dataFolder, destFile)]
        const file = places.find(existsSync)
        if (file !== undefined)
          found.set(destFile, { kind: "data", path: destFile, file, version: "?", content: readFileSync(file) })
      }
      for (const item of Object.values(value)) collect(item)
    }
  }
  for (const file of rules) collect(readRules(file).rules)
  return [...found.values()]
}

/** The databases that the rules of a test declare: two tests bring a parser with others. */
const geoOf = (files: ReadonlyArray<RuleFile>): GeoLookup => {
  const open = <A extends Response>(kind: string) => {
    const file = files.find(({ path }) => path.includes(kind) && path.endsWith(".mmdb"))
    return file && new Reader<A>(Buffer.from(file.content))
  }
  const cities = open<CityResponse>("City")
  const networks = open<AsnResponse>("ASN")
  return {
    ...(cities && {
      city: (address) => {
        const found = cities.get(address)
        if (found === null) return undefined
        const country = found.country ?? found.registered_country
        return {
          country: country?.iso_code ?? "",
          inEuropeanUnion: (country as { is_in_european_union?: boolean } | undefined)?.is_in_european_union ?? false,
          latitude: found.location?.latitude ?? 0,
          longitude: found.location?.longitude ?? 0
        }
      }
    }),
    ...(networks && {
      network: (address) => {
        const [found, length] = networks.getWithPrefixLength(address)
        if (found === null) return undefined
        return {
          number: found.autonomous_system_number,
          organization: found.autonomous_system_organization,
          range: formatPrefix(parsePrefix(`${address}/${length}`)!)
        }
      }
    })
  }
}

/** As the event looks after a way through YAML: whole floats are ints, nothing is shared. */
const copyOf = (event: PipelineEvent): PipelineEvent => {
  const plain = (value: unknown): unknown => {
    if (value instanceof Float) return Number.isInteger(value.value) ? value.value : value
    if (Array.isArray(value)) return value.map(plain)
    if (value instanceof Map) return new Map(Array.from(value, ([key, item]) => [key, plain(item)]))
    return value
  }
  return Object.assign(Object.create(PipelineEvent.prototype), event, {
    Parsed: new Map(event.Parsed),
    Meta: new Map(event.Meta),
    Enriched: new Map(event.Enriched),
    Unmarshaled: plain(event.Unmarshaled)
  })
}

const run = (name: string) => {
  const folder = join(tests, name)
  const configuration = parseYaml(readFileSync(join(folder, "config.yaml"), "utf8")) as Configuration
  const files = (["parsers", "scenarios", "postoverflows"] as const).flatMap((kind) =>
    (configuration[kind] ?? [])
      .filter((item) => item !== "")
      .map((item): RuleFile => {
        const { path, file } = find(kind, item, folder)
        return { kind, path, file, version: "?", content: readFileSync(file) }
      })
  )
  const statics = configuration.override_statics ?? []
  if (statics.length > 0) {
    const text = stringify({ name: "overrides", filter: "1==1", statics })
    files.push({
      kind: "parsers",
      path: "parsers/s00-raw/test/00_overrides.yaml",
      file: "overrides",
      version: "?",
      content: new TextEncoder().encode(text)
    })
  }
  const data = dataFiles(files)
  const { ruleset, problems } = compileRuleset([...files, ...data], { names: "off" })
  const parsed = new Map<string, Map<string, Array<{ Idx: number; Evt: PipelineEvent; Success: boolean }>>>([
    ["success", new Map([["", []]])]
  ])
  const overflows: Array<PipelineEvent> = []
  const engine = makeEngine(ruleset, {
    geo: geoOf(data),
    watch: {
      node: (stage, node, event, success) => {
        const nodes = parsed.get(stage) ?? new Map()
        parsed.set(stage, nodes)
        const results = nodes.get(node) ?? []
        nodes.set(node, results)
        results.push({ Idx: 0, Evt: copyOf(event), Success: success })
      },
      overflow: (event) => overflows.push(event)
    }
  })
  const lines = readFileSync(join(folder, configuration.log_file), "utf8")
    .split("\n")
    .map((line) => line.replace(/\r$/, ""))
  const labels = { ...configuration.labels, type: configuration.log_type }
  engine.pour(batchOf({ path: join(folder, configuration.log_file), labels, observedAt: now, time: "own" }), lines)
  const key = (event: PipelineEvent) => `${event.Overflow.Alert?.Scenario}${event.Overflow.GetSources().join("@")}`
  overflows.sort((left, right) => (key(left) === key(right) ? 0 : key(left) > key(right) ? -1 : 1))
  return { configuration, folder, problems, parsed, overflows }
}

const assertions = (file: string): ReadonlyArray<string> =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "")
        .map((line) => {
          const [, left, right] = /^(.*) == (.*)$/.exec(line) ?? []
          return line.includes("datasource_path") && !line.includes("basename(")
            ? `basename(${left}) == ${right}`
            : line
        })
    : []

const failures = (name: string): ReadonlyArray<string> => {
  const { configuration, folder, problems, parsed, overflows } = run(name)
  const failed: Array<string> = problems
    .filter(({ severity }) => severity === "error")
    .map((problem) => `${problem.file}, ${problem.line}: ${problem.message}`)
  const evaluate = (lines: ReadonlyArray<string>, environment: typeof parserAssertionEnvironment, scope: object) => {
    for (const line of lines) {
      try {
        if (compileExpression(line, { environment }).evaluate(scope) !== true) failed.push(line)
      } catch (error) {
        failed.push(`${line}: ${(error as Error).message}`)
      }
    }
  }
  if (configuration.ignore_parsers !== true)
    evaluate(assertions(join(folder, "parser.assert")), parserAssertionEnvironment, { results: parsed })
  evaluate(assertions(join(folder, "scenario.assert")), scenarioAssertionEnvironment, { results: overflows })
  return failed
}

const names = readdirSync(tests, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort()

describe("the hub's tests", () => {
  test("are there", () => expect(names.length).toBeGreaterThan(200))

  test.each(names)("%s", (name) => {
    expect(failures(name).filter((line) => !tolerated.get(name)?.test(line))).toEqual([])
  })
})
