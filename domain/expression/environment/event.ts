import { parseAddress } from "../../net/address.ts"
import type { Environment } from "../environment.ts"
import { functionsOf, variable } from "../environment.ts"
import { crowdsecFunctions } from "../functions/catalogue.ts"
import { hostFunctions } from "../functions/host.ts"
import { IpAddress, ipAddressType } from "../net-value.ts"
import type { Time } from "../time.ts"
import { timeType } from "../time.ts"
import { type FieldMap, type Fields, fieldNames } from "../../text/fields.ts"
import type { Field, StructType } from "../type.ts"
import { anyType, arrayOf, boolType, field, intType, mapOf, method, stringType, struct } from "../type.ts"
import type { AlertObject, SourceObject } from "./alert.ts"
import { alertType, sourceType } from "./alert.ts"

/** A line as it was read. */
export interface LineObject {
  readonly Raw: string
  readonly Src: string
  readonly Time: Time
  readonly Labels: Map<string, string>
  readonly Process: boolean
  readonly Module: string
}

/** What a bucket gave out. */
export interface OverflowObject {
  readonly Mapkey: string
  readonly BucketId: string
  readonly Whitelisted: boolean
  readonly Reprocess: boolean
  readonly Sources: Map<string, SourceObject>
  readonly Alert: AlertObject | undefined
  readonly APIAlerts: ReadonlyArray<AlertObject>
  readonly GetSources: () => ReadonlyArray<string>
}

/**
 * The event that expressions call `evt`. Names are those of Go, since rules use them.
 * `Time` may be a getter: it is read only by expressions that name it.
 */
export interface EventObject {
  /** 0 log line, 1 overflow, 2 appsec. */
  readonly Type: number
  /** 0 live, 1 time machine. */
  readonly ExpectMode: number
  readonly Whitelisted: boolean
  readonly WhitelistReason: string
  readonly Stage: string
  readonly Line: LineObject
  readonly Parsed: Fields
  readonly Enriched: Fields
  readonly Meta: Fields
  /** An entry of one of the three, by its slot: an event whose line is through may know it without its maps. */
  readonly entry: (map: FieldMap, slot: number) => string | undefined
  /** Values as expressions have them: maps are `Map`, floats `Float`. */
  readonly Unmarshaled: Map<string, unknown>
  readonly Overflow: OverflowObject
  readonly Time: Time
  readonly StrTime: string
  readonly StrTimeFormat: string
  readonly MarshaledTime: string
  readonly Process: boolean
  readonly GetType: () => "log" | "overflow"
  readonly ParseIPSources: () => ReadonlyArray<string>
  readonly GetMeta: (key: string) => string
  readonly SetMeta: (key: string, value: string) => boolean
  readonly SetParsed: (key: string, value: string) => boolean
}

const lineType: StructType = struct("Line", {
  goName: "github.com/crowdsecurity/crowdsec/pkg/pipeline.Line",
  printed: true,
  fields: () => ({
    Raw: field(stringType, (line: LineObject) => line.Raw),
    Src: field(stringType, (line: LineObject) => line.Src),
    Time: field(timeType, (line: LineObject) => line.Time),
    Labels: field(mapOf(stringType), (line: LineObject) => line.Labels),
    Process: field(boolType, (line: LineObject) => line.Process),
    Module: field(stringType, (line: LineObject) => line.Module)
  }),
  json: [
    ["Raw", "Raw"],
    ["Src", "Src"],
    ["Time", "Time"],
    ["Labels", "Labels"],
    ["Process", "Process"],
    ["Module", "Module"]
  ]
})

export const overflowType: StructType = struct("Overflow", {
  goName: "github.com/crowdsecurity/crowdsec/pkg/pipeline.RuntimeAlert",
  fields: () => ({
    Mapkey: field(stringType, (overflow: OverflowObject) => overflow.Mapkey),
    BucketId: field(stringType, (overflow: OverflowObject) => overflow.BucketId),
    Whitelisted: field(boolType, (overflow: OverflowObject) => overflow.Whitelisted),
    Reprocess: field(boolType, (overflow: OverflowObject) => overflow.Reprocess),
    Sources: field(mapOf(sourceType), (overflow: OverflowObject) => overflow.Sources),
    Alert: field(alertType, (overflow: OverflowObject) => overflow.Alert),
    APIAlerts: field(arrayOf(alertType), (overflow: OverflowObject) => overflow.APIAlerts)
  }),
  methods: () => ({
    GetSources: method([], arrayOf(stringType), (overflow: OverflowObject) => overflow.GetSources())
  }),
  json: [
    ["MapKey", "Mapkey", "optional"],
    ["BucketId", "BucketId", "optional"],
    ["Whitelisted", "Whitelisted", "optional"],
    ["Reprocess", "Reprocess", "optional"],
    ["Sources", "Sources", "optional"],
    ["Alert", "Alert", "optional"],
    ["APIAlerts", "APIAlerts", "optional"]
  ]
})

/** The web application firewall's part of an event: known to rules, always empty here, since Testudo has no WAF. */
const appsecType: StructType = struct("Appsec", {
  fields: () => ({
    HasInBandMatches: field(boolType, () => false),
    HasOutBandMatches: field(boolType, () => false)
  }),
  methods: () => ({
    GetName: method([], stringType, () => ""),
    GetRuleIDs: method([], arrayOf(intType), () => [])
  }),
  json: [
    ["HasInBandMatches", "HasInBandMatches"],
    ["HasOutBandMatches", "HasOutBandMatches"],
    ["MatchedRules", undefined],
    ["Vars", undefined]
  ]
})
const noAppsec = {}

const fieldsOf = (map: FieldMap, read: (event: EventObject) => Fields): Field => ({
  ...field(mapOf(stringType), read),
  entry: (name) => {
    const slot = fieldNames[map].slot(name)
    return ((event: EventObject) => event.entry(map, slot)) as (object: never) => string | undefined
  }
})

export const eventType: StructType = struct("Event", {
  goName: "github.com/crowdsecurity/crowdsec/pkg/pipeline.Event",
  fields: () => ({
    Type: field(intType, (event: EventObject) => event.Type),
    ExpectMode: field(intType, (event: EventObject) => event.ExpectMode),
    Whitelisted: field(boolType, (event: EventObject) => event.Whitelisted),
    WhitelistReason: field(stringType, (event: EventObject) => event.WhitelistReason),
    Stage: field(stringType, (event: EventObject) => event.Stage),
    Line: field(lineType, (event: EventObject) => event.Line),
    Parsed: fieldsOf("Parsed", (event) => event.Parsed),
    Enriched: fieldsOf("Enriched", (event) => event.Enriched),
    Meta: fieldsOf("Meta", (event) => event.Meta),
    Unmarshaled: field(mapOf(anyType), (event: EventObject) => event.Unmarshaled),
    Overflow: field(overflowType, (event: EventObject) => event.Overflow),
    Time: field(timeType, (event: EventObject) => event.Time),
    StrTime: field(stringType, (event: EventObject) => event.StrTime),
    StrTimeFormat: field(stringType, (event: EventObject) => event.StrTimeFormat),
    MarshaledTime: field(stringType, (event: EventObject) => event.MarshaledTime),
    Process: field(boolType, (event: EventObject) => event.Process),
    Appsec: field(appsecType, () => noAppsec)
  }),
  methods: () => ({
    GetType: method([], stringType, (event: EventObject) => event.GetType()),
    ParseIPSources: method([], arrayOf(ipAddressType), (event: EventObject) =>
      event
        .ParseIPSources()
        .filter((source) => parseAddress(source) !== undefined)
        .map((source) => new IpAddress(source))
    ),
    GetMeta: method([stringType], stringType, (event: EventObject, key: string) => event.GetMeta(key)),
    SetMeta: method(
      [stringType, stringType],
      boolType,
      (event: EventObject, key: string, value: string) => event.SetMeta(key, value),
      "writes"
    ),
    SetParsed: method(
      [stringType, stringType],
      boolType,
      (event: EventObject, key: string, value: string) => event.SetParsed(key, value),
      "writes"
    )
  }),
  json: [
    ["Type", "Type", "optional"],
    ["ExpectMode", "ExpectMode", "optional"],
    ["Whitelisted", "Whitelisted", "optional"],
    ["whitelist_reason", "WhitelistReason", "optional"],
    ["Stage", "Stage", "optional"],
    ["Line", "Line"],
    ["Parsed", "Parsed", "optional"],
    ["Enriched", "Enriched", "optional"],
    ["Unmarshaled", "Unmarshaled", "optional"],
    ["Alert", "Overflow"],
    ["Time", "Time"],
    ["StrTime", "StrTime", "optional"],
    ["StrTimeFormat", "StrTimeFormat", "optional"],
    ["MarshaledTime", "MarshaledTime", "optional"],
    ["Process", "Process", "optional"],
    ["Appsec", "Appsec"],
    ["Meta", "Meta", "optional"]
  ]
})

export interface EventScope {
  readonly evt: EventObject
}

/** Filters, statics, whitelists and groupings: they see `evt`. */
export const eventEnvironment: Environment = {
  name: "event",
  variables: new Map([["evt", variable(eventType, (scope: EventScope) => scope.evt)]]),
  functions: crowdsecFunctions
}

/** The same of a postoverflow: an overflow can wait. */
export const postoverflowEnvironment: Environment = {
  name: "postoverflow",
  variables: eventEnvironment.variables,
  functions: new Map([...crowdsecFunctions, ...functionsOf(hostFunctions)])
}
