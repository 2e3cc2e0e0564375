/** An event of EventStoreDB as one of ours, and the other way round. */
import type { AllStreamRecordedEvent, EventData, JSONEventType, RecordedEvent } from "@kurrent/kurrentdb-client"
import { decodeEvent, type TestudoEvent } from "../../../domain/events/catalogue.ts"
import type { ProposedEvent } from "../../../domain/events/event.ts"
import { storeFailure } from "../failure.ts"
import { isKnown } from "../row.ts"
import { metadataOf, type Proposal, withBytes } from "../proposal.ts"

export type ServerEvent = RecordedEvent | AllStreamRecordedEvent

const maxReasonLength = 300

/** A position or revision as a number. Nobody will write nine petabytes, but a wrong number would lose events. */
export const numberOf = (value: bigint, shown: string): number => {
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  throw storeFailure(
    "TST-STORE-DAMAGED",
    `The event store ${shown} says ${value}, which is more than can be counted here.`
  )
}

/** Commit and prepare are the same in every event that a server of our time writes. */
export const positionOf = (event: ServerEvent, shown: string): number => numberOf(event.position?.commit ?? -1n, shown)

/**
 * The server gives the time of an append in seconds when it is read and in milliseconds when it is followed, and a copy
 * gets a new one: the time that counts goes with the event, beside the metadata that everybody knows.
 */
export const sentEvent = (
  jsonEvent: (event: JSONEventType & { readonly id: string }) => EventData,
  { id, type, data, metadata }: ProposedEvent,
  { bytes }: Proposal,
  recordedAt: number
): EventData => {
  const json = bytes === undefined ? data : withBytes(type, data, Buffer.from(bytes).toString("base64"))
  return jsonEvent({ id, type, data: json as JSONEventType["data"], metadata: { ...metadata, recordedAt } })
}

/** The event, or undefined when this version does not know its type. Throws `TST-STORE-DAMAGED`, naming the position. */
export const receivedEvent = (event: ServerEvent, shown: string): TestudoEvent | undefined => {
  const { type, streamId: stream, id } = event
  if (!isKnown(type)) return undefined
  const position = positionOf(event, shown)
  const revision = numberOf(event.revision, shown)
  try {
    const metadata = metadataOf(event.metadata)
    if (!event.isJson || metadata === undefined) throw new TypeError("it was not written by Testudo")
    // A read cuts the server's own time to seconds.
    const taken = Math.floor(event.created.getTime() / 1000) * 1000
    const { recordedAt = taken, ...ours } = metadata as typeof metadata & { recordedAt?: number }
    if (!Number.isSafeInteger(recordedAt)) throw new TypeError("its metadata has no time")
    return decodeEvent({ stream, revision, position, recordedAt, id, type, metadata: ours, data: event.data })
  } catch (error) {
    const why = String(error instanceof Error ? error.message : error).slice(0, maxReasonLength)
    throw storeFailure(
      "TST-STORE-DAMAGED",
      `The event at position ${position} of ${shown} (${type}, revision ${revision} of ${JSON.stringify(stream)}) is not ` +
        `readable: ${why}`,
      error
    )
  }
}
