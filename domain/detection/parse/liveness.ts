/**
 * Which entries of an event's maps (`evt.Parsed`, `evt.Meta`, `evt.Enriched`) any rule may read while the line is at hand.
 * Parsers write many that only alerts show, such as where an address is: for most lines nobody ever asks for them, so they
 * are left out until an alert does, and the line is parsed once more (see `QueuedEvent.complete`). In doubt an entry counts as
 * read, and what can do anything else but write such an entry is never left out.
 */
import { ExpressionError } from "../../expression/error.ts"
import { parse } from "../../expression/parse.ts"
import { childrenOf, type Node } from "../../expression/syntax.ts"
import type { Located } from "../../document/report.ts"
import type { NodeRule, ParserRule, ScenarioRule, StaticRule, StaticTarget } from "../../rules/rule.ts"
import { type FieldMap, fieldNames, isFieldMap } from "../../text/fields.ts"
import { lookups } from "./enrichment.ts"
import { askedFor, entryNamed, namedPlace } from "../event/event-field.ts"
import { pathOf } from "./statics.ts"

interface Entry {
  readonly map: FieldMap
  readonly key: string
}

/** An entry, or all of a map. */
interface Reading {
  readonly map: FieldMap
  readonly key: string | undefined
}

/** A static that is worth nothing unless somebody reads one of these entries, and what it reads itself. */
interface Write {
  readonly rule: StaticRule
  readonly entries: ReadonlyArray<Entry>
  readonly reads: ReadonlyArray<Reading>
}

export class Liveness {
  readonly #entries = new Set<string>()
  readonly #whole = new Set<FieldMap>()
  readonly #idle = new Set<StaticRule>()

  constructor(readings: Iterable<Reading>, writes: ReadonlyArray<Write>) {
    const writers = new Map<string, Array<Write>>()
    for (const write of writes) {
      for (const { map, key } of write.entries) {
        for (const place of [map, nameOf(map, key)]) {
          const known = writers.get(place)
          if (known === undefined) writers.set(place, [write])
          else known.push(write)
        }
      }
    }
    // What is read, and what is read for the sake of that.
    const open = [...readings]
    for (let reading = open.pop(); reading !== undefined; reading = open.pop()) {
      const { map, key } = reading
      const isWhole = key === undefined
      if (isWhole ? this.#whole.has(map) : this.isRead(map, key)) continue
      if (isWhole) this.#whole.add(map)
      else this.#entries.add(nameOf(map, key))
      for (const { reads } of writers.get(isWhole ? map : nameOf(map, key)) ?? [])
        for (const read of reads) open.push(read)
    }
    for (const { rule, entries } of writes)
      if (!entries.some(({ map, key }) => this.isRead(map, key))) this.#idle.add(rule)
  }

  /** Whether any rule may read this entry. */
  isRead(map: FieldMap, key: string): boolean {
    return this.#whole.has(map) || this.#entries.has(nameOf(map, key))
  }

  /** Whether a static does anything that a rule may notice. */
  needs(rule: StaticRule): boolean {
    return !this.#idle.has(rule)
  }
}

const nameOf = (map: FieldMap, key: string): string => `${map}.${key}`

/**
 * undefined: nothing may be left out, for parsing a line again could give something else. Postoverflows and contexts do
 * not count: they see alerts, which show whole events.
 */
export const livenessOf = (
  parsers: ReadonlyArray<ParserRule>,
  scenarios: ReadonlyArray<ScenarioRule>
): Liveness | undefined => {
  const readers = new Readers()
  for (const { node } of parsers) readers.node(node)
  if (!readers.repeatable) return undefined
  for (const scenario of scenarios) readers.scenario(scenario)
  return new Liveness(readers.readings, readers.writes)
}

/** Goes through the rules. */
class Readers {
  readonly readings: Array<Reading> = []
  readonly writes: Array<Write> = []
  /** Parsing a line again gives the same. */
  repeatable = true

  node(rule: NodeRule): void {
    const { grok, whitelist } = rule
    this.#expression(rule.filter)
    if (grok?.input.kind === "apply_on") this.readings.push({ map: "Parsed", key: grok.input.field })
    else this.#expression(grok?.input.expression)
    for (const each of grok?.statics ?? []) this.#static(each)
    if (whitelist !== undefined) this.readings.push(sourceIp)
    for (const expression of whitelist?.expressions ?? []) this.#expression(expression)
    for (const { key, value } of rule.stash) {
      this.#expression(key)
      this.#expression(value)
    }
    for (const child of rule.nodes) this.node(child)
    for (const each of rule.statics) this.#static(each)
  }

  scenario(rule: ScenarioRule): void {
    const { filter, groupBy, distinct, cancelOn, overflowFilter, condition, scope, bayesian } = rule
    for (const each of [filter, groupBy, distinct, cancelOn, overflowFilter, condition, scope.expression])
      this.#expression(each)
    for (const each of bayesian?.conditions ?? []) this.#expression(each.condition)
  }

  #static(rule: StaticRule): void {
    const { source, target } = rule
    // What it makes of the line is what would be parsed again.
    if (target.kind === "target" && /^(evt\.)?Line\.Raw$/.test(target.path)) this.repeatable = false
    if (target.kind === "method" && target.method === "reverse_dns") this.repeatable = false
    const tree = source.kind === "value" ? undefined : treeOf(source.expression)
    // What is evaluated counts towards what an event may hold, and may give what no field can hold.
    const copies = source.kind === "value" || (tree !== undefined && namedPlace(tree) !== undefined)
    const entries = copies ? entriesOf(target) : undefined
    if (entries === undefined) this.#tree(tree)
    else this.writes.push({ rule, entries, reads: tree === undefined ? [] : readingsIn(tree) })
  }

  #expression(at: Located | undefined): void {
    this.#tree(at && treeOf(at))
  }

  #tree(tree: Node | undefined): void {
    if (tree === undefined) return
    for (const reading of readingsIn(tree)) this.readings.push(reading)
    if (asksAnew(tree)) this.repeatable = false
  }
}

const sourceIp: Reading = { map: "Meta", key: "source_ip" }

/** A broken expression reads nothing: its rule is left out. */
const treeOf = ({ text }: Located): Node | undefined => {
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return undefined
  }
}

/** Whether it asks for something that may be another the next time. */
const asksAnew = (node: Node): boolean =>
  (node.kind === "call" && anew.has(node.name)) || childrenOf(node).some(asksAnew)

const anew: ReadonlySet<string> = new Set(["GetFromStash", "TimeNow"])

/** What an expression may read, of whatever event. */
const readingsIn = (tree: Node): ReadonlyArray<Reading> =>
  looksInside(tree) && hands(tree) ? [...readingsNamed(tree), ...everything] : readingsNamed(tree)

const everything: ReadonlyArray<Reading> = Object.keys(fieldNames)
  .filter(isFieldMap)
  .map((map) => ({ map, key: undefined }))

/** Whether it may look for something by a name that it does not name: `x[y]`, `get(x, y)`. */
const looksInside = (node: Node): boolean =>
  (node.kind === "member" && !isLiteral(node.property)) ||
  (node.kind === "builtin" && node.name === "get") ||
  childrenOf(node).some(looksInside)

const isLiteral = (node: Node): boolean =>
  node.kind === "string" || node.kind === "int" || (node.kind === "unary" && node.operand.kind === "int")

/** Whether it may hand on a whole event, which is then found by no name: `[evt]`, `{e: evt}`, `queue.Queue[0]`. */
const hands = (node: Node): boolean => {
  if (node.kind === "name") return node.name === "evt" || node.name === "$env"
  if (node.kind === "member" && node.property.kind === "string") {
    if (node.property.value === "Queue") return true
    if (node.object.kind === "name" && node.object.name === "evt") return false
  }
  if (node.kind === "method" && node.object.kind === "name" && node.object.name === "evt")
    return node.arguments.some(hands)
  return childrenOf(node).some(hands)
}

/** What it reads by its name. */
const readingsNamed = (node: Node): ReadonlyArray<Reading> => {
  const asked = askedFor(node)
  if (asked !== undefined && isFieldMap(asked.map)) return [{ map: asked.map, key: asked.key }]
  const entry = entryNamed(node)
  if (entry !== undefined) return [entry, ...readingsNamed(entry.event)]
  if (node.kind === "member" && node.property.kind === "string" && isFieldMap(node.property.value))
    return [{ map: node.property.value, key: undefined }, ...readingsNamed(node.object)]
  const inside = childrenOf(node).flatMap(readingsNamed)
  if (node.kind !== "method") return inside
  if (node.name === "ParseIPSources") return [sourceIp, ...inside]
  if (node.name !== "GetMeta") return inside
  const [key] = node.arguments
  return [{ map: "Meta", key: key?.kind === "string" ? key.value : undefined }, ...inside]
}

/** The entries that a static writes there, if that is all that it does: it sets one, or looks an address up. */
const entriesOf = (target: StaticTarget): ReadonlyArray<Entry> | undefined => {
  if (target.kind === "method") return lookups.get(target.method)?.adds.map((key) => ({ map: "Enriched", key }))
  const [map = "", ...key] = pathOf(target)!.split(".")
  return isFieldMap(map) && key.length > 0 ? [{ map, key: key.join(".") }] : undefined
}
