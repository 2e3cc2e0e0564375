/** Data files that an expression looks into by a name that it says itself: a slip in it would go unnoticed. */
import type { DataFiles } from "../../expression/environment.ts"
import { childrenOf, type Node } from "../../expression/syntax.ts"

interface Look {
  /** Which argument names the file. */
  readonly argument: number
  readonly type: "string" | "regexp" | "map"
  /** Undefined when no rule names it under `data` with this type. */
  readonly find: (files: DataFiles, name: string) => unknown
}

const lines: Look = { argument: 0, type: "string", find: (files, name) => files.lines(name) }
const patterns: Look = { argument: 1, type: "regexp", find: (files, name) => files.patterns(name) }
const entries: Look = { argument: 1, type: "map", find: (files, name) => files.entries(name) }

const looks: ReadonlyMap<string, Look> = new Map([
  ["File", lines],
  ["RegexpInFile", patterns],
  ["LookupFile", entries],
  ["FileMap", { ...entries, argument: 0 }]
])

/** The files that the expression looks into and that no rule brings along. */
export const absentData = (
  tree: Node,
  files: DataFiles
): ReadonlyArray<{ readonly name: string; readonly type: Look["type"] }> => {
  const absent = new Map<string, { readonly name: string; readonly type: Look["type"] }>()
  const left = [tree]
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    for (const child of childrenOf(node)) left.push(child)
    const look = node.kind === "call" ? looks.get(node.name) : undefined
    const named = look && node.kind === "call" ? node.arguments[look.argument] : undefined
    if (look === undefined || named?.kind !== "string" || look.find(files, named.value) !== undefined) continue
    absent.set(`${look.type} ${named.value}`, { name: named.value, type: look.type })
  }
  return [...absent.values()]
}
