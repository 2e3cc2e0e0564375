/** A value of an expression as a message shows it: like the literal that a person would write, and never endless. */
import { Float } from "../../domain/expression/float.ts"
import { kindOf } from "../../domain/expression/value.ts"

const longest = 500
const mostItems = 20
const deepest = 4

export const shownValue = (value: unknown): string => {
  const text = shown(value, 0)
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

const shown = (value: unknown, depth: number): string => {
  if (value === undefined || value === null) return "nil"
  if (typeof value === "string") return JSON.stringify(value)
  if (typeof value === "number" || typeof value === "boolean") return String(value)
  if (value instanceof Float) return String(value.value)
  if (depth >= deepest) return "…"
  if (Array.isArray(value)) return `[${some(value, (item) => shown(item, depth + 1))}]`
  if (value instanceof Map)
    return `{${some([...value], ([key, item]) => `${shown(key, depth + 1)}: ${shown(item, depth + 1)}`)}}`
  return kindOf(value)
}

const some = <A>(items: ReadonlyArray<A>, show: (item: A) => string): string => {
  const first = items.slice(0, mostItems).map(show)
  return [...first, ...(items.length > mostItems ? [`… ${items.length - mostItems} more`] : [])].join(", ")
}
