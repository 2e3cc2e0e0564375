/** The methods of statics: they add to `evt.Enriched` what is known of the value. */
import { fixedFloat } from "../../expression/format/float.ts"
import { parseAddress } from "../../net/address.ts"
import { fieldNames } from "../../text/fields.ts"
import type { GeoLookup } from "../world/geo.ts"
import type { PipelineEvent } from "../event/pipeline-event.ts"
import { parseJson } from "../../expression/json.ts"
import { parseDate, parseSameDate } from "../../time/date.ts"
import { formatTimestamp } from "../../time/instant.ts"
import { detectionTime, microseconds } from "../detection-time.ts"
import { attempt, type Pass } from "../pass.ts"

export type EnrichmentMethod = (pass: Pass, value: string) => void

/** The line's own time. Text that is no date counts as the time of detection, as CrowdSec takes the present. */
const ParseDate: EnrichmentMethod = (pass, value) => {
  const { evt, arrival, world } = pass
  const read = world.shortcuts ? parseSameDate : parseDate
  const found = read(value, arrival.dates, evt.StrTimeFormat)
  evt.at = detectionTime(arrival, found && microseconds(found.instant))
  world.time = world.state.clock ?? evt.at
  pass.date = found ?? { instant: undefined, text: formatTimestamp(evt.at / 1000) }
  evt.Enriched.put(marshaledTime, pass.date.text)
}

const marshaledTime = fieldNames.Enriched.slot("MarshaledTime")

/** What a look-up adds to `evt.Enriched`, by slot. */
export type Addition = ReadonlyArray<readonly [slot: number, value: string]>

/** Looks an address up in a database; where that is missing, there is nothing to be found. */
export interface Lookup {
  readonly database: keyof GeoLookup
  /** The keys of all that it may add. */
  readonly adds: ReadonlyArray<string>
  readonly find: (geo: GeoLookup, address: string) => Addition | undefined
}

/** Most addresses share what is known of them with very many others. */
const additions = new Map<string, Addition>()
const mostAdditions = 10_000

const enriched = (entries: Readonly<Record<string, string>>): Addition => {
  const key = JSON.stringify(entries)
  const known = additions.get(key)
  if (known !== undefined) return known
  const addition = Object.entries(entries).map(([name, value]) => [fieldNames.Enriched.slot(name), value] as const)
  if (additions.size >= mostAdditions) additions.clear()
  additions.set(key, addition)
  return addition
}

const cityOf: Lookup["find"] = ({ city }, address) => {
  if (city === undefined) return undefined
  const found = city(address)
  return enriched({
    IsoCode: found?.country ?? "",
    IsInEU: String(found?.inEuropeanUnion ?? false),
    Latitude: fixedFloat(found?.latitude ?? 0),
    Longitude: fixedFloat(found?.longitude ?? 0)
  })
}

const systemOf: Lookup["find"] = ({ network }, address) => {
  if (network === undefined) return undefined
  const found = network(address)
  const number = String(found?.number ?? 0)
  return enriched({ ASNNumber: number, ASNumber: number, ASNOrg: found?.organization ?? "" })
}

const rangeOf: Lookup["find"] = ({ network }, address) => {
  const range = network?.(address)?.range ?? ""
  return range === "" ? undefined : enriched({ SourceRange: range })
}

/** Of what is no address nothing is said, not even that it is unknown. */
const ofAddress =
  (find: Lookup["find"]): Lookup["find"] =>
  (geo, text) =>
    parseAddress(text) === undefined ? undefined : find(geo, text)

/** Methods that do nothing but look an address up: the same address gives the same, as long as the databases stay. */
export const lookups: ReadonlyMap<string, Lookup> = new Map([
  ["GeoIpCity", { database: "city", adds: ["IsoCode", "IsInEU", "Latitude", "Longitude"], find: ofAddress(cityOf) }],
  ["GeoIpASN", { database: "network", adds: ["ASNNumber", "ASNumber", "ASNOrg"], find: ofAddress(systemOf) }],
  ["IpToRange", { database: "network", adds: ["SourceRange"], find: ofAddress(rangeOf) }]
])

export const add = (evt: PipelineEvent, addition: Addition | undefined): void => {
  if (addition === undefined) return
  for (let i = 0; i < addition.length; i++) evt.Enriched.put(addition[i]![0], addition[i]![1])
}

const method =
  ({ find }: Lookup): EnrichmentMethod =>
  ({ evt, world }, address) =>
    add(evt, find(world.state.lookup, address))

/** Never waits: an overflow is put aside until the answer is in the log, a log line goes on without. */
const reverseDns: EnrichmentMethod = ({ evt, world }, address) => {
  // Of anything else the DNS would be asked for addresses: by whoever writes the log.
  if (parseAddress(address) === undefined) return
  const [name] = world.resolved(address)
  if (name !== undefined) evt.Enriched.set("reverse_dns", name)
}

/** Takes the line itself for JSON, whatever the value is. */
const UnmarshalJSON: EnrichmentMethod = ({ evt, world }) => {
  const unmarshal = () => {
    world.unmarshals(evt.Line.Raw)
    return parseJson(evt.Line.Raw)
  }
  const parsed = attempt(unmarshal, {})
  if (!(parsed instanceof Map)) return
  for (const [key, value] of parsed) evt.Unmarshaled.set(key, value)
}

export const enrichmentMethods: ReadonlyMap<string, EnrichmentMethod> = new Map([
  ["ParseDate", ParseDate],
  ...Array.from(lookups, ([name, lookup]) => [name, method(lookup)] as const),
  ["reverse_dns", reverseDns],
  ["UnmarshalJSON", UnmarshalJSON]
])
