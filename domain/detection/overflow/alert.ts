/**
 * What expressions see of an overflow: `evt.Overflow` and all below it. Field and method names are those of CrowdSec's
 * Go structs, because rules spell them so.
 */
import type { LineReference } from "../../events/log-batch.ts"
import { bytesOf, type WrittenEvent, writtenEvent } from "./evidence.ts"

/** Who did it (Go: `models.Source`). */
export class AlertSource {
  IP = ""
  Range = ""
  AsNumber = ""
  AsName = ""
  Cn = ""
  Latitude = 0
  Longitude = 0
  Scope = ""
  Value = ""

  GetScope(): string {
    return this.Scope
  }

  GetValue(): string {
    return this.Value
  }

  copy(): AlertSource {
    return Object.assign(new AlertSource(), this)
  }
}

/** One key with its value in the list that an alert keeps of an event's meta. */
export interface AlertMeta {
  readonly Key: string
  readonly Value: string
}

/** One queued event as the alert shows it (Go: `models.Event`). */
export class AlertEvent {
  /** Sorted by key. */
  readonly Meta: ReadonlyArray<AlertMeta>
  /** The event's own time stamp text, or its detection time. */
  readonly Timestamp: string
  /** Where the event is in the log, and when it was detected, in microseconds since 1970. */
  readonly reference: LineReference
  readonly at: number
  /** The beginning of the line; empty for an overflow. */
  readonly text: string
  #written: WrittenEvent | undefined
  #bytes: number | undefined

  constructor(fields: Pick<AlertEvent, "Meta" | "Timestamp" | "reference" | "at" | "text">) {
    this.Meta = fields.Meta
    this.Timestamp = fields.Timestamp
    this.reference = fields.reference
    this.at = fields.at
    this.text = fields.text
  }

  /** It never changes and alerts share it: it is written down once. */
  get written(): WrittenEvent {
    this.#written ??= writtenEvent(this)
    return this.#written
  }

  /** Of the JSON of that. */
  get bytes(): number {
    this.#bytes ??= bytesOf(this.written)
    return this.#bytes
  }

  GetMeta(key: string): string {
    return this.Meta.find((meta) => meta.Key === key)?.Value ?? ""
  }
}

/** What an alert has until it is about somebody; nothing writes to it. */
const nobody = new AlertSource()

/** One alert about one source (Go: `models.Alert`). */
export class Alert {
  Scenario = ""
  ScenarioHash = ""
  ScenarioVersion = ""
  Capacity = 0
  EventsCount = 0
  Leakspeed = "0s"
  Message = ""
  /** RFC 3339. */
  StartAt = ""
  StopAt = ""
  Simulated = false
  Kind = "crowdsec"
  Remediation = false
  Events: ReadonlyArray<AlertEvent> = []
  /** What `contexts/` tell about its events, sorted by key. */
  Meta: ReadonlyArray<AlertMeta> = []
  Source: AlertSource = nobody
  Labels: Readonly<Record<string, unknown>> = {}

  GetScope(): string {
    return this.Source.Scope
  }

  GetValue(): string {
    return this.Source.Value
  }

  GetScenario(): string {
    return this.Scenario
  }

  GetEventsCount(): number {
    return this.EventsCount
  }

  GetMeta(key: string): string {
    return this.Meta.find((meta) => meta.Key === key)?.Value ?? ""
  }

  /** The first non-empty value among the meta of its events. */
  metaOfEvents(key: string): string {
    for (const event of this.Events) {
      const value = event.GetMeta(key)
      if (value !== "") return value
    }
    return ""
  }
}

/** A bucket that ran over (Go: `RuntimeAlert`). */
export class RuntimeAlert {
  /** Key of the bucket. */
  Mapkey = ""
  BucketId = ""
  Whitelisted = false
  Reprocess = false
  Sources: Map<string, AlertSource> = new Map()
  /** One for each source, in the same order and with the same objects. */
  APIAlerts: ReadonlyArray<Alert> = []

  /** The first of `APIAlerts`; nil when there is nothing to report. */
  get Alert(): Alert | undefined {
    return this.APIAlerts[0]
  }

  GetSources(): ReadonlyArray<string> {
    return [...this.Sources.keys()]
  }

  /** Its sources are a postoverflow's to rewrite; the events never change and are shared. */
  copy(): RuntimeAlert {
    const sources = Array.from(this.Sources, ([key, source]) => [key, source.copy()] as const)
    return Object.assign(new RuntimeAlert(), this, {
      Sources: new Map(sources),
      APIAlerts: this.APIAlerts.map((alert, index) => Object.assign(new Alert(), alert, { Source: sources[index]![1] }))
    })
  }
}
