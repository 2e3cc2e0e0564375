/** The meta of an event as alerts show it. */
import type { Fields } from "../../text/fields.ts"
import type { AlertMeta } from "./alert.ts"

/**
 * The events that an alert shows mostly have the same keys in the same order, and many values alike: what was made for the
 * event before serves again.
 */
class MetaList {
  /** Of the last event, in its own order. */
  readonly #entries: Array<AlertMeta> = []
  /** Where these stand when they are sorted by key. */
  #order: ReadonlyArray<number> = []

  /** Sorted by key. */
  of(meta: Fields): ReadonlyArray<AlertMeta> {
    const entries = this.#entries
    let count = 0
    let sameKeys = meta.size === entries.length
    meta.forEach((Value, Key) => {
      const former = entries[count]
      const sameKey = former !== undefined && former.Key === Key
      if (!sameKey) sameKeys = false
      if (!sameKey || former.Value !== Value) entries[count] = { Key, Value }
      count += 1
    })
    entries.length = count
    if (!sameKeys) this.#order = sortedPlaces(entries)
    return this.#order.map((place) => entries[place]!)
  }
}

const sortedPlaces = (entries: ReadonlyArray<AlertMeta>): ReadonlyArray<number> =>
  Array.from(entries.keys()).sort((left, right) => (entries[left]!.Key < entries[right]!.Key ? -1 : 1))

const list = new MetaList()

export const shownMeta = (meta: Fields): ReadonlyArray<AlertMeta> => list.of(meta)
