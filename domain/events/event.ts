/**
 * What every event of Testudo has in common: an envelope that the store keeps and data that a schema describes.
 *
 * An event type is declared once, with {@link declareEvent}, in a file of this folder, one for each concern. Its data is plain JSON:
 * times are RFC 3339 text in UTC, durations are Go duration text, so that a log can be read by people and by any tool.
 */
import * as Schema from "effect/Schema"

/**
 * What caused an event. The names are EventStoreDB's conventions, so that its own tools show the chain.
 * A reference to one line of a log batch is this id and the line's index, because revisions change when a log is copied.
 */
export interface EventMetadata {
  /** Id of the event that directly caused this one. */
  readonly $causationId?: string
  /** Id of the event at the beginning of the chain. */
  readonly $correlationId?: string
  /** Version of the event's schema. */
  readonly version: number
}

/** An event that is not stored yet. */
export interface ProposedEvent<Type extends string = string, Data = unknown> {
  /** A UUID in lower case. Derived ids (see `derived-id.ts`) make a retry recognisable. */
  readonly id: string
  readonly type: Type
  readonly data: Data
  readonly metadata: EventMetadata
}

/** An event as a store gives it back. */
export interface RecordedEvent<Type extends string = string, Data = unknown> extends ProposedEvent<Type, Data> {
  readonly stream: string
  /** Place in its stream, from 0 without a gap. */
  readonly revision: number
  /** Place in the whole log: strictly increasing, not contiguous, never negative. */
  readonly position: number
  /** When the store took it, in milliseconds since 1970. */
  readonly recordedAt: number
}

/** What data of one version becomes in the next. It gets whatever a store holds: the next version's schema judges it. */
export type Upcaster = (data: Readonly<Record<string, unknown>>) => unknown

/** One event type: its name, its current version and the schema of its data. */
export interface EventType<Type extends string, Data> {
  readonly type: Type
  readonly version: number
  readonly schema: Schema.Codec<Data, unknown>
  /** The streams that it stands on, as people write them: `offender-<scope>:<value>`. */
  readonly stream: string
  /** What it tells, in one sentence. */
  readonly tells: string
  /** The key of the data that holds bytes, if any: a store may keep them beside the JSON. In JSON they are base64. */
  readonly bytes?: string | undefined
  /**
   * Checks the data of an event that came from outside this process, after bringing it from its version (default: the
   * current one) to the current one. Throws a `SchemaError`.
   */
  readonly decode: (data: unknown, version?: number) => Data
  /** Whether these are data of the current version, as they stand. Makes no copy of them. */
  readonly fits: (data: unknown) => boolean
  /** An event of this type, ready to append. */
  readonly propose: (
    id: string,
    data: Data,
    cause?: { readonly causation: string; readonly correlation: string }
  ) => ProposedEvent<Type, Data>
  /** Whether an event is one of this type. Its data is trusted: we made it, or the store's reader has decoded it. */
  readonly is: <Event extends ProposedEvent>(event: Event) => event is Event & ProposedEvent<Type, Data>
}

export const declareEvent = <const Type extends string, Data>(options: {
  readonly type: Type
  readonly version: number
  readonly schema: Schema.Codec<Data, unknown>
  readonly stream: string
  readonly tells: string
  readonly bytes?: keyof Data & string
  /** How data of each older version becomes the next version's: one for every version from 1 on. */
  readonly upcasters?: Readonly<Record<number, Upcaster>>
}): EventType<Type, Data> => {
  const { type, version, schema, stream, tells, bytes, upcasters = {} } = options
  const decodeCurrent = Schema.decodeUnknownSync(schema) as (data: unknown) => Data
  return {
    type,
    version,
    schema,
    stream,
    tells,
    bytes,
    decode: (data, from = version) => {
      let current = data
      for (let older = from; older < version; older++) {
        if (typeof current === "object" && current !== null) current = upcasters[older]?.({ ...current }) ?? current
      }
      return decodeCurrent(current)
    },
    fits: Schema.is(schema),
    propose: (id, data, cause) => ({
      id,
      type,
      data,
      metadata:
        cause === undefined
          ? { version }
          : { version, $causationId: cause.causation, $correlationId: cause.correlation }
    }),
    is: <Event extends ProposedEvent>(event: Event): event is Event & ProposedEvent<Type, Data> => event.type === type
  }
}

/** Bytes of an event; base64 where there is nothing but JSON. */
export const Bytes = Schema.Union([Schema.Uint8Array, Schema.Uint8ArrayFromBase64])

/** RFC 3339 text in UTC, such as `2026-11-22T07:00:00.125Z`. */
export const Timestamp = Schema.String.annotate({
  description: "time, RFC 3339 in UTC",
  examples: ["2026-11-22T07:00:00.125Z"]
}).check(Schema.isPattern(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/))

/** SHA-256 in lower-case hexadecimal. */
export const Sha256 = Schema.String.annotate({
  description: "SHA-256 in hexadecimal",
  examples: ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]
}).check(Schema.isPattern(/^[0-9a-f]{64}$/))
