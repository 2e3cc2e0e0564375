/** What an `OverflowRaised` says: the alert about one source with the bounded evidence that it rests on. */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js"
import { canonicalScope } from "../../decision/scope.ts"
import type { Evidence, EvidenceEntry, Overflow, Reprocess, Source } from "../../events/overflow.ts"
import type { LineReference } from "../../events/log-batch.ts"
import { formatAddress, parseAddress } from "../../net/address.ts"
import { formatTimestamp } from "../../time/instant.ts"
import type { Alert, AlertEvent, AlertMeta, AlertSource, RuntimeAlert } from "./alert.ts"

/** Entries of evidence, counted from the end of the queue. */
const mostEntries = 100
/** Keys and characters of each value that are kept of an event's meta. */
const mostMeta = 64
const longestMeta = 512
/** Sources that go with an overflow that is poured again elsewhere, and bytes of all of them. */
const mostSources = 500
const sourcesBudget = 150_000
/** Characters of all evidence together, and bytes of its JSON: keeps the event well below any store's limit. */
const evidenceBudget = 200_000
const evidenceBytes = 500_000
/** Fewer characters cannot be that many bytes: one character is six where JSON escapes it. */
const surelyFits = Math.floor(evidenceBytes / 6)
/** Characters of what a scope's expression gave; a longer one is known by its beginning and its hash. */
const longestValue = 1_024
/** Characters of a message's beginning and end that are kept of one that is longer than both. */
const messageParts = { beginning: 1_500, end: 500 }

type Written<A> = { -readonly [Key in keyof A]: A[Key] }

export const overflowData = (
  alert: Alert,
  facts: {
    readonly ruleset: string
    readonly bucket: string
    readonly trigger: LineReference
    /** Given when it is to be poured again by another engine. */
    readonly reprocess?: RuntimeAlert
  }
): Overflow => {
  const overflow: Written<Omit<Overflow, "evidence">> = {
    scenario: { name: alert.Scenario, version: alert.ScenarioVersion, hash: alert.ScenarioHash },
    ruleset: facts.ruleset,
    bucket: facts.bucket,
    // Rules also say `ip`: it is the same offender, and profiles ask for `Ip`.
    source: sourceData(alert.Source, canonicalScope(alert.Source.Scope)),
    capacity: alert.Capacity,
    leakspeed: alert.Leakspeed,
    eventsCount: alert.EventsCount,
    startAt: alert.StartAt,
    stopAt: alert.StopAt,
    message: toldMessage(alert.Message),
    remediation: alert.Remediation,
    labels: alert.Labels as Overflow["labels"],
    trigger: facts.trigger
  }
  if (alert.Meta.length > 0)
    overflow.meta = recordOf(alert.Meta.map(({ Key, Value }) => ({ Key: cut(Key), Value: Value.toWellFormed() })))
  if (facts.reprocess !== undefined) overflow.reprocess = reprocessOf(facts.reprocess)
  return Object.assign(overflow, { evidence: evidenceOf(alert.Events) })
}

const reprocessOf = ({ BucketId, APIAlerts }: RuntimeAlert): Reprocess => {
  const sources: Array<Source> = []
  let left = sourcesBudget
  for (const alert of APIAlerts.slice(0, mostSources)) {
    const source = sourceData(alert.Source, alert.Source.Scope)
    left -= bytesOf(source)
    if (left < 0) break
    sources.push(source)
  }
  return { identity: BucketId, sources }
}

/** Of its JSON. */
export const bytesOf = (value: unknown): number => utf8ToBytes(JSON.stringify(value)).length

const toldValue = (text: string): string => {
  if (text.length <= longestValue) return text.toWellFormed()
  return `${text.slice(0, longestValue).toWellFormed()}… sha256.${bytesToHex(sha256(utf8ToBytes(text)))}`
}

const toldMessage = (text: string): string => {
  const { beginning, end } = messageParts
  return text.length <= beginning + end ? text : `${text.slice(0, beginning)}…${text.slice(-end)}`.toWellFormed()
}

/** One spelling for one address, so that an offender has one dossier. */
const sourceData = (source: AlertSource, scope: string): Source => {
  const { Value, IP, Range, AsNumber, AsName, Cn, Latitude, Longitude } = source
  const data: Written<Source> = { scope, value: toldValue(scope === "Ip" ? canonical(Value) : Value) }
  if (IP !== "") data.ip = canonical(IP)
  if (Range !== "") data.range = Range
  if (AsNumber !== "") data.asNumber = cut(AsNumber)
  if (AsName !== "") data.asName = cut(AsName)
  if (Cn !== "") data.country = cut(Cn)
  if (Latitude === 0 && Longitude === 0) return data
  data.latitude = Latitude
  data.longitude = Longitude
  return data
}

const canonical = (text: string): string => {
  const address = parseAddress(text)
  return address === undefined ? text : formatAddress(address)
}

const evidenceOf = (events: ReadonlyArray<AlertEvent>): Evidence => {
  const kept = lastOf(events)
  const alike = alikeIn(kept)
  let former = ""
  const entries = kept.map(({ reference: { event, line }, written }): EvidenceEntry => {
    const { at, text, meta } = written
    const own = recordOf(meta, alike)
    if (event === former) return { line, at, text, meta: own }
    former = event
    return { event, line, at, text, meta: own }
  })
  return { meta: recordOf(alike), entries }
}

/** The events from the end on for which there is room; the one that made the bucket run over is always there. */
const lastOf = (events: ReadonlyArray<AlertEvent>): ReadonlyArray<AlertEvent> => {
  const kept = lastWithin(events, evidenceBudget, ({ written }) => written.size)
  const characters = kept.reduce((sum, { written }) => sum + written.size, 0)
  return characters <= surelyFits ? kept : lastWithin(kept, evidenceBytes, ({ bytes }) => bytes)
}

const lastWithin = (
  events: ReadonlyArray<AlertEvent>,
  budget: number,
  sizeOf: (event: AlertEvent) => number
): ReadonlyArray<AlertEvent> => {
  let left = budget
  let first = events.length
  while (first > 0 && events.length - first < mostEntries) {
    left -= sizeOf(events[first - 1]!)
    if (left < 0 && first < events.length) break
    first -= 1
  }
  return events.slice(first)
}

/** What all of them show alike; nothing for a single one, which shares with nobody. */
const alikeIn = (events: ReadonlyArray<AlertEvent>): ReadonlyArray<AlertMeta> =>
  events.length < 2
    ? []
    : events[0]!.written.meta.filter((each, place) => {
        for (let i = 1; i < events.length; i++) if (!holds(events[i]!.written.meta, each, place)) return false
        return true
      })

/** `place`: where it probably stands. */
const holds = (meta: ReadonlyArray<AlertMeta>, each: AlertMeta, place: number): boolean => {
  if (meta[place] === each) return true
  for (let i = 0; i < meta.length; i++) if (meta[i]!.Key === each.Key) return meta[i]!.Value === each.Value
  return false
}

/** All but those that are `alike`: so many of these have passed by. */
const recordOf = (meta: ReadonlyArray<AlertMeta>, alike: ReadonlyArray<AlertMeta> = []): Record<string, string> => {
  const record: Record<string, string> = {}
  let passed = 0
  for (const each of meta) {
    if (holds(alike, each, passed)) passed += 1
    // Such a key is mere data too, if it is not set but defined.
    else if (each.Key === "__proto__") Object.defineProperty(record, each.Key, { ...asData, value: each.Value })
    else record[each.Key] = each.Value
  }
  return record
}

const asData = { configurable: true, enumerable: true, writable: true }

/** What an overflow keeps of an event. */
export interface WrittenEvent {
  readonly at: string
  readonly text: string
  /** Sorted by key. */
  readonly meta: ReadonlyArray<AlertMeta>
  /** In characters. */
  readonly size: number
}

/** What alerts show of an event, as an `OverflowRaised` holds it. */
export const writtenEvent = (event: AlertEvent): WrittenEvent => {
  const text = event.text.toWellFormed()
  const meta = fits(event.Meta)
    ? event.Meta
    : event.Meta.slice(0, mostMeta).map(({ Key, Value }) => ({ Key: cut(Key), Value: cut(Value) }))
  let size = text.length
  for (let i = 0; i < meta.length; i++) size += meta[i]!.Key.length + meta[i]!.Value.length
  return { at: formatTimestamp(event.at / 1000), text, meta, size }
}

const fits = (meta: ReadonlyArray<AlertMeta>): boolean => {
  for (let i = 0; i < meta.length; i++) if (!isKept(meta[i]!.Key) || !isKept(meta[i]!.Value)) return false
  return meta.length <= mostMeta
}

/** Whether a text is kept as it is. */
const isKept = (text: string): boolean => text.length <= longestMeta && text.isWellFormed()

/** Half a surrogate pair would not survive the way through UTF-8. */
const cut = (text: string): string => (text.length > longestMeta ? text.slice(0, longestMeta) : text).toWellFormed()
