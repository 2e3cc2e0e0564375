/** From a bucket that ran over to the alert about it. */
import { formatDuration } from "../../time/duration.ts"
import { formatTimestamp } from "../../time/instant.ts"
import { Alert, AlertSource, RuntimeAlert } from "./alert.ts"
import { type AlertContext, contextOf } from "./alert-context.ts"
import type { Spilt } from "./untold.ts"
import { attempt, failed } from "../pass.ts"
import { OVFLW } from "../event/pipeline-event.ts"
import type { QueuedEvent, Shown } from "../event/queued-event.ts"
import type { Scenario } from "../bucket/scenario.ts"
import { ShownEvents } from "./shown-events.ts"

/**
 * undefined when nobody can be named: an event without the address that the scope asks for, or no source at all. Events
 * for which `shows` has no room are counted and not shown, and name nobody.
 */
export const runtimeAlert = (
  bucket: Spilt,
  contexts: ReadonlyArray<AlertContext>,
  shows = new ShownEvents()
): RuntimeAlert | undefined => {
  const { rule } = bucket.scenario
  const shown = shows.lastOf(bucket.Queue, contexts)
  const sources = sourcesOf(bucket.scenario, bucket.Queue.slice(-shown.length), shown)
  if (sources === undefined || sources.size === 0) return undefined
  const events = shown.map(({ event }) => event)
  const context = contextOf(
    contexts,
    shown.map(({ told }) => told)
  )
  const runtime = new RuntimeAlert()
  runtime.Mapkey = bucket.scenario.keyOf(bucket.group)
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
      Meta: context,
      // The same object: what a postoverflow writes to the one is read from the other.
      Source: source,
      Labels: rule.labels
    })
  )
  return runtime
}

/** `Ip 1.2.3.4 performed 't' (3 events over 2s) at 2020-01-01 10:00:02 +0000 UTC` */
const messageOf = (bucket: Spilt, sources: ReadonlyMap<string, AlertSource>): string => {
  const who = sources.size === 1 ? [...sources.keys()][0] : `${sources.size} sources`
  const span = formatDuration(BigInt(Math.round(bucket.overflowed - bucket.first)) * 1000n)
  const last = formatTimestamp(bucket.last / 1000)
  const at = `${last.slice(0, 10)} ${last.slice(11, -1)} +0000 UTC`
  return `${bucket.scenario.rule.scope.type} ${who} performed '${bucket.scenario.rule.name}' (${bucket.Total_count} events over ${span}) at ${at}`
}

/** Who did it, by the key that the alert has for him; undefined when an event cannot say. */
const sourcesOf = (
  scenario: Scenario,
  queue: ReadonlyArray<QueuedEvent>,
  shown: ReadonlyArray<Shown>
): Map<string, AlertSource> | undefined => {
  const sources = new Map<string, AlertSource>()
  const isIp = scenario.rule.scope.type === "Ip"
  for (let index = 0; index < queue.length; index++) {
    const queued = queue[index]!
    if (queued.Type === OVFLW) {
      for (const [key, source] of queued.Overflow.Sources)
        if (!fromOverflow(scenario, queued, key, source, sources)) return undefined
      continue
    }
    const who = shown[index]!.source
    // Of events from the same address only the last one's source would stay.
    const next = queue[index + 1]
    if (isIp && next !== undefined && next.Type !== OVFLW && who?.IP === shown[index + 1]!.source?.IP) continue
    const source = fromLine(scenario, queued, who)
    if (source === undefined) return undefined
    sources.set(isIp ? source.IP : source.Value, source)
  }
  return sources
}

/** `who`: what the event says of the address it is about. An empty value is nobody whom a decision could be about. */
const fromLine = (
  scenario: Scenario,
  queued: QueuedEvent,
  who: Readonly<AlertSource> | undefined
): AlertSource | undefined => {
  const scope = scenario.rule.scope.type
  const isAddress = scope === "Ip" || scope === "Range"
  const source = isAddress ? who?.copy() : new AlertSource()
  if (source === undefined) return undefined
  source.Scope = scope
  const value = scope === "Ip" ? source.IP : scopeValue(scenario, queued, source.Range)
  if (value === undefined) return undefined
  source.Value = value
  return source
}

/**
 * An overflow brings its sources; those of another scope count only where a range is asked for and an address known.
 * Whether the scope's expression did not fail.
 */
const fromOverflow = (
  scenario: Scenario,
  event: QueuedEvent,
  key: string,
  source: AlertSource,
  sources: Map<string, AlertSource>
): boolean => {
  const scope = scenario.rule.scope.type
  if (source.Scope === scope) sources.set(key, source.copy())
  else if (scope === "Range" && source.Scope === "Ip") {
    const value = scopeValue(scenario, event, source.Range)
    if (value === undefined) return false
    // It is about the range, not about one address in it.
    const widened = Object.assign(source.copy(), { IP: "", Scope: scope, Value: value })
    if (value !== "") sources.set(value, widened)
  }
  return true
}

/** What the scope's expression gives, "" when it is no text; undefined when it fails. `otherwise`: when the scope has none. */
const scopeValue = (scenario: Scenario, queued: QueuedEvent, otherwise: string): string | undefined => {
  if (scenario.scope === undefined) return otherwise
  const value = attempt(scenario.scope, { evt: queued })
  if (value === failed) return undefined
  return typeof value === "string" ? value : ""
}
