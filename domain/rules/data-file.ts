/** `data`: files beside the rules, such as a list of bad user agents. */
import { anything, choice, defaulted, mapping, optional, refined, required, text } from "../document/reader.ts"
import type { Reader } from "../document/reader.ts"
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

/**
 * What a data file may have at most, by its type. The largest list of CrowdSec's hub has a megabyte and 50,000 lines, and
 * its largest one of patterns 40 kilobytes; lists of bad addresses that people collect have up to a million. What has no
 * type is a GeoIP database: the full ones have some 60 megabytes.
 */
export const mostData: Readonly<Record<DataFile["type"], { readonly bytes: number; readonly lines: number }>> = {
  string: { bytes: 64 * 1024 * 1024, lines: 2_000_000 },
  regexp: { bytes: 4 * 1024 * 1024, lines: 50_000 },
  map: { bytes: 4 * 1024 * 1024, lines: 50_000 },
  bots: { bytes: 4 * 1024 * 1024, lines: 50_000 },
  "": { bytes: 512 * 1024 * 1024, lines: Number.POSITIVE_INFINITY }
}

/** What to say about a file that has more. */
export const tooMuchData = (type: DataFile["type"], found: string): string => {
  const { bytes, lines } = mostData[type]
  const most = type === "" ? `${bytes} bytes` : `${bytes} bytes and ${lines} lines when its type is ${type}`
  return `has ${found}, and a data file may have ${most}; it is left out, and rules that look into it find nothing: shorten it`
}

/** Every `data` entry of a rule, those of nested nodes too. */
export const dataOf = (rule: Rule): ReadonlyArray<DataFile> => {
  if (rule.kind === "profiles" || rule.kind === "contexts") return []
  return rule.kind === "scenarios" ? rule.data : dataOfNode(rule.node)
}

const dataOfNode = (node: NodeRule): ReadonlyArray<DataFile> => [...node.data, ...node.nodes.flatMap(dataOfNode)]
