/** What an `OverflowRaised` says: the alert about one source with the bounded evidence that it rests on. */
import type { Evidence, Overflow, Reprocess, Source } from "../events/overflow.ts"
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

const evidenceOf = (events: ReadonlyArray<AlertEvent>): ReadonlyArray<Evidence> => {
  const kept: Array<Evidence> = []
  let left = evidenceBudget
  for (let i = events.length - 1; i >= Math.max(0, events.length - mostEntries); i--) {
    const { entry, size } = events[i]!.evidence
    left -= size
    // The event that made the bucket run over is always there.
    if (left < 0 && kept.length > 0) break
    kept.push(entry)
  }
  return kept.reverse()
}

export interface EvidenceEntry {
  readonly entry: Evidence
  /** In characters. */
  readonly size: number
}

/** What alerts show of an event, as an `OverflowRaised` holds it. */
export const evidenceEntry = (event: AlertEvent): EvidenceEntry => {
  const pairs: Array<[key: string, value: string]> = []
  const text = event.text.toWellFormed()
  let size = text.length
  for (let i = 0; i < event.Meta.length && i < mostMeta; i++) {
    const key = cut(event.Meta[i]!.Key)
    const value = cut(event.Meta[i]!.Value)
    pairs.push([key, value])
    size += key.length + value.length
  }
  const entry: Evidence = {
    event: event.reference.event,
    line: event.reference.line,
    at: formatTimestamp(event.at / 1000),
    text,
    // `fromEntries` defines properties: even a key such as `__proto__` is mere data.
    meta: Object.fromEntries(pairs)
  }
  return { entry, size }
}

/** Half a surrogate pair would not survive the way through UTF-8. */
const cut = (text: string): string => (text.length > longestMeta ? text.slice(0, longestMeta) : text).toWellFormed()
