/** A rule file as people write it, read into typed rules. */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex } from "@noble/hashes/utils.js"
import { collectionRule } from "./collection-rule.ts"
import type { CollectionRule } from "./collection-rule.ts"
import { contextRule } from "./context-rule.ts"
import { readDocuments } from "../document/document.ts"
import type { Document } from "../document/document.ts"
import { nodeRule } from "./node-rule.ts"
import type { Problem } from "../document/problem.ts"
import { profileRule } from "./profile-rule.ts"
import { readDocument } from "../document/reader.ts"
import { openReport } from "../document/report.ts"
import type { Report } from "../document/report.ts"
import type { Origin, Rule, RuleFile } from "./rule.ts"
import { ruleCodes } from "./rule-code.ts"
import { scenarioRule } from "./scenario-rule.ts"

export interface RulesOfFile {
  /** In the order of the file. */
  readonly rules: ReadonlyArray<Rule>
  readonly problems: ReadonlyArray<Problem>
}

const hashes = new WeakMap<RuleFile, string>()

/** SHA-256 of the file's content, lower-case hexadecimal. */
export const contentHash = (file: RuleFile): string => {
  const known = file.hash ?? hashes.get(file)
  if (known !== undefined) return known
  const hash = bytesToHex(sha256(file.content))
  hashes.set(file, hash)
  return hash
}

const results = new WeakMap<RuleFile, RulesOfFile>()

/**
 * The rules of a file. A document that has an error is left out and the error named; the others stay. Never throws,
 * whatever the bytes. Files of patterns and data hold no rules. The same file object is read once only: the loader
 * looks for its data files, the engine compiles it.
 */
export const readRules = (file: RuleFile): RulesOfFile => {
  const known = results.get(file)
  if (known !== undefined) return known
  const result = read(file)
  results.set(file, result)
  return result
}

const read = (file: RuleFile): RulesOfFile => {
  if (file.kind === "patterns" || file.kind === "data") return { rules: [], problems: [] }
  const report = openReport(file.file, ruleCodes)
  const rules: Rule[] = []
  const stage = file.kind === "parsers" || file.kind === "postoverflows" ? stageOf(file) : ""
  if (stage === undefined) {
    const message = `lies in no stage's folder; move it to one, such as \`${file.kind}/s01-parse/me/my-rule.yaml\``
    report.error(ruleCodes.noStage, undefined, message)
    return { rules, problems: report.problems }
  }
  const documents = readDocuments(file.content, report)
  for (const document of documents) {
    const rule = ruleOf(file, stage, document, report)
    if (rule !== undefined) rules.push(rule)
  }
  if (documents.length === 0 && report.problems.length === 0) {
    report.warning(ruleCodes.empty, undefined, "holds no rule; write one or remove the file")
  }
  return { rules, problems: report.problems }
}

const ruleOf = (file: RuleFile, stage: string, document: Document, report: Report): Rule | undefined => {
  const origin = (version: string | undefined): Origin => ({
    path: file.path,
    file: file.file,
    document: document.index,
    hash: contentHash(file),
    version: file.version === "?" ? (version ?? "?") : file.version
  })
  switch (file.kind) {
    case "parsers":
    case "postoverflows": {
      const node = readDocument(document, nodeRule, report)
      return node && { kind: file.kind, origin: origin(undefined), stage, node }
    }
    case "scenarios": {
      const scenario = readDocument(document, scenarioRule, report)
      if (scenario === undefined) return undefined
      const { version, ...rest } = scenario
      return { kind: "scenarios", origin: origin(version), ...rest }
    }
    case "contexts": {
      const context = readDocument(document, contextRule, report)
      return context && { kind: "contexts", origin: origin(undefined), ...context }
    }
    case "profiles": {
      const profile = readDocument(document, profileRule, report)
      return profile && { kind: "profiles", origin: origin(undefined), ...profile }
    }
    default:
      return undefined
  }
}

/** `parsers/s01-parse/…/x.yaml` → `s01-parse`; undefined when there is no folder between the two. */
const stageOf = (file: RuleFile): string | undefined => {
  const [, stage, name] = file.path.split("/")
  return name === undefined ? undefined : stage
}

export interface CollectionsOfFile {
  readonly collections: ReadonlyArray<CollectionRule>
  readonly problems: ReadonlyArray<Problem>
}

/** The collections of a file below `collections/`; `file` is its path as the person knows it. */
export const readCollections = (file: string, content: Uint8Array): CollectionsOfFile => {
  const report = openReport(file, ruleCodes)
  const collections: CollectionRule[] = []
  for (const document of readDocuments(content, report)) {
    const collection = readDocument(document, collectionRule, report)
    if (collection !== undefined) collections.push(collection)
  }
  return { collections, problems: report.problems }
}
