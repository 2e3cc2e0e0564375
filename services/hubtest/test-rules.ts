/** The rules that a hub test loads, and where they are found. */
import { stat } from "node:fs/promises"
import { basename, dirname, join, normalize } from "node:path"
import { stringify } from "yaml"
import type { Problem } from "../../domain/document/problem.ts"
import { quote } from "../../domain/document/report.ts"
import type { RuleFile } from "../../domain/rules/rule.ts"
import { readRules } from "../../domain/rules/rule-file.ts"
import { suggestion } from "../../domain/text/suggestion.ts"
import { readData } from "../hub/data.ts"
import { readBounded } from "../hub/folder.ts"
import { reason } from "../file-failure.ts"
import { type Items, ruleBytes } from "../hub/item.ts"
import { readPatterns } from "../hub/patterns.ts"
import { type TestConfiguration, type TestedKind, testedKinds } from "./test-configuration.ts"
import { seenFrom, staysWithin } from "./test-folder.ts"

/** Where things are found. */
export interface TestPlaces {
  readonly hub: string
  readonly items: Items
  /** The folder of test folders. */
  readonly tests: string
  readonly data: string | undefined
  /** Folders of grok patterns, besides that of the hub. */
  readonly patterns: ReadonlyArray<string>
}

/** The files of the rules, and of the data that they need; a missing one is an error. */
export const rulesOf = async (
  places: TestPlaces,
  folder: string,
  configuration: TestConfiguration
): Promise<{ readonly files: ReadonlyArray<RuleFile>; readonly problems: ReadonlyArray<Problem> }> => {
  const problems: Array<Problem> = []
  // A file that is named twice, as an item and by its path, counts once.
  const rules = new Map<string, RuleFile>()
  const named = testedKinds.flatMap((kind) => configuration.items[kind].map((name) => [kind, name] as const))
  for (const [kind, name] of named) {
    const file = await ruleFile(places, folder, kind, name)
    if (typeof file === "string") {
      problems.push({
        code: "TST-HUBTEST-ITEM",
        severity: "error",
        file: join(folder, "config.yaml"),
        key: kind,
        message: file
      })
    } else rules.set(file.file, file)
  }
  if (configuration.overrideStatics.length > 0) {
    const overrides = overridesFile(folder, configuration.overrideStatics)
    rules.set(overrides.file, overrides)
  }
  const missing: Array<Problem> = []
  const entries = [...rules.values()].flatMap((file) => readRules(file).rules)
  const data = await readData(entries, places.hub, places.data, missing)
  // A node that runs goes on without it; a test without it would prove nothing.
  problems.push(...missing.map((problem) => ({ ...problem, severity: "error" as const })))
  const patterns = await readPatterns(places.hub, places.patterns, problems)
  return { files: [...patterns, ...rules.values(), ...data], problems }
}

/** The file of an item, or what is wrong. */
const ruleFile = async (
  places: TestPlaces,
  folder: string,
  kind: TestedKind,
  name: string
): Promise<RuleFile | string> => {
  if (/\.ya?ml$/.test(name)) return customFile(places, folder, kind, name)
  const item = await places.items.find(kind, name)
  if (item !== undefined) {
    const file = await places.items.read(item)
    return file === undefined ? `the file of ${quote(name)}, ${item.file}, cannot be read` : (file as RuleFile)
  }
  const near = suggestion(name, places.items.names(kind))
  return `the hub has no ${kind.slice(0, -1)} ${quote(name)}${near === undefined ? "" : `; did you mean ${quote(near)}?`}`
}

/** A file by its path. */
const customFile = async (
  { hub, tests }: TestPlaces,
  folder: string,
  kind: TestedKind,
  name: string
): Promise<RuleFile | string> => {
  const path = normalize(name)
  const places = path.startsWith(".tests/")
    ? [join(tests, path.slice(".tests/".length))]
    : [...new Set([seenFrom(hub, path), seenFrom(folder, path)])]
  for (const file of places) {
    const found = await stat(file).catch(() => undefined)
    if (found === undefined) continue
    try {
      await staysWithin(file, [hub, tests])
      const content = await readBounded(file, ruleBytes)
      const within = placeOf(kind, file, `custom/${path.replaceAll("../", "")}`)
      return { kind, path: within, file, version: "?", content }
    } catch (cause) {
      return `${file} cannot be read: ${reason(cause)}`
    }
  }
  return `there is no file ${quote(name)}; looked for ${places.join(" and ")}`
}

/**
 * The stage of a parser is the folder two above it, as in CrowdSec, when that is one as the hub has them. A parser
 * elsewhere gets a place in no stage's folder, for which the reader of rules refuses it.
 */
const placeOf = (kind: TestedKind, file: string, path: string): string => {
  if (kind === "scenarios") return `${kind}/${path}`
  const folder = dirname(dirname(file))
  const stage = basename(folder)
  const isStage = /^s\d\d-/.test(stage) || basename(dirname(folder)) === kind
  return `${kind}/${isStage ? `${stage}/${path}` : basename(path)}`
}

/** How messages call the parser that is made of `override_statics`. */
export const overridesIn = (folder: string): string => `${join(folder, "config.yaml")} (override_statics)`

const overridesFile = (folder: string, statics: ReadonlyArray<unknown>): RuleFile => ({
  kind: "parsers",
  path: "parsers/s00-raw/test/00_overrides.yaml",
  file: overridesIn(folder),
  version: "?",
  content: new TextEncoder().encode(stringify({ name: "overrides", filter: "1==1", statics }))
})
