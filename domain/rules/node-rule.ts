/** One node of a parser: the root of a document below `parsers/` or `postoverflows/`, or a child of another node. */
import { dataFile } from "./data-file.ts"
import { formatVersion } from "./format-version.ts"
import { grokRule } from "./grok-rule.ts"
import {
  anything,
  choice,
  defaulted,
  dictionary,
  flag,
  list,
  located,
  mapping,
  optional,
  refined,
  text
} from "../document/reader.ts"
import type { Reader } from "../document/reader.ts"
import { quote } from "../document/report.ts"
import type { Broken } from "../document/report.ts"
import type { NodeRule } from "./rule.ts"
import { ruleCodes } from "./rule-code.ts"
import { stashRule } from "./stash-rule.ts"
import { staticRule } from "./static-rule.ts"
import { whitelistRule } from "./whitelist-rule.ts"

/** A node as written; its children's names depend on its own, so they come last. */
interface WrittenNode {
  readonly names: ReadonlyArray<string>
  readonly name: string
  readonly rule: Omit<NodeRule, "name" | "nodes">
  readonly nodes: ReadonlyArray<WrittenNode>
}

/** A pattern of one's own. CrowdSec refuses an empty one as well. */
const definition = refined(located, (written, field, report) =>
  written.text === ""
    ? report.error(ruleCodes.missingKey, field, `\`${field.key}\` is empty; write the pattern, or remove the name`)
    : written
)

const keys = mapping({
  name: defaulted(text, ""),
  description: defaulted(text, ""),
  author: defaulted(text, ""),
  format: optional(formatVersion),
  references: optional(anything),
  debug: optional(flag),
  profiling: optional(flag),
  // The folder decides, whatever is written here.
  stage: optional(text),
  filter: optional(located),
  onsuccess: defaulted(choice("next_stage", "continue", ""), ""),
  pattern_syntax: optional(dictionary(definition)),
  grok: optional((field, report) => grokRule(field, report)),
  whitelist: optional(whitelistRule),
  stash: defaulted(list(stashRule), []),
  nodes: defaulted(
    list<WrittenNode>((field, report) => writtenNode(field, report)),
    []
  ),
  statics: defaulted(list(staticRule), []),
  data: defaulted(list(dataFile), [])
})

const writtenNode: Reader<WrittenNode> = refined(keys, (node, field, report): WrittenNode | Broken => {
  const doesSomething =
    node.grok !== undefined || node.whitelist !== undefined || node.nodes.length > 0 || node.statics.length > 0
  if (!doesSomething) {
    const which = field.key === "" ? "the node" : `\`${field.key}\``
    const message = `${which} is empty; it needs at least one of grok, nodes, statics and whitelist`
    return report.error(ruleCodes.emptyNode, field, message)
  }
  const patterns = [...(node.pattern_syntax ?? [])]
  for (const [name, pattern] of patterns) {
    if (/^\w+$/.test(name)) continue
    const message = `nothing can refer to a pattern that is called ${quote(name)}; give it a name of letters, digits and _ only`
    report.warning(ruleCodes.noEffect, pattern, message)
  }
  return {
    names: [node.name, node.description, node.author],
    name: node.name,
    rule: {
      line: field.line,
      filter: node.filter?.text ? node.filter : undefined,
      onSuccess: node.onsuccess === "next_stage" ? "next_stage" : "continue",
      patternSyntax: patterns.map(([name, pattern]) => ({ name, pattern })),
      grok: node.grok,
      whitelist: node.whitelist,
      stash: node.stash,
      statics: node.statics,
      data: node.data
    },
    nodes: node.nodes
  }
})

const named = (node: WrittenNode, name: string): NodeRule => ({
  name,
  ...node.rule,
  nodes: node.nodes.map((child) => named(child, child.name || `child-${name}`))
})

/** A root node. One that says neither what it is called nor what it is for nor whose it is, is refused. */
export const nodeRule: Reader<NodeRule> = refined(writtenNode, (node, field, report) => {
  if (node.names.some((name) => name !== "")) return named(node, node.name)
  return report.error(ruleCodes.missingKey, field, "the node has no `name`; give it one, such as `me/my-parser`")
})
