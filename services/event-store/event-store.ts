/**
 * The port to the event log.
 *
 * Shaped after what EventStoreDB and an embedded store can both keep: optimistic concurrency per stream, one global
 * order, catch-up subscriptions. What differs between the implementations does not show above this port; the contract
 * suite beside it (`contract.ts`) runs on every one of them.
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import type { ProposedEvent } from "../../domain/events/event.ts"
import type { Row } from "./row.ts"

/**
 * What a writer expects of the stream: a revision (that of its last event; -1 says the same as `no_stream`), that it
 * has no events, that it has some, or nothing. Only a revision or `no_stream` makes a retry safe: see {@link EventStore}.
 */
export type ExpectedRevision = number | "no_stream" | "stream_exists" | "any"

export interface Appended {
  /** Revision of the last event written; of the stream's last event (-1 when it has none) for an empty list. */
  readonly revision: number
  /** Position of the same event. */
  readonly position: number
}

/** One stream's part of a group of appends. */
export interface StreamAppend {
  readonly stream: string
  readonly events: ReadonlyArray<ProposedEvent>
  readonly expected: ExpectedRevision
  /** The events come from another log, where they are what they are: whether their data fits its type is not asked. */
  readonly asStored?: boolean
}

/** Which events of the whole log: all when neither is given. Both given: both must hold. */
export interface EventFilter {
  readonly types?: ReadonlyArray<string>
  readonly streamPrefixes?: ReadonlyArray<string>
}

export interface ReadStreamOptions {
  /** First revision to read, inclusive. Default: the first (forwards) or last (backwards) event. */
  readonly from?: number
  readonly direction?: "forwards" | "backwards"
  /** At most so many events, at least 1. Default 1,000. */
  readonly limit?: number
}

export interface ReadAllOptions {
  /** Only events at positions greater than this one, which the store gave. Default: from the beginning. */
  readonly after?: number
  /** At most so many events, at least 1. Default 1,000. */
  readonly limit?: number
  readonly filter?: EventFilter
}

/** What a subscription gives: events in global order, and once, when history is read, the mark that it is live. */
export type Subscribed =
  | { readonly _tag: "Event"; readonly event: TestudoEvent }
  | { readonly _tag: "CaughtUp"; readonly position: number }

/** The stream is not where the writer thought. `actual` is the revision of its last event, -1 when it has none. */
export class WrongExpectedRevision extends Data.TaggedError("WrongExpectedRevision")<{
  readonly stream: string
  readonly expected: ExpectedRevision
  readonly actual: number
}> {}

/** The append breaks a rule of the port: a malformed id, type or stream name, too many bytes, a batch that mixes known and new ids. */
export class AppendRefused extends Data.TaggedError("AppendRefused")<{
  readonly stream: string
  readonly message: string
}> {}

/** The store cannot be used now: full, locked by another writer, damaged, away. The message is for people. */
export class StoreUnavailable extends Data.TaggedError("StoreUnavailable")<{
  /** Stable code of the error catalogue, such as `TST-STORE-IN-USE`. */
  readonly code: string
  readonly message: string
  readonly cause?: unknown
}> {}

export type AppendError = WrongExpectedRevision | AppendRefused | StoreUnavailable

/** Most bytes of JSON data in one append: EventStoreDB's default limit is 1 MiB. */
export const maxAppendBytes = 1_000_000

/** What a page of stored events holds at most, in bytes; one event more, so that a page always gets on. */
export const storedBytes = 4_000_000

/**
 * So many events in one append go well with others that follow the log live: EventStoreDB drops whoever follows it when an
 * append overruns a small buffer. More are taken as well, and whoever follows through this port loses nothing.
 */
export const considerateAppendEvents = 64

/**
 * **Gotchas**
 * - An append has succeeded only when it answers; what it answered survives SIGKILL and power loss.
 * - After `StoreUnavailable` the outcome is unknown: read the stream's end, then append what is missing.
 * - Repeating an append with the same ids at its exact expected revision is answered like the first time and writes
 *   nothing. Ids reveal duplicates in one stream; they do not prevent them (`any` is never safe to repeat).
 */
export class EventStore extends Context.Service<
  EventStore,
  {
    /** Appends the events to one stream: all or none, with contiguous revisions. An empty list only checks the expectation. */
    append(
      stream: string,
      events: ReadonlyArray<ProposedEvent>,
      expected: ExpectedRevision
    ): Effect.Effect<Appended, AppendError>
    /**
     * Appends to several streams with as few syncs as the store can. Each stream's part is atomic, the group is not: the
     * first part that fails is the answer, and the parts before it are written, in the given order. Those after it may be,
     * but for others of its stream.
     */
    appendGroup(group: ReadonlyArray<StreamAppend>): Effect.Effect<ReadonlyArray<Appended>, AppendError>
    /** A page of one stream; empty for a stream that does not exist. */
    readStream(
      stream: string,
      options?: ReadStreamOptions
    ): Effect.Effect<ReadonlyArray<TestudoEvent>, StoreUnavailable>
    /**
     * A page of the whole log in global order. One event can hold a megabyte: ask for few of the big ones, or subscribe,
     * which never holds more than some of them.
     */
    readAll(options?: ReadAllOptions): Effect.Effect<ReadonlyArray<TestudoEvent>, StoreUnavailable>
    /**
     * All events after a position (exclusive; from the beginning without one), history first, then as they are appended,
     * each exactly once. Reads with back-pressure: a slow consumer delays nobody.
     */
    subscribe(options?: {
      readonly after?: number
      readonly filter?: EventFilter
    }): Stream.Stream<Subscribed, StoreUnavailable>
    /** The event at exactly this position, wherever the position comes from; undefined when there is none, or none that is known here. */
    eventAt(position: number): Effect.Effect<TestudoEvent | undefined, StoreUnavailable>
    /** The last events of the log that pass the filter, at most so many (at least 1), in global order. */
    readLast(
      limit: number,
      options?: { readonly filter?: EventFilter }
    ): Effect.Effect<ReadonlyArray<TestudoEvent>, StoreUnavailable>
    /**
     * The next events after a position as they are stored, whatever their type and version, in global order: at most so
     * many, and about 4 MB of them. For whoever copies a log.
     */
    readStored(after: number, limit: number): Effect.Effect<ReadonlyArray<Row>, StoreUnavailable>
    /** The event at exactly this position as it is stored. */
    storedAt(position: number): Effect.Effect<Row | undefined, StoreUnavailable>
    /** Position of the last event, or -1 when there is none. */
    readonly head: Effect.Effect<number, StoreUnavailable>
    /**
     * Drops the events of a stream below a revision; its last event always stays. The stream shows it at once, the whole
     * log when the store cleans up (EventStoreDB: at the next scavenge). Revisions and positions of the others stay.
     */
    truncate(stream: string, before: number): Effect.Effect<void, StoreUnavailable>
    /**
     * Drops all events of a stream, as {@link truncate} does: it reads as if it had never been. Whoever appends to it may
     * expect `no_stream`; its revisions go on where they were. Deleting what is not there is no error.
     *
     * With `last` only when its last event has this revision: nothing happens when somebody has appended meanwhile.
     */
    deleteStream(stream: string, options?: { readonly last?: number }): Effect.Effect<void, StoreUnavailable>
  }
>()("testudo/EventStore") {}
