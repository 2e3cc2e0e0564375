/** One text of an event, as rules name it: an entry of one of its maps, or a label of its line. */
import { type FieldMap, isFieldMap } from "../../text/fields.ts"
import { childrenOf, type Node } from "../../expression/syntax.ts"
import { TextPlace } from "./text-place.ts"

export interface EventField {
  readonly map: FieldMap | "Labels"
  readonly key: string
  readonly place: TextPlace
}

export const eventField = (map: EventField["map"], key: string): EventField => ({
  map,
  key,
  place: TextPlace.entry(map, key)
})

export const sameField = (one: EventField, other: EventField): boolean => one.map === other.map && one.key === other.key

/** `evt.Meta.name` and its like. */
export const fieldOf = (node: Node): EventField | undefined => {
  if (node.kind === "chain") return fieldOf(node.body)
  const entry = entryNamed(node)
  if (entry !== undefined) return isEvent(entry.event) ? eventField(entry.map, entry.key) : undefined
  const key = memberOf(node)
  const map = key && memberOf(key.object)
  if (key === undefined || map === undefined) return undefined
  const line = map.name === "Labels" ? memberOf(map.object) : undefined
  return line?.name === "Line" && isEvent(line.object) ? eventField("Labels", key.name) : undefined
}

/**
 * The fields that an expression depends on, each once; undefined when it looks at anything else of the event. Whether a
 * field is there at all may matter to it too, which a text that is not "" settles.
 */
export const fieldsIn = (node: Node): ReadonlyArray<EventField> | undefined => {
  const fields: Array<EventField> = []
  const look = (part: Node): boolean => {
    const field = fieldOf(part) ?? askedFor(part)
    if (field === undefined) return !isEvent(part) && !isAllThereIs(part) && childrenOf(part).every(look)
    if (!fields.some((each) => sameField(each, field))) fields.push(field)
    return field.map !== "Labels"
  }
  return look(node) ? fields : undefined
}

/** The same for an expression to which it does not matter whether a field is there: a missing one is "". */
export const textsIn = (node: Node): ReadonlyArray<EventField> | undefined =>
  asksForAny(node) ? undefined : fieldsIn(node)

const asksForAny = (node: Node): boolean => askedFor(node) !== undefined || childrenOf(node).some(asksForAny)

/** `"name" in evt.Meta` */
export const askedFor = (node: Node): EventField | undefined => {
  if (node.kind !== "binary" || node.operator !== "in" || node.left.kind !== "string") return undefined
  const map = memberOf(node.right)
  if (map === undefined || !isEvent(map.object)) return undefined
  return isFieldMap(map.name) ? eventField(map.name, node.left.value) : undefined
}

/** A member that an expression names itself. */
const memberOf = (node: Node): { readonly object: Node; readonly name: string } | undefined =>
  node.kind === "member" && node.property.kind === "string" && !node.optional
    ? { object: node.object, name: node.property.value }
    : undefined

/** An entry of a map of an event, whichever: `evt.Meta.exe`, `#.Meta.exe`. */
export const entryNamed = (
  node: Node
): { readonly event: Node; readonly map: FieldMap; readonly key: string } | undefined => {
  const key = memberOf(node)
  const map = key && memberOf(key.object)
  if (key === undefined || map === undefined || !isFieldMap(map.name)) return undefined
  return { event: map.object, map: map.name, key: key.name }
}

/** The event at hand. */
export const isEvent = (node: Node): boolean => node.kind === "name" && node.name === "evt"

/** `$env`, which has the event as well. */
const isAllThereIs = (node: Node): boolean => node.kind === "name" && node.name === "$env"

/** The place of the text that an expression names; undefined when it is more than a name. */
export const namedPlace = (node: Node): TextPlace | undefined => {
  const field = fieldOf(node)
  if (field !== undefined) return field.place
  const member = memberOf(node)
  if (member === undefined) return undefined
  if (isEvent(member.object)) return TextPlace.at(member.name)
  const line = memberOf(member.object)
  return line?.name === "Line" && isEvent(line.object) ? TextPlace.at(`Line.${member.name}`) : undefined
}
