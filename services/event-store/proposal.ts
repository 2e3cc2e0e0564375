/**
 * What may be appended: the rules of the port that do not depend on what a stream holds, the same for every store.
 *
 * A server would let most of these through, and some of them for good (spec of EventStoreDB's observed behaviour), so
 * they are checked on this side. What is accepted here can be read back: the data is decoded as it will be stored.
 */
import { decodeEvent } from "../../domain/events/catalogue.ts"
import type { EventMetadata, ProposedEvent } from "../../domain/events/event.ts"
import { AppendRefused, type ExpectedRevision, maxAppendBytes } from "./event-store.ts"

/** An event as text, ready to store. */
export interface Proposal {
  readonly id: string
  readonly type: string
  /** JSON. */
  readonly metadata: string
  /** JSON. */
  readonly data: string
}

const maxNameLength = 1000
const maxTypeLength = 200
const maxMetadataLength = 4096
const maxReasonLength = 500

const identifier = /^(?!0{8}-0{4}-0{4}-0{4}-0{12}$)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/

/** Why a stream or type cannot have this name, or undefined when it can. `$` is for the store's own streams and events. */
const badName = (name: string, most: number): string | undefined => {
  if (name === "") return "it is empty"
  if (name.startsWith("$")) return "names that start with $ belong to the store"
  if (name.length > most) return `it has ${name.length} characters, at most ${most} are allowed`
  if (controlCharacter.test(name)) return "it holds a control character"
  if (!name.isWellFormed()) return "it is not well-formed Unicode"
  return undefined
}

/** Whether a stream can have this name at all. */
export const isStreamName = (name: string): boolean => badName(name, maxNameLength) === undefined

/** Text for a message: JSON, so that hostile characters show, and short. */
const quoted = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)

const jsonText = (value: unknown): string | undefined => {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined // a cycle or a bigint
  }
}

/** The metadata that stored JSON holds, or undefined when it is none of ours. */
export const metadataOf = (value: unknown): EventMetadata | undefined => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined
  const { version, $causationId, $correlationId } = value as Record<string, unknown>
  const cause = (id: unknown) => id === undefined || typeof id === "string"
  return Number.isSafeInteger(version) && cause($causationId) && cause($correlationId)
    ? (value as EventMetadata)
    : undefined
}

const proposalOf = (stream: string, event: ProposedEvent): Proposal => {
  const refuse = (why: string) => {
    throw new AppendRefused({ stream, message: `Event ${quoted(event.id)} of type ${quoted(event.type)}: ${why}.` })
  }
  if (!identifier.test(event.id)) refuse("the id is not a UUID in lower case")
  const wrongType = badName(event.type, maxTypeLength)
  if (wrongType !== undefined) refuse(`that type is not allowed: ${wrongType}`)
  const metadata = jsonText(event.metadata) ?? ""
  if (metadata.length > maxMetadataLength) refuse(`the metadata has more than ${maxMetadataLength} characters`)
  if (metadataOf(event.metadata) === undefined || metadata === "") refuse("the metadata lacks the schema's version")
  const data = jsonText(event.data)
  if (data === undefined) return refuse("the data cannot be written as JSON")
  return { id: event.id, type: event.type, metadata, data }
}

/** A log never takes what it could not give back: the stored text, not the value at hand, has to fit the type's schema. */
const checkReadable = (stream: string, event: ProposedEvent, data: string): void => {
  try {
    decodeEvent({ ...event, data: JSON.parse(data), stream, revision: 0, position: 0, recordedAt: 0 })
  } catch (error) {
    const why = String(error instanceof Error ? error.message : error).slice(0, maxReasonLength)
    throw new AppendRefused({ stream, message: `Event ${event.id}: the data does not fit ${event.type}: ${why}` })
  }
}

const badExpectation = (expected: ExpectedRevision): boolean =>
  typeof expected === "number"
    ? !Number.isSafeInteger(expected) || expected < -1
    : expected !== "any" && expected !== "no_stream" && expected !== "stream_exists"

const checked = (
  stream: string,
  events: ReadonlyArray<ProposedEvent>,
  expected: ExpectedRevision
): ReadonlyArray<Proposal> => {
  const refuse = (message: string) => {
    throw new AppendRefused({ stream, message })
  }
  const wrongName = badName(stream, maxNameLength)
  if (wrongName !== undefined) refuse(`A stream cannot be called ${quoted(stream)}: ${wrongName}.`)
  if (badExpectation(expected)) refuse(`${quoted(String(expected))} is not something to expect of a stream.`)
  const ids = new Set<string>()
  let bytes = 0
  return events.map((event) => {
    const proposal = proposalOf(stream, event)
    if (ids.has(event.id)) refuse(`Event id ${event.id} is in the append to ${quoted(stream)} twice.`)
    ids.add(event.id)
    bytes += Buffer.byteLength(proposal.data)
    if (bytes > maxAppendBytes) {
      refuse(
        `The append to ${quoted(stream)} of ${events.length} events passes ${maxAppendBytes} bytes of JSON data ` +
          `(${bytes} up to event ${event.id}): split it.`
      )
    }
    checkReadable(stream, event, proposal.data)
    return proposal
  })
}

/** The events as text, or why the append breaks a rule of the port. */
export const proposals = (
  stream: string,
  events: ReadonlyArray<ProposedEvent>,
  expected: ExpectedRevision
): ReadonlyArray<Proposal> | AppendRefused => {
  try {
    return checked(stream, events, expected)
  } catch (error) {
    if (error instanceof AppendRefused) return error
    throw error
  }
}
