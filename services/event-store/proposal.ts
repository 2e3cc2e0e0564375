/**
 * What may be appended: the rules of the port that do not depend on what a stream holds, the same for every store.
 *
 * A server would let most of these through, and some of them for good (as seen of EventStoreDB 23.10), so
 * they are checked on this side. What is accepted here can be read back.
 */
// Compiles the schemas that stand at the border of the store: a third of the time of reading an event.
import "effect/schema/SchemaJITCompiler/enable"
import { declarationOf } from "../../domain/events/catalogue.ts"
import type { EventMetadata, ProposedEvent } from "../../domain/events/event.ts"
import { AppendRefused, type ExpectedRevision, maxAppendBytes, type StreamAppend } from "./event-store.ts"

/** An event ready to store: as text alone, or with its bytes beside it. */
export interface Proposal {
  readonly id: string
  readonly type: string
  /** JSON. */
  readonly metadata: string
  /** JSON of all the data, bytes in base64. Made when it is asked for. */
  readonly data: string
  /** JSON of the data without its bytes; the same as `data` for a type that has none. */
  readonly text: string
  readonly bytes: Uint8Array | undefined
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
  const { data: value, bytes } = apart(event)
  const text = jsonText(value)
  if (text === undefined) return refuse("the data cannot be written as JSON")
  const { id, type } = event
  if (bytes === undefined) return { id, type, metadata, data: text, text, bytes }
  return {
    id,
    type,
    metadata,
    text,
    bytes,
    get data() {
      return JSON.stringify(withBytes(type, value, Buffer.from(bytes).toString("base64")))
    }
  }
}

/** The data and the bytes that its type keeps beside it. */
const apart = ({ type, data }: ProposedEvent): { readonly data: unknown; readonly bytes: Uint8Array | undefined } => {
  const key = declarationOf(type)?.bytes
  if (key === undefined || typeof data !== "object" || data === null) return { data, bytes: undefined }
  const { [key]: bytes, ...rest } = data as Record<string, unknown>
  return bytes instanceof Uint8Array ? { data: rest, bytes } : { data, bytes: undefined }
}

/** The data with the bytes where its type has them. */
export const withBytes = (type: string, data: unknown, bytes: Uint8Array | string): unknown => {
  const key = declarationOf(type)?.bytes
  return key === undefined || typeof data !== "object" ? data : { ...data, [key]: bytes }
}

/**
 * A log never takes what it could not give back. The value stands for its text: what fits a schema of ours is plain JSON
 * (finite numbers, text, lists, objects, nothing undefined), which says the same when it is read back.
 */
const checkReadable = (stream: string, { id, type, data, metadata }: ProposedEvent): void => {
  const refuse = (why: string) => {
    throw new AppendRefused({ stream, message: `Event ${id}: the data does not fit ${type}: ${why}` })
  }
  const declared = declarationOf(type)
  if (declared === undefined) return
  if (metadata.version !== declared.version)
    refuse(`it is of version ${metadata.version}, written is version ${declared.version}`)
  if (declared.fits(data)) return
  try {
    declared.decode(data)
  } catch (error) {
    refuse(String(error instanceof Error ? error.message : error).slice(0, maxReasonLength))
  }
}

/** What the data takes in the largest form that a store keeps it in. */
export const sizeOf = ({ text, bytes }: Proposal): number =>
  Buffer.byteLength(text) + (bytes === undefined ? 0 : Math.ceil(bytes.length / 3) * 4)

const badExpectation = (expected: ExpectedRevision): boolean =>
  typeof expected === "number"
    ? !Number.isSafeInteger(expected) || expected < -1
    : expected !== "any" && expected !== "no_stream" && expected !== "stream_exists"

const checked = (
  stream: string,
  events: ReadonlyArray<ProposedEvent>,
  expected: ExpectedRevision,
  asStored: boolean
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
    bytes += sizeOf(proposal)
    if (bytes > maxAppendBytes) {
      refuse(
        `The append to ${quoted(stream)} of ${events.length} events passes ${maxAppendBytes} bytes of JSON data ` +
          `(${bytes} up to event ${event.id}): split it.`
      )
    }
    if (!asStored) checkReadable(stream, event)
    return proposal
  })
}

/** The events as text, or why the append breaks a rule of the port. */
export const proposals = ({
  stream,
  events,
  expected,
  asStored = false
}: StreamAppend): ReadonlyArray<Proposal> | AppendRefused => {
  try {
    return checked(stream, events, expected, asStored)
  } catch (error) {
    if (error instanceof AppendRefused) return error
    throw error
  }
}
