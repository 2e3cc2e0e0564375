/** An event as it is stored, of whatever type and version, and as one of ours. */
import { declarationOf, decodeEvent, type TestudoEvent } from "../../domain/events/catalogue.ts"
import type { ProposedEvent } from "../../domain/events/event.ts"
import { unreadable } from "../../domain/events/unreadable.ts"
import type { StoredEvent } from "./chain.ts"
import { metadataOf, withBytes } from "./proposal.ts"

/** An event as it is stored: unchecked, with its metadata and data as JSON text. */
export interface Row extends StoredEvent {
  /** What the type keeps beside its JSON; null where the store keeps all of it in the JSON. */
  readonly bytes: Uint8Array | null
}

/** What its data takes. */
export const bytesOf = ({ data, bytes }: Row): number => data.length + (bytes?.length ?? 0)

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

/** Whether the text is what parsing and writing it again gives: nothing of it is lost on the way into another store. */
const isPlain = (text: string, value: unknown): boolean => JSON.stringify(value) === text

/** The same event for another store; undefined when that could not give it back as it is. */
export const proposedFrom = ({ id, type, metadata, data, bytes }: Row): ProposedEvent | undefined => {
  const [about, value] = [JSON.parse(metadata), JSON.parse(data)] as [unknown, unknown]
  const known = metadataOf(about)
  if (known === undefined || !isPlain(metadata, about) || !isPlain(data, value)) return undefined
  const declared = declarationOf(type)
  if (bytes !== null) {
    return declared?.bytes === undefined
      ? undefined
      : { id, type, metadata: known, data: withBytes(type, value, bytes) }
  }
  // A store that keeps bytes beside the JSON shall do so, but what an older version wrote into the JSON stays there.
  const inside = declared?.bytes !== undefined && known.version === declared.version
  const text = inside ? (value as Readonly<Record<string, unknown>> | null)?.[declared.bytes] : undefined
  return {
    id,
    type,
    metadata: known,
    data: typeof text === "string" ? withBytes(type, value, Buffer.from(text, "base64")) : value
  }
}
