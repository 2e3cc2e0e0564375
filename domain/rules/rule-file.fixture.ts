/** Rule files for tests. */
import { formatProblem } from "../document/problem.ts"
import type { RuleFile } from "./rule.ts"
import { readRules } from "./rule-file.ts"

export const file = (kind: RuleFile["kind"], content: string | Uint8Array, version = "?"): RuleFile => ({
  kind,
  path: { parsers: "parsers/s01-parse/me/x.yaml", scenarios: "scenarios/me/x.yaml" }[kind as string] ?? "x.yaml",
  file: "x.yaml",
  version,
  content: typeof content === "string" ? new TextEncoder().encode(content) : content
})

export const read = (kind: RuleFile["kind"], content: string, version?: string) =>
  readRules(file(kind, content, version))

/** What a person is told about the file. */
export const told = (kind: RuleFile["kind"], content: string) => read(kind, content).problems.map(formatProblem)
