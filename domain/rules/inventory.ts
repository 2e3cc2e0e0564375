/** All files that judge together: in which order they count, what the log tells of each, and the hash of them all. */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js"
import type { RulesetItem } from "../events/ruleset.ts"
import { byteOrder } from "../text/byte-order.ts"
import type { RuleFile } from "./rule.ts"
import { contentHash } from "./rule-file.ts"

const kinds: ReadonlyArray<RuleFile["kind"]> = [
  "patterns",
  "data",
  "parsers",
  "postoverflows",
  "scenarios",
  "contexts",
  "profiles"
]

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1)

/** Parsers run by stage, then by the name of their file, whoever its author is. */
const byStageAndName = (left: RuleFile, right: RuleFile): number => {
  const stage = (file: RuleFile): string => file.path.split("/")[1] ?? ""
  return (
    byteOrder(stage(left), stage(right)) ||
    byteOrder(baseName(left.path), baseName(right.path)) ||
    byteOrder(left.path, right.path)
  )
}

/**
 * The files in the order in which they count: patterns and data first, parsers and postoverflows by stage and file
 * name, scenarios by path. Profiles keep the order in which they are given, because the first that matches decides.
 */
export const orderFiles = (files: Iterable<RuleFile>): ReadonlyArray<RuleFile> => {
  const all = [...files]
  return kinds.flatMap((kind) => {
    const some = all.filter((file) => file.kind === kind)
    if (kind === "profiles") return some
    if (kind === "parsers" || kind === "postoverflows") return some.sort(byStageAndName)
    return some.sort((left, right) => byteOrder(left.path, right.path))
  })
}

/** SHA-256 over the engine's version and every file's kind, path and content, whatever their order. */
export const rulesetHash = (files: Iterable<RuleFile>, engineVersion: string): string => {
  const lines = [...files].map((file) => JSON.stringify([file.kind, file.path, contentHash(file)]))
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify([engineVersion, lines.sort(byteOrder)]))))
}

/** What `RulesetActivated` tells of each file. */
export const rulesetItems = (files: Iterable<RuleFile>): ReadonlyArray<RulesetItem> =>
  orderFiles(files).map((file) => ({
    kind: file.kind,
    path: file.path,
    name: itemName(file),
    version: file.version,
    hash: contentHash(file)
  }))

/** `parsers/s01-parse/crowdsecurity/sshd-logs.yaml` → `crowdsecurity/sshd-logs`, as a collection would call it. */
const itemName = (file: RuleFile): string => {
  const folders = { parsers: 2, postoverflows: 2, scenarios: 1, contexts: 1, profiles: 0, patterns: 0, data: 0 }[
    file.kind
  ]
  const name = file.path.split("/").slice(folders).join("/")
  return folders === 0 ? name : name.replace(/\.ya?ml$/, "")
}
