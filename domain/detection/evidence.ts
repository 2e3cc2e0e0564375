/** What an `OverflowRaised` says: the alert about one source with the bounded evidence that it rests on. */
import type { Evidence, EvidenceEntry, Overflow, Reprocess, Source } from "../events/overflow.ts"
import type { LineReference } from "../events/log-batch.ts"
import { formatAddress, parseAddress } from "../net/address.ts"
import { formatTimestamp } from "../time/instant.ts"
import type { Alert, AlertEvent, AlertSource, RuntimeAlert } from "./alert.ts"

/** Entries of evidence, counted from the end of the queue. */
const mostEntries = 100
/** Keys and characters of each value that are kept of an event's meta. */
const mostMeta = 64
const longestMeta = 512
/** Sources that go with an overflow that is poured again elsewhere. */
const mostSources = 500
/** Characters of all evidence together: keeps the event well below any store's limit. */
const evidenceBudget = 200_000

export const overflowData = (
  alert: Alert,
  facts: {
    readonly ruleset: string
    readonly bucket: string
    readonly trigger: LineReference
    /** Given when it is to be poured again by another engine. */
    readonly reprocess?: RuntimeAlert
  }
): Overflow => ({
  scenario: { name: alert.Scenario, version: alert.ScenarioVersion, hash: alert.ScenarioHash },
  ruleset: facts.ruleset,
  bucket: facts.bucket,
  source: sourceData(alert.Source),
  capacity: alert.Capacity,
  leakspeed: alert.Leakspeed,
  eventsCount: alert.EventsCount,
  startAt: alert.StartAt,
  stopAt: alert.StopAt,
  message: alert.Message,
  remediation: alert.Remediation,
  labels: alert.Labels as Overflow["labels"],
  trigger: facts.trigger,
  ...(alert.Meta.length === 0
    ? {}
    : { meta: Object.fromEntries(alert.Meta.map(({ Key, Value }) => [cut(Key), Value.toWellFormed()])) }),
  ...(facts.reprocess === undefined ? {} : { reprocess: reprocessOf(facts.reprocess) }),
  evidence: evidenceOf(alert.Events)
})

const reprocessOf = ({ BucketId, APIAlerts }: RuntimeAlert): Reprocess => ({
  identity: BucketId,
  sources: APIAlerts.slice(0, mostSources).map(({ Source }) => sourceData(Source))
})

/** One spelling for one address, so that an offender has one dossier. */
const sourceData = ({ Scope, Value, IP, Range, AsNumber, AsName, Cn, Latitude, Longitude }: AlertSource): Source => ({
  scope: Scope,
  value: (Scope === "Ip" ? canonical(Value) : Value).toWellFormed(),
  ...(IP === "" ? {} : { ip: canonical(IP) }),
  ...(Range === "" ? {} : { range: Range }),
  ...(AsNumber === "" ? {} : { asNumber: AsNumber }),
  ...(AsName === "" ? {} : { asName: AsName }),
  ...(Cn === "" ? {} : { country: Cn }),
  ...(Latitude === 0 && Longitude === 0 ? {} : { latitude: Latitude, longitude: Longitude })
})

const canonical = (text: string): string => {
  const address = parseAddress(text)
  return address === undefined ? text : formatAddress(address)
}

const evidenceOf = (events: ReadonlyArray<AlertEvent>): Evidence => {
  const kept = lastOf(events)
  const alike = alikeIn(kept)
  let former = ""
  const entries = kept.map(({ reference: { event, line }, written }): EvidenceEntry => {
    const { at, text, pairs } = written
    const own = alike.length === 0 ? pairs : pairs.filter((pair) => !holds(alike, pair))
    const entry = { line, at, text, meta: Object.fromEntries(own) }
    if (event === former) return entry
    former = event
    return { event, ...entry }
  })
  return { meta: Object.fromEntries(alike), entries }
}

/** The events from the end on for which there is room; the one that made the bucket run over is always there. */
const lastOf = (events: ReadonlyArray<AlertEvent>): ReadonlyArray<AlertEvent> => {
  let left = evidenceBudget
  let first = events.length
  while (first > 0 && events.length - first < mostEntries) {
    left -= events[first - 1]!.written.size
    if (left < 0 && first < events.length) break
    first -= 1
  }
  return events.slice(first)
}

/** What all of them show alike; nothing for a single one, which shares with nobody. */
const alikeIn = (events: ReadonlyArray<AlertEvent>): ReadonlyArray<Pair> => {
  if (events.length < 2) return []
  let alike = events[0]!.written.pairs
  for (let i = 1; i < events.length && alike.length > 0; i++) {
    const { pairs } = events[i]!.written
    alike = alike.filter((pair) => holds(pairs, pair))
  }
  return alike
}

const holds = (pairs: ReadonlyArray<Pair>, [key, value]: Pair): boolean => {
  for (let i = 0; i < pairs.length; i++) if (pairs[i]![0] === key) return pairs[i]![1] === value
  return false
}

type Pair = readonly [key: string, value: string]

/** What an overflow keeps of an event. */
export interface WrittenEvent {
  readonly at: string
  readonly text: string
  /** Sorted by key. */
  readonly pairs: ReadonlyArray<Pair>
  /** In characters. */
  readonly size: number
}

/** What alerts show of an event, as an `OverflowRaised` holds it. */
export const writtenEvent = (event: AlertEvent): WrittenEvent => {
  const pairs: Array<Pair> = []
  const text = event.text.toWellFormed()
  let size = text.length
  for (let i = 0; i < event.Meta.length && i < mostMeta; i++) {
    const key = cut(event.Meta[i]!.Key)
    const value = cut(event.Meta[i]!.Value)
    pairs.push([key, value])
    size += key.length + value.length
  }
  return { at: formatTimestamp(event.at / 1000), text, pairs, size }
}

/** Half a surrogate pair would not survive the way through UTF-8. */
const cut = (text: string): string => (text.length > longestMeta ? text.slice(0, longestMeta) : text).toWellFormed()
