/** The JSON of a large answer piece by piece: neither the whole text nor all of what it is made of is in memory at a time. */
import { isList, isObject, itemsOf } from "../projections/iterable-json.ts"

/**
 * Together the pieces are what `JSON.stringify` gives, where lists may be any iterables. Keys are asked for their values
 * one after the other, items for theirs when it is their turn.
 */
export function* jsonPieces(value: unknown): Iterable<string> {
  if (isList(value)) yield* piecesOfList(value)
  else if (isObject(value)) yield* piecesOfObject(value)
  else yield JSON.stringify(value) ?? "null"
}

function* piecesOfObject(object: Readonly<Record<string, unknown>>): Iterable<string> {
  let separator = "{"
  for (const key of Object.keys(object)) {
    const value = object[key]
    if (value === undefined) continue
    yield `${separator}${JSON.stringify(key)}:`
    yield* jsonPieces(value)
    separator = ","
  }
  yield separator === "{" ? "{}" : "}"
}

function* piecesOfList(list: Iterable<unknown>): Iterable<string> {
  let separator = "["
  for (const items of itemsOf(list)) {
    yield `${separator}${JSON.stringify(items).slice(1, -1)}`
    separator = ","
  }
  yield separator === "[" ? "[]" : "]"
}
