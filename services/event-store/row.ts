/** A row of the embedded store as an event. */
import { decodeEvent, type TestudoEvent } from "../../domain/events/catalogue.ts"
import { storeFailure } from "./failure.ts"
import { isKnown } from "./kinds.ts"
import { metadataOf } from "./proposal.ts"

export interface Row {
  readonly position: number
  readonly stream: string
  readonly revision: number
  readonly type: string
  readonly recordedAt: number
  readonly id: string
  readonly metadata: string
  readonly data: string
}

const maxReasonLength = 300

/** The event, or undefined when this version does not know its type. Throws `TST-STORE-DAMAGED`, naming the position. */
export const recordedEvent = (row: Row, path: string): TestudoEvent | undefined => {
  if (!isKnown(row.type)) return undefined
  try {
    const metadata = metadataOf(JSON.parse(row.metadata))
    if (metadata === undefined) throw new TypeError("its metadata lacks the schema's version")
    return decodeEvent({ ...row, metadata, data: JSON.parse(row.data) })
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
