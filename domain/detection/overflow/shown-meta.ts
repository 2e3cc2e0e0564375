/** The meta of an event as alerts show it. */
import type { Fields } from "../../text/fields.ts"
import type { AlertMeta } from "./alert.ts"

/** What an event has, in its own order, and where that stands when it is sorted by key. */
interface Layout {
  readonly entries: Array<AlertMeta>
  order: ReadonlyArray<number>
}

/** Events with more entries than this have one layout in common. */
const mostApart = 32

/**
 * Of the last event with so many entries. Those that an alert shows are of a few kinds, each with the same keys in the same
 * order and many values alike: what was made for the one before serves again.
 */
const layouts = Array.from({ length: mostApart + 1 }, (): Layout => ({ entries: [], order: [] }))

/** Sorted by key. */
export const shownMeta = (meta: Fields): ReadonlyArray<AlertMeta> => {
  const layout = layouts[Math.min(meta.size, mostApart)]!
  const { entries } = layout
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
  if (!sameKeys) layout.order = sortedPlaces(entries)
  return layout.order.map((place) => entries[place]!)
}

const sortedPlaces = (entries: ReadonlyArray<AlertMeta>): ReadonlyArray<number> =>
  Array.from(entries.keys()).sort((left, right) => (entries[left]!.Key < entries[right]!.Key ? -1 : 1))
