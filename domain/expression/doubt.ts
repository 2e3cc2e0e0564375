/** What an expression may say and can hardly mean. Nothing fails by it, so nobody would notice. */
import { parsePrefix } from "../net/prefix.ts"
import type { DataFiles } from "./environment.ts"
import { predicateArity } from "./builtins/predicate.ts"
import { limit, stepsOfPattern } from "./limit.ts"
import { type BinaryNode, type BuiltinNode, childrenOf, type Node } from "./syntax.ts"

/** `files`: the data files that lists may come from. */
export const doubtsIn = (tree: Node, files: DataFiles): ReadonlyArray<string> => {
  const doubts = new Set<string>()
  const left = [tree]
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    for (const child of childrenOf(node)) left.push(child)
    const doubt = doubtIn(node, files)
    if (doubt !== undefined) doubts.add(doubt)
  }
  return [...doubts]
}

const doubtIn = (node: Node, files: DataFiles): string | undefined => {
  if (node.kind === "builtin") return patternsIn(node, files)
  if (node.kind !== "binary") return undefined
  return node.operator === "matches" ? globIn(node) : rangeIn(node, files)
}

/** A pattern that was meant as one of the shell, for names of files. */
const globIn = ({ right }: BinaryNode): string | undefined =>
  right.kind === "string" && /(?:^\^?|\w)\/\*\//.test(right.value)
    ? `"/*/" in a pattern is any number of slashes; with a name between two slashes it is "/[^/]+/"`
    : undefined

/** `any(File('patterns.txt'), {evt.Meta.http_path matches #})` with more patterns than one evaluation may compile. */
const patternsIn = ({ name, arguments: [list, predicate] }: BuiltinNode, files: DataFiles): string | undefined => {
  if (!predicateArity.has(name) || list?.kind !== "call" || predicate === undefined) return undefined
  if (!matchesItem(predicate)) return undefined
  const steps = textsOf(list, files).reduce((sum, pattern) => sum + stepsOfPattern(pattern), 0)
  return steps <= limit.steps
    ? undefined
    : `the patterns of the file are too many to be computed for each line, and the condition fails when some were tried; RegexpInFile(TEXT, FILE) tries them all`
}

const matchesItem = (node: Node): boolean =>
  (node.kind === "binary" && node.operator === "matches" && node.right.kind === "pointer" && node.right.name === "") ||
  childrenOf(node).some(matchesItem)

/** `evt.Meta.source_ip in ['10.0.0.0/8']`: an address never is the text of a range. */
const rangeIn = ({ operator, left, right }: BinaryNode, files: DataFiles): string | undefined => {
  const compared = operator === "==" || operator === "!=" ? [left, right] : operator === "in" ? [left] : []
  if (!compared.some(isAddress)) return undefined
  const range = [left, right].flatMap((side) => textsOf(side, files)).find(isRange)
  if (range === undefined) return undefined
  const how = "IpInRange(ADDRESS, RANGE) tells whether an address is in it"
  return `${range} is compared letter by letter, and no address is written so; ${how}`
}

const isAddress = (node: Node): boolean =>
  node.kind === "member" && node.property.kind === "string" && /(?:^|_)(?:ip|addr|address)$/i.test(node.property.value)

const isRange = (text: string): boolean => text.includes("/") && parsePrefix(text) !== undefined

/** The texts that are written out, or stand in a file. */
const textsOf = (node: Node, files: DataFiles): ReadonlyArray<string> => {
  if (node.kind === "string") return [node.value]
  if (node.kind === "array") return node.items.flatMap((item) => textsOf(item, files))
  if (node.kind !== "call" || node.name !== "File") return []
  const [name] = node.arguments
  return (name?.kind === "string" && files.lines(name.value)) || []
}
