/**
 * A hub test as people write it (spec detection.md §6.1): a folder with `config.yaml`, a log, and what the parsers and
 * scenarios must make of it in `parser.assert` and `scenario.assert`.
 */
import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { parse, YAMLError } from "yaml"
import { byteOrder } from "../../domain/text/byte-order.ts"
import type { Problem } from "../../domain/rules/problem.ts"
import { readBounded } from "../hub/folder.ts"
import { reason } from "../hub/hub-error.ts"

/** Rules that a test loads; nothing else is loaded with them. */
export const testedKinds = ["parsers", "scenarios", "postoverflows"] as const
export type TestedKind = (typeof testedKinds)[number]

export interface TestConfiguration {
  /** Names of hub items, or paths of files. */
  readonly items: Readonly<Record<TestedKind, ReadonlyArray<string>>>
  /** Within the test's folder. */
  readonly logFile: string
  /** Label `type` among them. */
  readonly labels: Readonly<Record<string, string>>
  readonly ignoreParsers: boolean
  /** Statics as written; they are what a parser before all others does. */
  readonly overrideStatics: ReadonlyArray<unknown>
}

const configurationBytes = 1024 * 1024

/** Names of the folders in which there is a `config.yaml`, in byte order. Rejects when the folder cannot be read. */
export const findTests = async (tests: string): Promise<ReadonlyArray<string>> => {
  const entries = await readdir(tests, { withFileTypes: true })
  const found = await Promise.all(
    entries.map(async ({ name }) => {
      const inside = await readdir(join(tests, name)).catch((): ReadonlyArray<string> => [])
      return inside.includes("config.yaml") ? [name] : []
    })
  )
  return found.flat().sort(byteOrder)
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
    document = parse(new TextDecoder().decode(await readBounded(file, configurationBytes)), { logLevel: "silent" })
  } catch (cause) {
    return wrong(
      cause instanceof YAMLError ? `is not YAML: ${cause.message.split("\n")[0]}` : `cannot be read: ${reason(cause)}`
    )
  }
  if (typeof document !== "object" || document === null || Array.isArray(document))
    return wrong("must hold keys such as `parsers`, `log_file` and `log_type`")
  const values = new Map<string, unknown>(Object.entries(document))
  for (const key of ["log_file", "log_type"]) {
    if (typeof values.get(key) !== "string") return wrong(`\`${key}\` is missing or no text; a test needs one`, key)
  }
  const lists = [...testedKinds, "override_statics"]
  for (const key of lists) {
    const value = values.get(key) ?? []
    if (!Array.isArray(value)) return wrong(`\`${key}\` must be a list`, key)
  }
  const labels = values.get("labels") ?? {}
  if (typeof labels !== "object" || Array.isArray(labels))
    return wrong("`labels` must hold names with their values", "labels")
  const names = (kind: TestedKind): ReadonlyArray<string> =>
    ((values.get(kind) ?? []) as ReadonlyArray<unknown>).map((name) => String(name ?? "")).filter((name) => name !== "")
  const texts = Object.entries(labels as object).map(([name, value]) => [name, String(value)] as const)
  return {
    configuration: {
      items: { parsers: names("parsers"), scenarios: names("scenarios"), postoverflows: names("postoverflows") },
      logFile: String(values.get("log_file")),
      labels: Object.fromEntries([...texts, ["type", String(values.get("log_type"))]]),
      ignoreParsers: values.get("ignore_parsers") === true,
      overrideStatics: (values.get("override_statics") ?? []) as ReadonlyArray<unknown>
    }
  }
}
