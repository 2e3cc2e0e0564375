/**
 * A hub test as people write it: a folder with `config.yaml`, a log, and what the parsers and
 * scenarios must make of it in `parser.assert` and `scenario.assert`.
 */
import { readdir, realpath } from "node:fs/promises"
import { basename, dirname, isAbsolute, join } from "node:path"
import { parse, YAMLError } from "yaml"
import { byteOrder } from "../../domain/text/byte-order.ts"
import type { Problem } from "../../domain/rules/problem.ts"
import { isInside, readBounded } from "../hub/folder.ts"
import { isMissing, reason } from "../hub/hub-error.ts"

/** Rules that a test loads; nothing else is loaded with them. */
export const testedKinds = ["parsers", "scenarios", "postoverflows"] as const
export type TestedKind = (typeof testedKinds)[number]

export interface TestConfiguration {
  /** Names of hub items, or paths of files. */
  readonly items: Readonly<Record<TestedKind, ReadonlyArray<string>>>
  /** As seen from the test's folder. */
  readonly logFile: string
  /** Label `type` among them. */
  readonly labels: Readonly<Record<string, string>>
  readonly ignoreParsers: boolean
  /** Statics as written; they are what a parser before all others does. */
  readonly overrideStatics: ReadonlyArray<unknown>
}

/**
 * The public hub's largest has 500 bytes. What the YAML library makes of nested or many keys costs far more than that.
 */
const configurationBytes = 64 * 1024

/** One of them makes a folder a test: one that has lost its `config.yaml` must not go unnoticed. */
const marks: ReadonlySet<string> = new Set(["config.yaml", "config.yml", "parser.assert", "scenario.assert"])

/** Names of the folders of tests, in byte order. Rejects when the folder cannot be read. */
export const findTests = async (tests: string): Promise<ReadonlyArray<string>> => {
  const entries = await readdir(tests)
  const found = await Promise.all(entries.map(async (name) => ((await isTest(join(tests, name))) ? [name] : [])))
  return found.flat().sort(byteOrder)
}

const isTest = async (folder: string): Promise<boolean> =>
  (await readdir(folder).catch((): ReadonlyArray<string> => [])).some((file) => marks.has(file))

/** What was meant by a folder without tests, for people: it may be a test itself, or a hub with its tests below. */
export const meantBy = async (folder: string): Promise<string> => {
  if (await isTest(folder))
    return ` This one is a test itself: call it with --tests ${dirname(folder)} ${basename(folder)}`
  const below = join(folder, ".tests")
  return (await findTests(below).catch((): ReadonlyArray<string> => [])).length > 0 ? ` Did you mean ${below}?` : ""
}

/** A path that a test names, as seen from the folder. */
export const seenFrom = (folder: string, path: string): string => (isAbsolute(path) ? path : join(folder, path))

/**
 * Fails when a file that a test names does not lie in one of these folders, wherever its links lead: tests come from
 * strangers as rules do, and what a test reads it shows.
 */
export const staysWithin = async (file: string, folders: ReadonlyArray<string>): Promise<void> => {
  const real = await realpath(file)
  for (const folder of folders) if (isInside(await realpath(folder), real)) return
  throw new Error("it lies outside the folder of the tests")
}

/** Reads `config.yaml`. Keys that nobody knows are let pass, as in CrowdSec; a value of the wrong kind is a problem. */
export const readConfiguration = async (
  folder: string
): Promise<{ readonly configuration: TestConfiguration } | { readonly problem: Problem }> => {
  const file = join(folder, "config.yaml")
  const wrong = (message: string, key?: string): { readonly problem: Problem } => ({
    problem: { code: "TST-HUBTEST-CONFIG", severity: "error", file, ...(key === undefined ? {} : { key }), message }
  })
  let document: unknown
  try {
    await staysWithin(file, [dirname(folder)])
    document = parse(new TextDecoder().decode(await readBounded(file, configurationBytes)), { logLevel: "error" })
  } catch (cause) {
    if (isMissing(cause)) return wrong("is missing; it names the rules and the log of the test")
    if (!(cause instanceof YAMLError)) return wrong(`cannot be read: ${reason(cause)}`)
    const why = cause.code === "RESOURCE_EXHAUSTION" ? "it is nested too deeply" : cause.message.split("\n")[0]
    return wrong(`is not YAML: ${why}`)
  }
  if (typeof document !== "object" || document === null || Array.isArray(document))
    return wrong("must hold keys such as `parsers`, `log_file` and `log_type`")
  const values = new Map<string, unknown>(Object.entries(document))
  for (const key of ["log_file", "log_type"]) {
    if (textOf(values.get(key)) === undefined) return wrong(`\`${key}\` is missing or no text; a test needs one`, key)
  }
  for (const key of [...testedKinds, "override_statics"]) {
    if (!Array.isArray(values.get(key) ?? [])) return wrong(`\`${key}\` must be a list`, key)
  }
  const labels = values.get("labels") ?? {}
  if (typeof labels !== "object" || Array.isArray(labels))
    return wrong("`labels` must hold names with their values", "labels")
  const list = (key: string): ReadonlyArray<unknown> => (values.get(key) ?? []) as ReadonlyArray<unknown>
  const names = (kind: TestedKind): ReadonlyArray<string> =>
    list(kind).flatMap((name) => (name === "" || name === null ? [] : (textOf(name) ?? JSON.stringify(name))))
  const texts = Object.entries(labels).map(([name, value]) => [name, textOf(value) ?? ""] as const)
  return {
    configuration: {
      items: { parsers: names("parsers"), scenarios: names("scenarios"), postoverflows: names("postoverflows") },
      logFile: textOf(values.get("log_file"))!,
      labels: Object.fromEntries([...texts, ["type", textOf(values.get("log_type"))!]]),
      ignoreParsers: /^(?:true|yes|y|on)$/i.test(textOf(values.get("ignore_parsers")) ?? ""),
      overrideStatics: list("override_statics")
    }
  }
}

/** As Go's YAML reads a scalar where a text is asked for. */
const textOf = (value: unknown): string | undefined =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : undefined
