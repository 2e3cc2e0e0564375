/**
 * What expressions ask of the events in a bucket (`any(queue.Queue, {.Meta.exe == …})`) is kept with each event when its
 * line is at hand. A long queue would else have to be parsed again for every event that is poured into it.
 */
import type { EventObject } from "../../expression/environment/event.ts"
import { childrenOf, type Node } from "../../expression/syntax.ts"
import { type FieldMap, fieldNames } from "../../text/fields.ts"
import { ownCopy } from "../../text/own-copy.ts"
import { entryNamed, isEvent } from "./event-field.ts"

export interface Entry {
  readonly map: FieldMap
  readonly slot: number
}

/**
 * The entries that an expression names, of whatever event: `….Meta.exe`, `….GetMeta("exe")`. Those that it asks for only
 * once, while the event is at hand, are left out.
 */
export const entriesIn = (node: Node): ReadonlyArray<Entry> =>
  isAskedOnce(node) ? [] : [...own(node), ...childrenOf(node).flatMap(entriesIn)]

/** `filter(queue.Queue, {…})` that follows from the event alone: see `EventQueue.select`. */
const isAskedOnce = (node: Node): boolean => {
  if (node.kind !== "builtin" || node.name !== "filter") return false
  const [list, predicate] = node.arguments
  const isQueue = list?.kind === "member" && list.object.kind === "name" && list.object.name === "queue"
  return isQueue && predicate !== undefined && comparesItem(predicate)
}

const comparesItem = (node: Node): boolean =>
  !others.has(node.kind) && (node.kind !== "pointer" || node.name === "") && childrenOf(node).every(comparesItem)

const others: ReadonlySet<Node["kind"]> = new Set(["name", "let", "call", "builtin", "method"])

/**
 * Whether an expression asks more of the events in a bucket than entries that it names, such as what their lines were
 * unmarshaled to: all of them would be parsed again for every event that is poured into it.
 */
export const asksForWhole = (node: Node): boolean => {
  const entry = entryNamed(node)
  if (entry !== undefined) return asksForWhole(entry.event)
  if (node.kind === "method" && wholeMethods.has(node.name) && !isEvent(node.object)) return own(node).length === 0
  if (node.kind === "member" && node.property.kind === "string") {
    const { object, property } = node
    if (wholeFields.has(property.value) && !isEvent(object)) return true
    if (property.value === "Raw" && object.kind === "member") return asksForWhole(object.object)
  }
  return childrenOf(node).some(asksForWhole)
}

const wholeMethods: ReadonlySet<string> = new Set(["GetMeta", "GetType", "ParseIPSources"])
const wholeFields: ReadonlySet<string> = new Set([
  ...["Line", "Parsed", "Enriched", "Meta", "Unmarshaled", "Overflow", "StrTime", "StrTimeFormat", "MarshaledTime"],
  ...["Stage", "Process", "Whitelisted", "WhitelistReason"]
])

const own = (node: Node): ReadonlyArray<Entry> => {
  if (node.kind === "method" && node.name === "GetMeta" && node.arguments[0]?.kind === "string")
    return [entryOf("Meta", node.arguments[0].value)]
  const entry = entryNamed(node)
  return entry === undefined ? [] : [entryOf(entry.map, entry.key)]
}

const entryOf = (map: FieldMap, name: string): Entry => ({ map, slot: fieldNames[map].slot(name) })

/** Some entries of one event, and more of them behind. Most events have one of these, with a list that they all share. */
export class Recalled {
  readonly #entries: ReadonlyArray<Entry>
  /** "" for an entry that the event does not have. */
  readonly #values: ReadonlyArray<string>
  readonly #others: Recalled | undefined

  constructor(entries: ReadonlyArray<Entry>, event: Pick<EventObject, "entry">, others: Recalled | undefined) {
    this.#entries = entries
    this.#values = entries.map(({ map, slot }) => ownCopy(event.entry(map, slot) ?? ""))
    this.#others = others
  }

  /** Whether it was made of this very list. */
  holds(entries: ReadonlyArray<Entry>): boolean {
    return this.#entries === entries || (this.#others?.holds(entries) ?? false)
  }

  /** Undefined when the entry is not known here. */
  get(map: FieldMap, slot: number): string | undefined {
    const entries = this.#entries
    for (let i = 0; i < entries.length; i++)
      if (entries[i]!.slot === slot && entries[i]!.map === map) return this.#values[i]
    return this.#others?.get(map, slot)
  }
}
