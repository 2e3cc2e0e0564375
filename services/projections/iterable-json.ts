/** Plain JSON in which lists may be any iterables: what is large is made item by item, when its turn has come. */

/** So many items of a list are told together. */
const together = 500

export const isList = (value: unknown): value is Iterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.iterator in value

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype

/** The items of a list, some at a time; never none. */
export function* itemsOf(list: Iterable<unknown>): Iterable<ReadonlyArray<unknown>> {
  let items: Array<unknown> = []
  for (const item of list) {
    if (items.push(item) < together) continue
    yield items
    items = []
  }
  if (items.length > 0) yield items
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
