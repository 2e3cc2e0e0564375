/** A row of the embedded store as an event. */
import { declarationOf, decodeEvent, type TestudoEvent } from "../../domain/events/catalogue.ts"
import { storeFailure } from "./failure.ts"
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

/** Whether this version can read events of this type. */
export const isKnown = (type: string): boolean => declarationOf(type) !== undefined

const maxReasonLength = 300

/** The event, or undefined when this version does not know its type. Throws `TST-STORE-DAMAGED`, naming the position. */
export const recordedEvent = (row: Row, path: string): TestudoEvent | undefined => {
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
    const why = String(error instanceof Error ? error.message : error).slice(0, maxReasonLength)
    throw storeFailure(
      "TST-STORE-DAMAGED",
      `The event at position ${row.position} of ${path} (${row.type}, revision ${row.revision} of ` +
        `${JSON.stringify(row.stream)}) is not readable: ${why}`,
      error
    )
  }
}
