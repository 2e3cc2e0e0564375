/** A row of the embedded store as an event. */
import { decodeEvent, type TestudoEvent } from "../../domain/events/catalogue.ts"
import { unreadable } from "../../domain/events/unreadable.ts"
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

/** The event, or undefined when this version does not know its type. */
export const recordedEvent = (row: Row): TestudoEvent | undefined => {
  if (!isKnown(row.type)) return undefined
  try {
    const metadata = metadataOf(JSON.parse(row.metadata))
    if (metadata === undefined) throw new TypeError("its metadata lacks the schema's version")
    return decodeEvent({ ...row, metadata, data: JSON.parse(row.data) })
  } catch (error) {
    return unreadable(row, error)
  }
}
