/**
 * Overflows that one engine raised and another pours again: meta-buckets over several nodes.
 *
 * What is poured is made from the event alone, so that it is the same whenever the log is read. It shows what the event
 * keeps: of the bucket's queue the last 100 events, of a line the first 1,024 characters, addresses in their canonical
 * spelling, and the detection time of each event as its `Timestamp`.
 */
import type { RecordedEvent } from "../../events/event.ts"
import { entriesOf, type Overflow, type Source } from "../../events/overflow.ts"
import { metaItems, sourceObject } from "../../expression/environment/alert.ts"
import { parseTimestamp } from "../../time/instant.ts"
import { Alert, AlertEvent, AlertSource, RuntimeAlert } from "./alert.ts"
import { microseconds } from "../detection-time.ts"
import { PipelineEvent } from "../event/pipeline-event.ts"

/** The name under which the clock of these overflows stands among those of the sources. */
export const metaSource = "@:overflows"

/** The overflow as the scenarios see it; undefined for one that is not to be poured again. */
export const pouredAgain = ({
  id,
  data,
  metadata
}: RecordedEvent<"OverflowRaised", Overflow>): PipelineEvent | undefined => {
  if (data.reprocess === undefined) return undefined
  const { identity, sources } = data.reprocess
  // Two spellings of one address have become one source.
  const shown = new Map(
    sources.map((source) => [source.scope === "Ip" ? (source.ip ?? "") : source.value, sourceOf(source)])
  )
  const events = entriesOf(data.evidence).map(
    ({ event, line, at, text, meta }) =>
      new AlertEvent({
        Meta: metaItems(meta),
        Timestamp: at,
        reference: { event, line },
        at: microseconds(parseTimestamp(at) ?? 0),
        text
      })
  )
  const meta = metaItems(data.meta ?? {})
  const alert = Object.assign(new RuntimeAlert(), {
    Mapkey: data.bucket,
    BucketId: identity,
    Reprocess: true,
    Sources: shown,
    APIAlerts: Array.from(shown.values(), (source) =>
      Object.assign(new Alert(), {
        Scenario: data.scenario.name,
        ScenarioHash: data.scenario.hash,
        ScenarioVersion: data.scenario.version,
        Capacity: data.capacity,
        EventsCount: data.eventsCount,
        Leakspeed: data.leakspeed,
        Message: data.message,
        StartAt: data.startAt,
        StopAt: data.stopAt,
        Remediation: data.remediation,
        Events: events,
        Meta: meta,
        Source: source,
        Labels: data.labels
      })
    )
  })
  const at = microseconds(parseTimestamp(data.stopAt) ?? 0)
  return PipelineEvent.ofOverflow({ event: id, line: 0 }, metadata.$correlationId ?? id, alert, at)
}

const sourceOf = (source: Source): AlertSource => Object.assign(new AlertSource(), sourceObject(source))
