/** The items of a hub: each rule file and collection, found by name. */
import type { Problem } from "../../domain/document/problem.ts"
import { nameOfRule, type RuleFile } from "../../domain/rules/rule.ts"
import { readCollections, readRules } from "../../domain/rules/rule-file.ts"
import { listFiles, readHashed, unreadable } from "./folder.ts"
import type { FoundFile } from "./folder.ts"
import { readIndex } from "./hub-index.ts"
import type { HubIndex } from "./hub-index.ts"

export type ItemKind = "parsers" | "postoverflows" | "scenarios" | "contexts" | "collections"
const itemKinds: ReadonlyArray<ItemKind> = ["parsers", "postoverflows", "scenarios", "contexts", "collections"]

export interface Item extends FoundFile {
  readonly kind: ItemKind
  /** `author/name`: the index's, else that of the folder and the file. */
  readonly name: string
}

/** Slightly more than what is read of a YAML file, so that the rule's own reader tells that one is too large. */
export const ruleBytes = 5 * 1024 * 1024

export interface Items {
  readonly all: ReadonlyArray<Item>
  /** By the index, else by folder and file, else by the `name` in the YAML, else by the file alone in no author's folder. */
  readonly find: (kind: ItemKind, name: string) => Promise<Item | undefined>
  readonly names: (kind: ItemKind) => ReadonlyArray<string>
  /** The item's file, read once; undefined (and a problem) when it cannot be. */
  readonly read: (item: Item) => Promise<ItemFile | undefined>
}

/** A `RuleFile`, or the file of a collection. */
export interface ItemFile extends Omit<RuleFile, "kind"> {
  readonly kind: ItemKind
}

const pathName = (kind: ItemKind, path: string): string => {
  const folders = kind === "parsers" || kind === "postoverflows" ? 2 : 1
  return path
    .split("/")
    .slice(folders)
    .join("/")
    .replace(/\.ya?ml$/, "")
}

/** All items of the hub folder. */
export const findItems = async (hub: string, problems: Problem[]): Promise<Items> => {
  const index = await readIndex(hub, problems)
  const all: Item[] = []
  for (const kind of itemKinds) {
    const files = await listFiles(hub, kind, (name) => /\.ya?ml$/.test(name), problems)
    for (const { path, file } of files) {
      all.push({ kind, path, file, name: index.byPath.get(path)?.name ?? pathName(kind, path) })
    }
  }

  const contents = new Map<Item, Promise<ItemFile | undefined>>()
  const read: Items["read"] = (item) => {
    const known = contents.get(item) ?? readItem(item, index, problems)
    contents.set(item, known)
    return known
  }

  const byName = new Map<string, Item>()
  for (const item of all) {
    const key = `${item.kind}:${item.name}`
    if (!byName.has(key)) byName.set(key, item)
  }
  const byOwnName = new Map<ItemKind, Promise<ReadonlyMap<string, Item>>>()
  const find: Items["find"] = async (kind, name) => {
    const known = byName.get(`${kind}:${name}`)
    if (known !== undefined) return known
    const own = byOwnName.get(kind) ?? ownNames(all, kind, read)
    byOwnName.set(kind, own)
    // Where CrowdSec installs items there are no folders of authors, and contexts do not say what they are called.
    return (await own).get(name) ?? byName.get(`${kind}:${name.slice(name.lastIndexOf("/") + 1)}`)
  }

  return { all, find, read, names: (kind) => all.filter((item) => item.kind === kind).map((item) => item.name) }
}

const readItem = async (item: Item, index: HubIndex, problems: Problem[]): Promise<ItemFile | undefined> => {
  try {
    const { content, hash } = await readHashed(item.file, ruleBytes)
    const version = index.byPath.get(item.path)?.versions.get(hash) ?? "?"
    return { kind: item.kind, path: item.path, file: item.file, version, content, hash }
  } catch (cause) {
    problems.push(unreadable(item.file, cause))
    return undefined
  }
}

/** What the files call themselves: the way to find an item whose file has another name. */
const ownNames = async (
  all: ReadonlyArray<Item>,
  kind: ItemKind,
  read: Items["read"]
): Promise<ReadonlyMap<string, Item>> => {
  const names = new Map<string, Item>()
  for (const item of all) {
    const file = item.kind === kind ? await read(item) : undefined
    if (file === undefined) continue
    for (const name of namesIn(file)) if (!names.has(name)) names.set(name, item)
  }
  return names
}

const namesIn = (file: ItemFile): ReadonlyArray<string> => {
  if (file.kind === "collections") return readCollections(file.file, file.content).collections.map(({ name }) => name)
  return readRules(file as RuleFile).rules.flatMap((rule) => nameOfRule(rule) ?? [])
}
