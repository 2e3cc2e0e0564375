import type { Source } from "../../events/overflow.ts"
import type { StructType } from "../type.ts"
import { arrayOf, boolType, field, floatType, intType, method, stringType, struct } from "../type.ts"

/** Who did it. `Latitude` and `Longitude` are plain numbers. */
export interface SourceObject {
  readonly IP: string
  readonly Range: string
  readonly AsNumber: string
  readonly AsName: string
  readonly Cn: string
  readonly Latitude: number
  readonly Longitude: number
  readonly Scope: string
  readonly Value: string
}

/** The source of an event of the log. */
export const sourceObject = (source: Source): SourceObject => ({
  IP: source.ip ?? "",
  Range: source.range ?? "",
  AsNumber: source.asNumber ?? "",
  AsName: source.asName ?? "",
  Cn: source.country ?? "",
  Latitude: source.latitude ?? 0,
  Longitude: source.longitude ?? 0,
  Scope: source.scope,
  Value: source.value
})

/** One key with its value. */
export interface MetaItem {
  readonly Key: string
  readonly Value: string
}

/** The entries of an event of the log. */
export const metaItems = (meta: Readonly<Record<string, string>>): ReadonlyArray<MetaItem> =>
  Object.entries(meta).map(([Key, Value]) => ({ Key, Value }))

/** One event of an alert: a list of keys and values, and when it was. */
export interface AlertEventObject {
  readonly Timestamp: string
  readonly Meta: ReadonlyArray<MetaItem>
  readonly GetMeta: (key: string) => string
}

export interface AlertObject {
  readonly Scenario: string
  readonly ScenarioHash: string
  readonly ScenarioVersion: string
  readonly Message: string
  readonly Capacity: number
  readonly EventsCount: number
  readonly Leakspeed: string
  readonly StartAt: string
  readonly StopAt: string
  readonly Simulated: boolean
  readonly Remediation: boolean
  readonly Kind: string
  /** What `contexts/` tell about the events. */
  readonly Meta: ReadonlyArray<MetaItem>
  readonly Source: SourceObject
  readonly Events: ReadonlyArray<AlertEventObject>
  readonly GetMeta: (key: string) => string
}

const noSource: SourceObject = {
  IP: "",
  Range: "",
  AsNumber: "",
  AsName: "",
  Cn: "",
  Latitude: 0,
  Longitude: 0,
  Scope: "",
  Value: ""
}

/** CrowdSec's line about a source, such as `ip 192.0.2.1 (FR/64500)`. */
const sourceText = ({ Scope, Value, Cn, AsNumber }: SourceObject): string => {
  if (Scope === "") return "empty source"
  if (Scope !== "Ip" && Scope !== "Range") return `${Scope} ${Value}`
  const place = Cn + (AsNumber === "" ? "" : `/${AsNumber}`)
  return `${Scope.toLowerCase()} ${Value}${place === "" ? "" : ` (${place})`}`
}

export const sourceType: StructType = struct("Source", {
  goName: "github.com/crowdsecurity/crowdsec/pkg/models.Source",
  fields: () => ({
    IP: field(stringType, (source: SourceObject) => source.IP),
    Range: field(stringType, (source: SourceObject) => source.Range),
    AsNumber: field(stringType, (source: SourceObject) => source.AsNumber),
    AsName: field(stringType, (source: SourceObject) => source.AsName),
    Cn: field(stringType, (source: SourceObject) => source.Cn),
    Latitude: field(floatType, (source: SourceObject) => source.Latitude),
    Longitude: field(floatType, (source: SourceObject) => source.Longitude),
    Scope: field(stringType, (source: SourceObject) => source.Scope),
    Value: field(stringType, (source: SourceObject) => source.Value)
  }),
  methods: () => ({
    GetScope: method([], stringType, (source: SourceObject) => source.Scope),
    GetValue: method([], stringType, (source: SourceObject) => source.Value),
    GetAsNumberName: method(
      [],
      stringType,
      ({ AsNumber, AsName }: SourceObject) => (AsNumber === "0" ? "" : AsNumber) + (AsName === "" ? "" : ` ${AsName}`)
    ),
    String: method([], stringType, sourceText)
  }),
  json: [
    ["as_name", "AsName", "optional"],
    ["as_number", "AsNumber", "optional"],
    ["cn", "Cn", "optional"],
    ["ip", "IP", "optional"],
    ["latitude", "Latitude", "optional"],
    ["longitude", "Longitude", "optional"],
    ["range", "Range", "optional"],
    ["scope", "Scope"],
    ["value", "Value"]
  ],
  zero: noSource
})

const metaItemType: StructType = struct("MetaItem", {
  goName: "github.com/crowdsecurity/crowdsec/pkg/models.MetaItems0",
  fields: () => ({
    Key: field(stringType, (item: MetaItem) => item.Key),
    Value: field(stringType, (item: MetaItem) => item.Value)
  }),
  json: [
    ["key", "Key", "optional"],
    ["value", "Value", "optional"]
  ]
})

const alertEventType: StructType = struct("AlertEvent", {
  goName: "github.com/crowdsecurity/crowdsec/pkg/models.Event",
  fields: () => ({
    Timestamp: field(stringType, (event: AlertEventObject) => event.Timestamp),
    Meta: field(arrayOf(metaItemType), (event: AlertEventObject) => event.Meta)
  }),
  methods: () => ({
    GetMeta: method([stringType], stringType, (event: AlertEventObject, key: string) => event.GetMeta(key))
  }),
  json: [
    ["meta", "Meta"],
    ["timestamp", "Timestamp"]
  ]
})

export const alertType: StructType = struct("Alert", {
  goName: "github.com/crowdsecurity/crowdsec/pkg/models.Alert",
  fields: () => ({
    Scenario: field(stringType, (alert: AlertObject) => alert.Scenario),
    ScenarioHash: field(stringType, (alert: AlertObject) => alert.ScenarioHash),
    ScenarioVersion: field(stringType, (alert: AlertObject) => alert.ScenarioVersion),
    Message: field(stringType, (alert: AlertObject) => alert.Message),
    Capacity: field(intType, (alert: AlertObject) => alert.Capacity),
    EventsCount: field(intType, (alert: AlertObject) => alert.EventsCount),
    Leakspeed: field(stringType, (alert: AlertObject) => alert.Leakspeed),
    StartAt: field(stringType, (alert: AlertObject) => alert.StartAt),
    StopAt: field(stringType, (alert: AlertObject) => alert.StopAt),
    Simulated: field(boolType, (alert: AlertObject) => alert.Simulated),
    Remediation: field(boolType, (alert: AlertObject) => alert.Remediation),
    Kind: field(stringType, (alert: AlertObject) => alert.Kind),
    Meta: field(arrayOf(metaItemType), (alert: AlertObject) => alert.Meta),
    Source: field(sourceType, (alert: AlertObject) => alert.Source),
    Events: field(arrayOf(alertEventType), (alert: AlertObject) => alert.Events)
  }),
  methods: () => ({
    GetScope: method([], stringType, (alert: AlertObject) => alert.Source.Scope),
    GetValue: method([], stringType, (alert: AlertObject) => alert.Source.Value),
    GetScenario: method([], stringType, (alert: AlertObject) => alert.Scenario),
    GetEventsCount: method([], intType, (alert: AlertObject) => alert.EventsCount),
    GetMeta: method([stringType], stringType, (alert: AlertObject, key: string) => alert.GetMeta(key))
  }),
  // Without the ids that CrowdSec's server adds. There are no decisions yet.
  json: [
    ["capacity", "Capacity"],
    ["decisions", undefined],
    ["events", "Events"],
    ["events_count", "EventsCount"],
    ["kind", "Kind", "optional"],
    ["labels", undefined],
    ["leakspeed", "Leakspeed"],
    ["message", "Message"],
    ["meta", "Meta", "optional"],
    ["remediation", "Remediation", "optional"],
    ["scenario", "Scenario"],
    ["scenario_hash", "ScenarioHash"],
    ["scenario_version", "ScenarioVersion"],
    ["simulated", "Simulated"],
    ["source", "Source"],
    ["start_at", "StartAt"],
    ["stop_at", "StopAt"]
  ]
})
