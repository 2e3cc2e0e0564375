/** What was done to the log itself, on the stream `audit`: the only events about events. */
import * as Schema from "effect/Schema"
import { declareEvent, Sha256, Timestamp } from "./event.ts"

const end = Schema.Struct({ position: Schema.Int, link: Sha256 })

const Done = {
  at: Timestamp,
  /** Who did it: the operating system's user. */
  by: Schema.String
}

/** Acknowledged events were missing, and somebody decided to go on without them. */
const Loss = Schema.Struct({
  ...Done,
  /** Where the log had come, as the head record knew; null when the record itself was lost. */
  acknowledged: Schema.NullOr(end),
  /** Where it went on. */
  found: end
})

export const LossAccepted = declareEvent({
  type: "LossAccepted",
  version: 1,
  schema: Loss,
  stream: "audit",
  tells: "Acknowledged events were missing, and somebody decided to go on without them."
})

/** Events were dropped: old ones, by the rules of retention, or those of a stream that had served its turn. */
const Drop = Schema.Struct({
  at: Timestamp,
  /** Types of the events. */
  types: Schema.Array(Schema.String),
  /** How many. The log proves that no more than the sum of these is missing. */
  events: Schema.Int,
  /** Bytes of their data. */
  bytes: Schema.Int,
  /** None was recorded later. */
  recordedUntil: Timestamp
})

export const EventsDropped = declareEvent({
  type: "EventsDropped",
  version: 1,
  schema: Drop,
  stream: "audit",
  tells: "Events were dropped: old ones, or those of a stream that had served its turn."
})

/** An erasure on a server rewrote what stands before it on its stream, to the last event. */
const Rewriting = Schema.Struct({
  at: Timestamp,
  /** The last revision that was rewritten. */
  through: Schema.Int
})

export const StreamRewritten = declareEvent({
  type: "StreamRewritten",
  version: 1,
  schema: Rewriting,
  stream: "<any>",
  tells: "An erasure on a server rewrote its stream up to here: a server keeps the last event of each stream as it is."
})

/** What the log said of one offender was erased. Of whom is not said. */
const Erasure = Schema.Struct({
  ...Done,
  /** Lines that were taken out of batches. What remains keeps the batches' commitments. */
  lines: Schema.Int,
  batches: Schema.Int,
  /** Other events that were rewritten, at most 5,000 in one event. */
  events: Schema.Array(
    Schema.Struct({
      event: Schema.String,
      /** Digest of what it says now. */
      content: Sha256
    })
  )
})

export const OffenderErased = declareEvent({
  type: "OffenderErased",
  version: 1,
  schema: Erasure,
  stream: "audit",
  tells: "What the log said of one offender was erased."
})
