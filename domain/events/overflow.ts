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

const Meta = Schema.Record(Schema.String, Schema.String)

/** One queued event that the overflow rests on. For a meta-bucket it is an `OverflowRaised` event and line 0. */
export const EvidenceEntry = Schema.Struct({
  /** Absent when it is that of the entry before. */
  event: Schema.optionalKey(LineReference.fields.event),
  line: LineReference.fields.line,
  at: Timestamp,
  /** The line's beginning, at most 1,024 characters; empty for an overflow. */
  text: Schema.String,
  /** What the alert shows of the event (`evt.Meta`), but for what all entries have alike. Keys sorted. */
  meta: Meta
})
export type EvidenceEntry = typeof EvidenceEntry.Type

/**
 * The queue at the moment of the overflow. Kept with it, so that retention of raw batches never takes an active decision's
 * grounds away. The entries are much alike, so what they share is written once: see {@link entriesOf}.
 */
export const Evidence = Schema.Struct({
  /** What the alert shows of each of the events alike. Keys sorted. */
  meta: Meta,
  /** Oldest first, at most 100 from the queue's end, and fewer when they are long. */
  entries: Schema.Array(EvidenceEntry)
})
export type Evidence = typeof Evidence.Type

/** An entry with all that it says. */
export type WholeEntry = Required<EvidenceEntry>

/** The entries, each with its event; of their meta what they have of their own. */
export const placedEntries = ({ entries }: Evidence): ReadonlyArray<WholeEntry> => {
  let event = ""
  return entries.map(({ line, at, text, meta, event: own }) => {
    event = own ?? event
    return { event, line, at, text, meta }
  })
}

/** The entries, each as if it stood alone: with its event, and all its meta sorted by key. */
export const entriesOf = (evidence: Evidence): ReadonlyArray<WholeEntry> => {
  const alike = Object.entries(evidence.meta)
  return placedEntries(evidence).map((entry) => {
    const pairs = [...alike, ...Object.entries(entry.meta)].sort(([left], [right]) => (left < right ? -1 : 1))
    return { ...entry, meta: Object.fromEntries(pairs) }
  })
}

export const Reprocess = Schema.Struct({
  /** Identity of the scenario: the hash of its document. */
  identity: Sha256,
  /** The sources of the bucket, in their order, at most 500, and fewer when they are long. */
  sources: Schema.Array(Source)
})
export type Reprocess = typeof Reprocess.Type

/** Deeper than any rule goes, and far from what a stack holds. */
const deepest = 1_000

const isJson = (value: unknown, depth = 0): boolean => {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return true
  if (typeof value === "number") return Number.isFinite(value)
  if (typeof value !== "object" || depth > deepest) return false
  if (!Array.isArray(value) && !isPlain(value)) return false
  // A gap in a list counts as undefined here, which is no JSON.
  for (const item of Array.isArray(value) ? value : Object.values(value)) if (!isJson(item, depth + 1)) return false
  return true
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** `Schema.Json`, but checked by one plain function: it is looked through with every overflow. */
const Json = Schema.Unknown.check(Schema.makeFilter((value: unknown) => isJson(value))) as Schema.Codec<Schema.Json>

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
  labels: Schema.Record(Schema.String, Json),
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
  evidence: Evidence
})
export type Overflow = typeof Overflow.Type

export const OverflowRaised = declareEvent({
  type: "OverflowRaised",
  version: 2,
  schema: Overflow,
  stream: "offender-<scope>:<value>",
  tells: "A bucket ran over; with the evidence.",
  upcasters: {
    // Every entry said all of it.
    1: (data) => ({ ...data, evidence: { meta: {}, entries: data["evidence"] } })
  }
})
