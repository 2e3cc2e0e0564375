/** `.index.json`: the hub's own list of its items, their names and the digests of their versions. */
import { join } from "node:path"
import type { Problem } from "../../domain/document/problem.ts"
import { printable } from "../../domain/text/printable.ts"
import { readBounded } from "./folder.ts"
import { isMissing, reason } from "../file-failure.ts"

export interface IndexItem {
  readonly name: string
  /** Path within the hub. */
  readonly path: string
  /** Version by the digest of its content. */
  readonly versions: ReadonlyMap<string, string>
}

export interface HubIndex {
  /** By the item's path within the hub. */
  readonly byPath: ReadonlyMap<string, IndexItem>
}

const maximumBytes = 64 * 1024 * 1024
const emptyIndex: HubIndex = { byPath: new Map() }

const entriesOf = (value: unknown): ReadonlyArray<[string, unknown]> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : []

const versionsOf = (value: unknown): ReadonlyMap<string, string> => {
  const versions = new Map<string, string>()
  for (const [version, about] of entriesOf(value)) {
    const digest = new Map(entriesOf(about)).get("digest")
    if (typeof digest !== "string") continue
    const known = versions.get(digest)
    // The same text under two versions: the higher one counts.
    if (known === undefined || versionOrder(version, known) > 0) versions.set(digest, version)
  }
  return versions
}

const versionOrder = (left: string, right: string): number => {
  const one = left.split(".").map(Number)
  const other = right.split(".").map(Number)
  for (let part = 0; part < Math.max(one.length, other.length); part++) {
    const difference = (one[part] ?? 0) - (other[part] ?? 0)
    if (difference !== 0 && !Number.isNaN(difference)) return difference
  }
  return 0
}

/** The index of a hub; an empty one when there is none, or none that can be read, which a problem then tells. */
export const readIndex = async (hub: string, problems: Problem[]): Promise<HubIndex> => {
  const file = join(hub, ".index.json")
  try {
    const content = await readBounded(file, maximumBytes)
    return indexOf(JSON.parse(new TextDecoder().decode(content)))
  } catch (cause) {
    if (isMissing(cause)) return emptyIndex
    const message = `cannot be used (${printable(reason(cause), 200)}); names and versions are taken from the files instead`
    problems.push({ code: "TST-HUB-INDEX", severity: "warning", file, message })
    return emptyIndex
  }
}

const indexOf = (json: unknown): HubIndex => {
  const byPath = new Map<string, IndexItem>()
  for (const [, items] of entriesOf(json)) {
    for (const [name, item] of entriesOf(items)) {
      const about = new Map(entriesOf(item))
      const path = about.get("path")
      if (typeof path === "string") byPath.set(path, { name, path, versions: versionsOf(about.get("versions")) })
    }
  }
  return { byPath }
}
