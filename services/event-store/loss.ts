/** Whether a log still holds all that was acknowledged: the database against the head record beside it. */
import { formatEnd, type LogEnd, sameDigest } from "./chain.ts"
import type { HeadRecord } from "./head-record.ts"
import { linksBehind, type StoredEvents } from "./stored-events.ts"

/** What is missing or wrong at the end of the database, for people; undefined when all that was acknowledged is there. */
export const lossOf = (stored: StoredEvents, found: LogEnd, known: HeadRecord, path: string): string | undefined => {
  const mend = "Nothing was written. Put the right file back, or go on with what is there: testudo log accept-loss."
  if (known._tag === "Forged") {
    return `The head record beside the event store ${path} is damaged or was not made with its key, so nobody can tell whether events are missing. ${mend}`
  }
  if (known._tag === "Missing") {
    return found.position < 0
      ? undefined
      : `The head record beside the event store ${path} is missing, so nobody can tell whether events are missing. ${mend}`
  }
  const { end } = known
  if (found.position < end.position) {
    return (
      `The event store ${path} ends at position ${found.position}, but events up to position ${end.position} were ` +
      `acknowledged: the database was truncated, damaged or restored from an older copy. ${mend}`
    )
  }
  const link = stored.linkAt(end.position)
  const behind = link === undefined || !sameDigest(link, end.link) ? undefined : linksBehind(stored, end)
  return behind === undefined || !sameDigest(behind.link, found.link)
    ? `The event store ${path} holds another log than the one that was acknowledged up to ${formatEnd(end)}. ${mend}`
    : undefined
}
