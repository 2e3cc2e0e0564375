/** The closure of collections: all the rules that they name, directly or through other collections. */
import { join } from "node:path"
import { memberKinds } from "../../domain/rules/collection-rule.ts"
import type { Problem } from "../../domain/document/problem.ts"
import { quote, type Located } from "../../domain/document/report.ts"
import { readCollections } from "../../domain/rules/rule-file.ts"
import { suggestion } from "../../domain/text/suggestion.ts"
import type { Item, ItemKind, Items } from "./item.ts"

/**
 * What every selection needs to work at all: without the first no syslog line is taken apart, without the second no
 * event has a time. CrowdSec's installation always brings them with its default collection, `crowdsecurity/linux`;
 * here they come along wherever the hub has them, whoever their author is. (GeoIP comes only when it is asked for.)
 */
const base: ReadonlyArray<readonly [kind: ItemKind, name: RegExp]> = [
  ["parsers", /(?:^|\/)syslog-logs$/],
  ["parsers", /(?:^|\/)dateparse-enrich$/]
]

/** The rules of the named collections and the base parsers. A name that is unknown, or a cycle, is a problem. */
export const selectItems = async (
  hub: string,
  items: Items,
  collections: ReadonlyArray<string>,
  problems: Problem[]
): Promise<ReadonlySet<Item>> => {
  const chosen = new Set<Item>()
  const done = new Set<Item>()

  const unknown = (kind: ItemKind, name: string, file: string, place: Located | undefined): void => {
    const near = suggestion(name, items.names(kind))
    const advice = near === undefined ? "" : `; did you mean ${quote(near)}?`
    const what = kind.slice(0, -1)
    const message =
      place === undefined
        ? `the hub has no ${what} ${quote(name)}${advice}`
        : `the collection names the ${what} ${quote(name)}, which this hub does not have${advice}`
    const at = place === undefined ? {} : { line: place.line, key: place.key }
    problems.push({ code: "TST-HUB-UNKNOWN-ITEM", severity: "error", file, ...at, message })
  }

  const close = async (item: Item, within: ReadonlyArray<Item>): Promise<void> => {
    if (done.has(item)) return
    done.add(item)
    const file = await items.read(item)
    if (file === undefined) return
    const read = readCollections(file.file, file.content)
    problems.push(...read.problems)
    const way = [...within, item]
    for (const collection of read.collections) {
      for (const kind of memberKinds) {
        for (const member of collection.members[kind]) {
          const found = await items.find(kind, member.text)
          if (found === undefined) unknown(kind, member.text, file.file, member)
          else if (kind !== "collections") chosen.add(found)
          else if (way.includes(found)) circle(file.file, member, [...way.slice(way.indexOf(found)), found])
          else await close(found, way)
        }
      }
    }
  }

  const circle = (file: string, place: Located, way: ReadonlyArray<Item>): void => {
    const message = `the collections go round in a circle: ${way.map(({ name }) => name).join(" → ")}`
    const { line, key } = place
    problems.push({ code: "TST-HUB-CIRCLE", severity: "error", file, line, key, message })
  }

  for (const name of new Set(collections)) {
    const item = await items.find("collections", name)
    if (item === undefined) unknown("collections", name, join(hub, "collections"), undefined)
    else await close(item, [])
  }
  if (chosen.size === 0) return chosen
  for (const item of items.all) {
    if (base.some(([kind, name]) => item.kind === kind && name.test(item.name))) chosen.add(item)
  }
  return chosen
}
