/**
 * The ids of the last events that a fold saw. A writer that lost its place repeats what it wrote last, so a bounded
 * memory is enough to recognise it.
 */
const remembered = 4_096

/** Ids in the order in which they came; a Set keeps that order. */
export type KnownIds = Set<string>

/** Whether the id is new; it is known from then on. */
export const learn = (known: KnownIds, id: string): boolean => {
  if (known.has(id)) return false
  known.add(id)
  if (known.size > remembered) known.delete(known.values().next().value as string)
  return true
}
