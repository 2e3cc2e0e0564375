/** The methods of statics (spec detection.md §2.7): they add to `evt.Enriched` what is known of the value. */
import { fixedFloat } from "../expression/format.ts"
import { fieldNames } from "../text/fields.ts"
import { Remembered } from "../text/remembered.ts"
import type { GeoLookup } from "./geo.ts"
import { parseJson } from "../expression/json.ts"
import { parseDate, parseSameDate } from "../time/date.ts"
import { formatTimestamp } from "../time/instant.ts"
import { detectionTime, microseconds } from "./detection-time.ts"
import { attempt, NameUnknown, type Pass } from "./pass.ts"

export type EnrichmentMethod = (pass: Pass, value: string) => void

/** The line's own time. Text that is no date counts as the time of detection, as CrowdSec takes the present. */
const ParseDate: EnrichmentMethod = (pass, value) => {
  const { evt, arrival, world } = pass
  const context = { layout: evt.StrTimeFormat, observedAt: arrival.observed / 1000, zone: arrival.zone }
  const found = world.shortcuts ? parseSameDate(value, context) : parseDate(value, context)
  const own = found && microseconds(found.instant)
  evt.at = detectionTime(arrival, own)
  world.time = evt.at
  pass.date = { own, text: found?.text ?? formatTimestamp(evt.at / 1000) }
  evt.Enriched.put(marshaledTime, pass.date.text)
}

const marshaledTime = fieldNames.Enriched.slot("MarshaledTime")

/** What a method adds to `evt.Enriched`, by slot. */
type Addition = ReadonlyArray<readonly [slot: number, value: string]>

const enriched = (entries: Readonly<Record<string, string>>): Addition =>
  Object.entries(entries).map(([name, value]) => [fieldNames.Enriched.slot(name), value] as const)

/** Addresses whose places are remembered, of each database. */
const mostAddresses = 32_768
const longestAddress = 64

/** A method that looks an address up in a database, which gives the same answer as long as it is the same one. */
const lookup = <Find extends object>(
  databaseOf: (geo: GeoLookup) => Find | undefined,
  addition: (find: Find, address: string) => Addition
): EnrichmentMethod => {
  const remembered = new WeakMap<object, Remembered<Addition>>()
  return ({ evt, world }, address) => {
    const find = databaseOf(world.state.lookup)
    if (find === undefined) return
    const ask = (text: string) => addition(find, text)
    let known = remembered.get(find)
    if (known === undefined) {
      known = new Remembered(mostAddresses)
      remembered.set(find, known)
    }
    const remembers = world.shortcuts && address.length <= longestAddress
    const added = remembers ? known.of(address, ask) : ask(address)
    for (let i = 0; i < added.length; i++) evt.Enriched.put(added[i]![0], added[i]![1])
  }
}

const GeoIpCity = lookup(
  ({ city }) => city,
  (city, address) => {
    const found = city(address)
    return enriched({
      IsoCode: found?.country ?? "",
      IsInEU: String(found?.inEuropeanUnion ?? false),
      Latitude: fixedFloat(found?.latitude ?? 0),
      Longitude: fixedFloat(found?.longitude ?? 0)
    })
  }
)

const GeoIpASN = lookup(
  ({ network }) => network,
  (network, address) => {
    const found = network(address)
    const number = String(found?.number ?? 0)
    return enriched({ ASNNumber: number, ASNumber: number, ASNOrg: found?.organization ?? "" })
  }
)

const IpToRange = lookup(
  ({ network }) => network,
  (network, address) => {
    const range = network(address)?.range ?? ""
    return range === "" ? [] : enriched({ SourceRange: range })
  }
)

/** Never waits: an overflow is put aside until the answer is in the log, a log line goes on without. */
const reverseDns: EnrichmentMethod = ({ evt, world, wantsName }, address) => {
  world.touched = true
  const { names, asksNames } = world.state
  const name = names.get(address, world.time)
  if (name === undefined && asksNames && wantsName) throw new NameUnknown(address)
  if (name !== undefined && name !== "") evt.Enriched.set("reverse_dns", name)
}

/** Takes the line itself for JSON, whatever the value is. */
const UnmarshalJSON: EnrichmentMethod = ({ evt }) => {
  const parsed = attempt(() => parseJson(evt.Line.Raw), {})
  if (!(parsed instanceof Map)) return
  for (const [key, value] of parsed) evt.Unmarshaled.set(key, value)
}

export const enrichmentMethods: ReadonlyMap<string, EnrichmentMethod> = new Map([
  ["ParseDate", ParseDate],
  ["GeoIpCity", GeoIpCity],
  ["GeoIpASN", GeoIpASN],
  ["IpToRange", IpToRange],
  ["reverse_dns", reverseDns],
  ["UnmarshalJSON", UnmarshalJSON]
])
