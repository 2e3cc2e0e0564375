/** Who an event is about, as alerts show it: the address that it names and what is known of it. */
import type { EventObject } from "../../expression/environment/event.ts"
import { parseAddress } from "../../net/address.ts"
import { formatPrefix, parsePrefix } from "../../net/prefix.ts"
import { fieldNames } from "../../text/fields.ts"
import { AlertSource } from "./alert.ts"

const meta = (key: string) => ({ map: "Meta", slot: fieldNames.Meta.slot(key) }) as const
const enriched = (key: string) => ({ map: "Enriched", slot: fieldNames.Enriched.slot(key) }) as const

/** All that a source is made of, in the order in which `sourceIn` takes it. */
const entries = [
  meta("source_ip"),
  meta("SourceRange"),
  enriched("ASNumber"),
  enriched("ASNNumber"),
  enriched("ASNOrg"),
  enriched("IsoCode"),
  enriched("Latitude"),
  enriched("Longitude")
] as const

/** Of the last event. Those that an alert shows are mostly about one address. */
const last: { readonly texts: Array<string | undefined>; source: AlertSource | undefined } = {
  texts: entries.map(() => undefined),
  source: undefined
}

/** Without scope and value; undefined when the event names no address. It is shared: whoever writes to it takes a copy. */
export const shownSource = (event: Pick<EventObject, "entry">): Readonly<AlertSource> | undefined => {
  let same = true
  for (let i = 0; i < entries.length; i++) {
    const text = event.entry(entries[i]!.map, entries[i]!.slot)
    if (text === last.texts[i]) continue
    last.texts[i] = text
    same = false
  }
  if (!same) last.source = sourceIn(last.texts)
  return last.source
}

const sourceIn = (texts: ReadonlyArray<string | undefined>): AlertSource | undefined => {
  const [address, range = "", number, otherNumber, name, country, latitude, longitude] = texts
  if (address === undefined || parseAddress(address) === undefined) return undefined
  const prefix = parsePrefix(range)
  return Object.assign(new AlertSource(), {
    IP: address,
    Range: prefix === undefined ? "" : formatPrefix(prefix),
    AsNumber: number ?? otherNumber ?? "",
    AsName: name ?? "",
    Cn: country ?? "",
    Latitude: degrees(latitude),
    Longitude: degrees(longitude)
  })
}

/** CrowdSec keeps degrees in 32 bits. */
const degrees = (text: string | undefined): number => {
  const value = Number(text ?? "")
  return Number.isFinite(value) ? Math.fround(value) : 0
}
