/** A row of the embedded store as an event. */
import { declarationOf, decodeEvent, type TestudoEvent } from "../../domain/events/catalogue.ts"
import { unreadable } from "../../domain/events/unreadable.ts"
import { metadataOf, withBytes } from "./proposal.ts"

export interface Row {
  readonly position: number
  readonly stream: string
  readonly revision: number
  readonly type: string
  readonly recordedAt: number
  readonly id: string
  readonly metadata: string
  readonly data: string
  readonly bytes: Uint8Array | null
}

/** What to select, over `events` joined with `streams` and `kinds`, for {@link rowOf}. */
export const rowColumns = "position, name, revision, kinds.type, recorded_at, id, metadata, data, bytes"

/** A row that came as an array: SQLite's binding makes one in two thirds of the time of an object. */
export const rowOf = (columns: unknown): Row => {
  const [position, stream, revision, type, recordedAt, id, metadata, data, bytes] = columns as [
    number,
    string,
    number,
    string,
    number,
    string,
    string,
    string,
    Uint8Array | null
  ]
  return { position, stream, revision, type, recordedAt, id, metadata, data, bytes }
}

/** Whether this version can read events of this type. */
export const isKnown = (type: string): boolean => declarationOf(type) !== undefined

/** The event, or undefined when this version does not know its type. */
export const recordedEvent = (row: Row): TestudoEvent | undefined => {
  if (!isKnown(row.type)) return undefined
  try {
    const metadata = metadataOf(JSON.parse(row.metadata))
    if (metadata === undefined) throw new TypeError("its metadata lacks the schema's version")
    const { position, stream, revision, type, recordedAt, id, bytes } = row
    const data = JSON.parse(row.data)
    return decodeEvent({
      id,
      type,
      data: bytes === null ? data : withBytes(type, data, bytes),
      metadata,
      stream,
      revision,
      position,
      recordedAt
    })
  } catch (error) {
    return unreadable(row, error)
  }
}
