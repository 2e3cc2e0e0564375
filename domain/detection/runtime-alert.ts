/** From a bucket that ran over to the alert about it (spec detection.md §8.1). */
import { parseAddress } from "../net/address.ts"
import { formatPrefix, parsePrefix } from "../net/prefix.ts"
import { formatDuration } from "../time/duration.ts"
import { formatTimestamp } from "../time/instant.ts"
import { Time } from "../expression/time.ts"
import { Alert, AlertEvent, type AlertMeta, AlertSource, RuntimeAlert } from "./alert.ts"
import type { Bucket } from "./bucket.ts"
import { attempt } from "./pass.ts"
import { OVFLW, type PipelineEvent } from "./pipeline-event.ts"
import type { Scenario } from "./scenario.ts"

/** How much of a line an alert keeps, in characters. */
const longestText = 1_024

/** undefined when nobody can be named: an event without the address that the scope asks for, or no source at all. */
export const runtimeAlert = (bucket: Bucket): RuntimeAlert | undefined => {
  const { rule } = bucket.scenario
  const sources = sourcesOf(bucket)
  if (sources === undefined || sources.size === 0) return undefined
  const events = bucket.queue.Queue.map(alertEvent)
  const runtime = new RuntimeAlert()
  runtime.Mapkey = bucket.Mapkey
  runtime.BucketId = bucket.scenario.identity
  runtime.Reprocess = rule.reprocess
  runtime.Sources = sources
  runtime.APIAlerts = Array.from(sources.values(), (source) =>
    Object.assign(new Alert(), {
      Scenario: rule.name,
      ScenarioHash: rule.origin.hash,
      ScenarioVersion: rule.origin.version,
      Capacity: rule.capacity,
      EventsCount: bucket.Total_count,
      Leakspeed: formatDuration(rule.leakspeedNs),
      Message: messageOf(bucket, sources),
      StartAt: formatTimestamp(bucket.first / 1000),
      StopAt: formatTimestamp(bucket.overflowed / 1000),
      Remediation: rule.labels["remediation"] === true,
      Events: events,
      // The same object: what a postoverflow writes to the one is read from the other.
      Source: source,
      Labels: rule.labels
    })
  )
  return runtime
}

/** `Ip 1.2.3.4 performed 't' (3 events over 2s) at 2020-01-01 10:00:02 +0000 UTC` */
const messageOf = (bucket: Bucket, sources: ReadonlyMap<string, AlertSource>): string => {
  const who = sources.size === 1 ? [...sources.keys()][0] : `${sources.size} sources`
  const span = formatDuration(BigInt(Math.round(bucket.overflowed - bucket.first)) * 1000n)
  const last = new Time(BigInt(bucket.last) * 1000n)
  return `${bucket.scenario.rule.scope.type} ${who} performed '${bucket.Name}' (${bucket.Total_count} events over ${span}) at ${last}`
}

/** An event may be in many queues that run over: what alerts show of it is made once, as long as nobody writes to it. */
const alertEvent = (event: PipelineEvent): AlertEvent => {
  const { shown } = event
  if (shown !== undefined && shown.edits === event.edits) return shown.alertEvent
  const alertEvent = new AlertEvent({
    Meta: metaOf(event),
    Timestamp: event.MarshaledTime === "" ? event.Time.toRfc3339() : event.MarshaledTime,
    reference: event.reference,
    at: event.at,
    text: event.Line.Raw.slice(0, longestText)
  })
  event.shown = { alertEvent, edits: event.edits }
  return alertEvent
}

const metaOf = ({ Meta }: PipelineEvent): ReadonlyArray<AlertMeta> =>
  [...Meta.keys()].sort().map((Key) => ({ Key, Value: Meta.get(Key)! }))

/** Who did it, by the key that the alert has for him; undefined when an event cannot say. */
const sourcesOf = ({ scenario, queue }: Bucket): Map<string, AlertSource> | undefined => {
  const sources = new Map<string, AlertSource>()
  const isIp = scenario.rule.scope.type === "Ip"
  for (const [index, event] of queue.Queue.entries()) {
    // Of events from the same address only the last one's source would stay.
    if (isIp && isSameSource(event, queue.Queue[index + 1])) continue
    if (event.Type === OVFLW) {
      for (const [key, source] of event.Overflow.Sources) fromOverflow(scenario, event, key, source, sources)
      continue
    }
    const source = fromLine(scenario, event)
    if (source === undefined) return undefined
    sources.set(isIp ? source.IP : source.Value, source)
  }
  return sources
}

const isSameSource = (event: PipelineEvent, next: PipelineEvent | undefined): boolean =>
  next !== undefined &&
  event.Type !== OVFLW &&
  next.Type !== OVFLW &&
  event.Meta.get("source_ip") === next.Meta.get("source_ip")

const fromLine = (scenario: Scenario, event: PipelineEvent): AlertSource | undefined => {
  const source = new AlertSource()
  source.Scope = scenario.rule.scope.type
  if (source.Scope !== "Ip" && source.Scope !== "Range") {
    source.Value = scopeValue(scenario, event) ?? ""
    return source
  }
  const { Meta, Enriched } = event
  const address = Meta.get("source_ip")
  if (address === undefined || parseAddress(address) === undefined) return undefined
  source.IP = address
  source.AsNumber = Enriched.get("ASNumber") ?? Enriched.get("ASNNumber") ?? ""
  source.AsName = Enriched.get("ASNOrg") ?? ""
  source.Cn = Enriched.get("IsoCode") ?? ""
  source.Latitude = degrees(Enriched.get("Latitude"))
  source.Longitude = degrees(Enriched.get("Longitude"))
  const range = parsePrefix(Meta.get("SourceRange") ?? "")
  if (range !== undefined) source.Range = formatPrefix(range)
  source.Value = source.Scope === "Ip" ? address : (scopeValue(scenario, event) ?? source.Range)
  return source.Value === "" ? undefined : source
}

/** An overflow brings its sources; those of another scope count only where a range is asked for and an address known. */
const fromOverflow = (
  scenario: Scenario,
  event: PipelineEvent,
  key: string,
  source: AlertSource,
  sources: Map<string, AlertSource>
): void => {
  const scope = scenario.rule.scope.type
  if (source.Scope === scope) sources.set(key, source.copy())
  else if (scope === "Range" && source.Scope === "Ip") {
    const widened = source.copy()
    widened.Scope = scope
    widened.Value = scopeValue(scenario, event) ?? source.Range
    if (widened.Value !== "") sources.set(widened.Value, widened)
  }
}

/** What the scope's expression gives, "" when it is no text; undefined when the scope has none. */
const scopeValue = (scenario: Scenario, event: PipelineEvent): string | undefined => {
  if (scenario.scope === undefined) return undefined
  const value = attempt(scenario.scope, { evt: event })
  return typeof value === "string" ? value : ""
}

/** CrowdSec keeps degrees in 32 bits. */
const degrees = (text: string | undefined): number => {
  const value = Number(text ?? "")
  return Number.isFinite(value) ? Math.fround(value) : 0
}
