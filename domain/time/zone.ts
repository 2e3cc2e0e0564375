/**
 * Time zones of the IANA database by name, such as `Europe/Paris`. What they mean comes from the engine's own tables.
 */
import { millisecondsPerDay } from "./calendar.ts"

const quarterHour = 900_000
const maxZones = 64
const maxOffsets = 4096

interface Zone {
  readonly format: Intl.DateTimeFormat
  /** Offsets in seconds by quarter of an hour: no zone changes within one. */
  readonly offsets: Map<number, number>
}

const zones = new Map<string, Zone>()

const zoneCalled = (name: string): Zone => {
  const known = zones.get(name)
  if (known !== undefined) return known
  const zone: Zone = {
    format: new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" }),
    offsets: new Map()
  }
  if (zones.size >= maxZones) zones.clear()
  zones.set(name, zone)
  return zone
}

/** Whether there is such a zone. */
export const isZone = (name: string): boolean => {
  try {
    zoneCalled(name)
    return true
  } catch {
    return false
  }
}

/** Seconds by which the zone's clocks are ahead of UTC at the instant. Throws `RangeError` for an unknown zone. */
export const offsetAt = (name: string, instant: number): number => {
  if (name === "UTC") return 0
  const zone = zoneCalled(name)
  const quarter = Math.floor(instant / quarterHour)
  const known = zone.offsets.get(quarter)
  if (known !== undefined) return known
  const parts = zone.format.formatToParts(quarter * quarterHour)
  const text = parts.find((part) => part.type === "timeZoneName")?.value ?? ""
  const found = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text)
  if (found === null) throw new RangeError(`the offset of the time zone ${name} is not understood: ${text}`)
  const size = Number(found[2] ?? 0) * 3600 + Number(found[3] ?? 0) * 60 + Number(found[4] ?? 0)
  const offset = found[1] === "-" ? -size : size
  if (zone.offsets.size >= maxOffsets) zone.offsets.clear()
  zone.offsets.set(quarter, offset)
  return offset
}

/**
 * The instant at which the zone's clocks show a local time, given in milliseconds as if it were UTC. A time that is
 * shown twice (autumn) is the first one; a time that is never shown (spring) counts on from the clock before the change.
 */
export const instantAt = (name: string, local: number): number => {
  if (name === "UTC") return local
  const before = offsetAt(name, local - millisecondsPerDay)
  const first = local - before * 1000
  if (offsetAt(name, first) === before) return first
  const after = offsetAt(name, local + millisecondsPerDay)
  const second = local - after * 1000
  return offsetAt(name, second) === after ? second : first
}
