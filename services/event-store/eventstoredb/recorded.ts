/** An event of EventStoreDB as one of ours, and the other way round. */
import type { AllStreamRecordedEvent, EventData, JSONEventType, RecordedEvent } from "@kurrent/kurrentdb-client"
import { decodeEvent, type TestudoEvent } from "../../../domain/events/catalogue.ts"
import type { ProposedEvent } from "../../../domain/events/event.ts"
import { unreadable } from "../../../domain/events/unreadable.ts"
import { storeFailure } from "../failure.ts"
import { isKnown, type Row } from "../row.ts"
import { metadataOf, type Proposal, withBytes } from "../proposal.ts"

export type ServerEvent = RecordedEvent | AllStreamRecordedEvent

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

/** A read cuts the server's own time to seconds. */
const takenAt = ({ created }: ServerEvent): number => Math.floor(created.getTime() / 1000) * 1000

/** Metadata of others may be anything: a text, a list, null, or bytes that are no JSON. */
const objectOf = (metadata: unknown): Readonly<Record<string, unknown>> =>
  typeof metadata === "object" && metadata !== null && !Array.isArray(metadata) && !ArrayBuffer.isView(metadata)
    ? (metadata as Record<string, unknown>)
    : {}

/** The event as it is stored: what somebody else wrote in another form is JSON here as well. */
export const receivedRow = (event: ServerEvent, shown: string): Row => {
  const { type, streamId: stream, id } = event
  const { recordedAt, ...ours } = objectOf(event.metadata)
  return {
    id,
    type,
    stream,
    revision: numberOf(event.revision, shown),
    position: positionOf(event, shown),
    recordedAt: Number.isSafeInteger(recordedAt) ? (recordedAt as number) : takenAt(event),
    metadata: JSON.stringify(ours),
    data: JSON.stringify(event.data),
    bytes: null
  }
}

/** The event, or undefined when this version does not know its type. */
export const receivedEvent = (event: ServerEvent, shown: string): TestudoEvent | undefined => {
  const { type, streamId: stream, id } = event
  if (!isKnown(type)) return undefined
  const position = positionOf(event, shown)
  const revision = numberOf(event.revision, shown)
  const taken = takenAt(event)
  try {
    const metadata = metadataOf(event.metadata)
    if (!event.isJson || metadata === undefined) throw new TypeError("it was not written by Testudo")
    const { recordedAt = taken, ...ours } = metadata as typeof metadata & { recordedAt?: number }
    if (!Number.isSafeInteger(recordedAt)) throw new TypeError("its metadata has no time")
    return decodeEvent({ stream, revision, position, recordedAt, id, type, metadata: ours, data: event.data })
  } catch (error) {
    return unreadable({ id, type, stream, revision, position, recordedAt: taken }, error)
  }
}
