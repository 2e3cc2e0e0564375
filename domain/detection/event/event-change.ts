/** What happened to an event between two looks at it, field by field. */
import { Float } from "../../expression/float.ts"
import { kindOf } from "../../expression/value.ts"
import type { RuntimeAlert } from "../overflow/alert.ts"
import { OVFLW, type PipelineEvent } from "./pipeline-event.ts"

export interface Change {
  readonly kind: "created" | "updated" | "deleted"
  /** As rules write it, such as `evt.Meta.source_ip`. */
  readonly field: string
  /** Absent for a field that was created. */
  readonly before?: string
  /** Absent for a field that was deleted. */
  readonly after?: string
}

/** Fields that one event can have here; a hostile document could hold very many. */
const mostFields = 5_000

/** All fields that hold something, as text. */
export const fieldsOf = (event: PipelineEvent): ReadonlyMap<string, string> => {
  if (event.Type === OVFLW) return new Map([...eventFields(event), ...overflowFields(event.Overflow)])
  return eventFields(event)
}

/** Of the overflow that an event is about. */
export const overflowFields = ({ Whitelisted, Alert }: RuntimeAlert): ReadonlyMap<string, string> => {
  const source = Object.entries(Alert?.Source ?? {})
    .filter(([, value]) => value !== "" && value !== 0)
    .map(([field, value]) => [`evt.Overflow.Alert.Source.${field}`, String(value)] as const)
  return new Map([...(Whitelisted ? [["evt.Overflow.Whitelisted", "true"] as const] : []), ...source])
}

const eventFields = (event: PipelineEvent): Map<string, string> => {
  const fields = new Map<string, string>()
  const put = (field: string, value: string): void => {
    if (value !== "" && fields.size < mostFields) fields.set(field, value)
  }
  const leaves = (place: string, value: unknown): void => {
    if (fields.size >= mostFields) return
    if (value instanceof Map) for (const [key, item] of value) leaves(`${place}.${key}`, item)
    else if (Array.isArray(value)) for (const [index, item] of value.entries()) leaves(`${place}[${index}]`, item)
    else put(place, textOf(value))
  }
  put("evt.Stage", event.Stage)
  put("evt.StrTime", event.StrTime)
  put("evt.StrTimeFormat", event.StrTimeFormat)
  put("evt.MarshaledTime", event.MarshaledTime)
  put("evt.Whitelisted", event.Whitelisted ? "true" : "")
  put("evt.WhitelistReason", event.WhitelistReason)
  for (const map of ["Parsed", "Meta", "Enriched", "Unmarshaled"] as const) leaves(`evt.${map}`, event[map])
  put("evt.Line.Raw", event.Line.Raw)
  put("evt.Line.Src", event.Line.Src)
  leaves("evt.Line.Labels", event.Line.Labels)
  return fields
}

const textOf = (value: unknown): string => {
  if (typeof value === "string") return value
  if (value instanceof Float) return String(value.value)
  return typeof value === "number" || typeof value === "boolean" ? String(value) : kindOf(value)
}

export const changesBetween = (
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>
): ReadonlyArray<Change> => {
  const changes: Array<Change> = []
  for (const [field, value] of after) {
    const old = before.get(field)
    if (old === undefined) changes.push({ kind: "created", field, after: value })
    else if (old !== value) changes.push({ kind: "updated", field, before: old, after: value })
  }
  for (const [field, value] of before) if (!after.has(field)) changes.push({ kind: "deleted", field, before: value })
  return changes
}
