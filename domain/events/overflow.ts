/** `OverflowRaised`: a bucket ran over, on the stream of its offender. */
import * as Schema from "effect/Schema"
import { declareEvent, Sha256, Timestamp } from "./event.ts"
import { LineReference } from "./log-batch.ts"

/** Who did it, with what enrichment knew of the address. Field names in the words of CrowdSec's alert source. */
export const Source = Schema.Struct({
  scope: Schema.String,
  value: Schema.String,
  ip: Schema.optionalKey(Schema.String),
  range: Schema.optionalKey(Schema.String),
  asNumber: Schema.optionalKey(Schema.String),
  asName: Schema.optionalKey(Schema.String),
  country: Schema.optionalKey(Schema.String),
  latitude: Schema.optionalKey(Schema.Finite),
  longitude: Schema.optionalKey(Schema.Finite)
})
export type Source = typeof Source.Type

/**
 * One queued event that the overflow rests on. For a meta-bucket the reference is an `OverflowRaised` event and line 0.
 * Kept with the overflow, so that retention of raw batches never takes an active decision's grounds away.
 */
export const Evidence = Schema.Struct({
  ...LineReference.fields,
  at: Timestamp,
  /** The line's beginning, at most 1,024 characters; empty for an overflow. */
  text: Schema.String,
  /** What the alert shows of the event (`evt.Meta`), keys sorted. */
  meta: Schema.Record(Schema.String, Schema.String)
})
export type Evidence = typeof Evidence.Type

export const Reprocess = Schema.Struct({
  /** Identity of the scenario: the hash of its document. */
  identity: Sha256,
  /** All sources of the bucket, in their order, at most 500. */
  sources: Schema.Array(Source)
})
export type Reprocess = typeof Reprocess.Type

export const Overflow = Schema.Struct({
  scenario: Schema.Struct({ name: Schema.String, version: Schema.String, hash: Sha256 }),
  ruleset: Sha256,
  /** Key of the bucket: hex SHA-1 of filter, group and scenario name. */
  bucket: Schema.String,
  source: Source,
  capacity: Schema.Int,
  /** Go duration text, `0s` for triggers. */
  leakspeed: Schema.String,
  /** All events that were ever poured into the bucket, also those that leaked. */
  eventsCount: Schema.Int,
  startAt: Timestamp,
  stopAt: Timestamp,
  message: Schema.String,
  /** `labels.remediation` of the scenario. */
  remediation: Schema.Boolean,
  labels: Schema.Record(Schema.String, Schema.Json),
  /** The line (or, for a meta-bucket, the overflow) that made the bucket run over. */
  trigger: LineReference,
  /** What `contexts/` tell about the events, sorted by key: each value is a JSON array of texts, at most 4,000 bytes. */
  meta: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  /**
   * It is still to be poured again, by the node that holds the meta-buckets: what that needs beside the rest. Absent when
   * the scenario does not ask for it, when the engine that raised it has done so itself, and for all but the first of
   * several overflows of one bucket, which are poured as one.
   */
  reprocess: Schema.optionalKey(Reprocess),
  /** The queue at that moment, oldest first, at most 100 entries from its end. */
  evidence: Schema.Array(Evidence)
})
export type Overflow = typeof Overflow.Type

export const OverflowRaised = declareEvent({
  type: "OverflowRaised",
  version: 1,
  schema: Overflow,
  stream: "offender-<scope>:<value>",
  tells: "A bucket ran over; with the evidence."
})
