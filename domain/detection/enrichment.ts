/** The methods of statics (spec detection.md §2.7): they add to `evt.Enriched` what is known of the value. */
import { fixedFloat } from "../expression/format.ts"
import { parseJson } from "../expression/json.ts"
import { parseDate } from "../time/date.ts"
import { formatTimestamp } from "../time/instant.ts"
import { type Arrival, detectionTime, microseconds } from "./detection-time.ts"
import { attempt, NameUnknown, type Pass } from "./pass.ts"

export type EnrichmentMethod = (pass: Pass, value: string) => void

/** The line's own time. Text that is no date counts as the time of detection, as CrowdSec takes the present. */
const ParseDate: EnrichmentMethod = (pass, value) => {
  const { evt, arrival, world } = pass
  const found = sameDate(value, evt.StrTimeFormat, arrival)
  const own = found && microseconds(found.instant)
  evt.at = detectionTime(arrival, own)
  world.time = evt.at
  pass.date = { own, text: found?.text ?? formatTimestamp(evt.at / 1000) }
  evt.Enriched.set("MarshaledTime", pass.date.text)
}

/** Neighbouring lines mostly carry the same second, so the last date is remembered. */
let last:
  | { readonly value: string; readonly layout: string; readonly arrival: Arrival; readonly found: DateFound }
  | undefined

const sameDate = (value: string, layout: string, arrival: Arrival): DateFound => {
  const { observed, zone } = arrival
  const same = last !== undefined && last.value === value && last.layout === layout
  if (same && last!.arrival.observed === observed && last!.arrival.zone === zone) return last!.found
  const found = parseDate(value, { layout, observedAt: observed / 1000, zone })
  last = { value, layout, arrival, found }
  return found
}

type DateFound = ReturnType<typeof parseDate>

const GeoIpCity: EnrichmentMethod = ({ evt, world }, address) => {
  const { city } = world.state.lookup
  if (city === undefined) return
  const found = city(address)
  evt.Enriched.set("IsoCode", found?.country ?? "")
  evt.Enriched.set("IsInEU", String(found?.inEuropeanUnion ?? false))
  evt.Enriched.set("Latitude", fixedFloat(found?.latitude ?? 0))
  evt.Enriched.set("Longitude", fixedFloat(found?.longitude ?? 0))
}

const GeoIpASN: EnrichmentMethod = ({ evt, world }, address) => {
  const { network } = world.state.lookup
  if (network === undefined) return
  const found = network(address)
  const number = String(found?.number ?? 0)
  evt.Enriched.set("ASNNumber", number)
  evt.Enriched.set("ASNumber", number)
  evt.Enriched.set("ASNOrg", found?.organization ?? "")
}

const IpToRange: EnrichmentMethod = ({ evt, world }, address) => {
  const range = world.state.lookup.network?.(address)?.range ?? ""
  if (range !== "") evt.Enriched.set("SourceRange", range)
}

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
