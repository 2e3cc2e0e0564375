/**
 * The JSON of a large state piece by piece: neither the whole text nor all of what it is made of is in memory at a time.
 */

/** So many items of a list are written together. */
const together = 500

const isList = (value: unknown): value is Iterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.iterator in value

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype

/**
 * Together the pieces are what `JSON.stringify` gives, where lists may be any iterables. Keys are asked for their values
 * one after the other, items for theirs when it is their turn.
 */
export function* jsonPieces(value: unknown): Iterable<string> {
  if (isList(value)) yield* piecesOfList(value)
  else if (isPlain(value)) yield* piecesOfObject(value)
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
  let some: Array<unknown> = []
  const piece = () => `${separator}${JSON.stringify(some).slice(1, -1)}`
  for (const item of list) {
    if (some.push(item) < together) continue
    yield piece()
    separator = ","
    some = []
  }
  if (some.length > 0) yield piece()
  yield separator === "[" && some.length === 0 ? "[]" : "]"
}

/** The same text in pieces that have at least so many characters each, but for the last one. */
export function* gathered(pieces: Iterable<string>, characters: number): IterableIterator<string> {
  let text = ""
  for (const piece of pieces) {
    text += piece
    if (text.length < characters) continue
    yield text
    text = ""
  }
  if (text !== "") yield text
}
