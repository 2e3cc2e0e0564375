/** `data`: files beside the rules, such as a list of bad user agents. */
import { anything, choice, defaulted, mapping, optional, refined, required, text } from "./reader.ts"
import type { Reader } from "./reader.ts"
import type { DataFile, NodeRule, Rule } from "./rule.ts"

const written = mapping({
  source_url: defaulted(text, ""),
  dest_file: required(text),
  type: defaulted(choice("string", "regexp", "regex", "map", "bots", ""), ""),
  // How CrowdSec caches the results of a regexp file: never changes a result, so nothing here needs it.
  cache: optional(anything),
  strategy: optional(anything),
  size: optional(anything),
  ttl: optional(anything)
})

/** One item of `data`. */
export const dataFile: Reader<DataFile> = refined(written, (data, field) => ({
  sourceUrl: data.source_url,
  destFile: data.dest_file,
  type: data.type === "regex" ? "regexp" : data.type,
  line: field.line
}))

/** Every `data` entry of a rule, those of nested nodes too. */
export const dataOf = (rule: Rule): ReadonlyArray<DataFile> => {
  if (rule.kind === "profiles" || rule.kind === "contexts") return []
  return rule.kind === "scenarios" ? rule.data : dataOfNode(rule.node)
}

const dataOfNode = (node: NodeRule): ReadonlyArray<DataFile> => [...node.data, ...node.nodes.flatMap(dataOfNode)]
