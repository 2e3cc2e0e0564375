/** A collection: a named set of rules, by the names of its members. */
import { anything, defaulted, list, located, mapping, optional, refined, text } from "../document/reader.ts"
import type { Reader } from "../document/reader.ts"
import type { Located } from "../document/report.ts"

export const memberKinds = ["parsers", "postoverflows", "scenarios", "contexts", "collections"] as const
export type MemberKind = (typeof memberKinds)[number]

export interface CollectionRule {
  readonly name: string
  readonly members: Readonly<Record<MemberKind, ReadonlyArray<Located>>>
}

const names = defaulted(list(located), [])

const keys = mapping({
  name: defaulted(text, ""),
  parsers: names,
  postoverflows: names,
  scenarios: names,
  contexts: names,
  collections: names,
  // Not part of detection.
  "appsec-configs": optional(anything),
  "appsec-rules": optional(anything),
  description: optional(anything),
  author: optional(anything),
  labels: optional(anything),
  tags: optional(anything),
  references: optional(anything),
  version: optional(anything),
  format: optional(anything)
})

export const collectionRule: Reader<CollectionRule> = refined(keys, (written) => ({
  name: written.name,
  members: {
    parsers: written.parsers,
    postoverflows: written.postoverflows,
    scenarios: written.scenarios,
    contexts: written.contexts,
    collections: written.collections
  }
}))
