import { daysSinceEpoch, millisecondsPerDay } from "../../time/calendar.ts"
import { layoutReader, type ReadLayout } from "../../time/layout.ts"
import type { ParsedTime } from "../../time/reading.ts"
import { instantAt, isZone, offsetAt } from "../../time/zone.ts"
import { Duration, durationType } from "../duration.ts"
import type { FunctionDeclaration } from "../environment.ts"
import { declare } from "../environment.ts"
import { EvaluationError } from "../error.ts"
import { limit } from "../limit.ts"
import { Time, timeType, Zone, zoneType } from "../time.ts"
import { stringType } from "../type.ts"

/** Those that are tried when none is given. */
const usual = [
  "2006-01-02",
  "15:04:05",
  "2006-01-02 15:04:05",
  "2006-01-02T15:04:05Z07:00",
  "02 Jan 06 15:04 MST",
  "Monday, 02-Jan-06 15:04:05 MST",
  "Mon, 02 Jan 2006 15:04:05 MST"
]

const layoutOf = (layout: string): ReadLayout => {
  if (layout.length > limit.layoutLength) throw new EvaluationError("the layout of a date is too long")
  return layoutReader(layout)
}

const zoneNamed = (name: string): Zone => {
  const zone = name === "" ? "UTC" : name
  // The machine's own zone must not decide.
  if (zone === "Local" || !isZone(zone))
    throw new EvaluationError(`${JSON.stringify(name.slice(0, 64))} is no time zone`)
  return new Zone(zone)
}

/** What a text without a year, month or day means, is of the year 0 or the first: Go's `time.Parse`. */
const timeOf = (parsed: ParsedTime, zone: string): Time => {
  const { year = 0, month, day, hour, minute, second, nanosecond, offset } = parsed
  const local = daysSinceEpoch(year, month, day) * millisecondsPerDay + ((hour * 60 + minute) * 60 + second) * 1000
  const instant = offset === undefined ? instantAt(zone, local) : local - offset * 1000
  // That of the instant: a time that no clock of the zone shows is shown as the one that its clocks had instead.
  return new Time(BigInt(instant) * 1_000_000n + BigInt(nanosecond), offset ?? offsetAt(zone, instant))
}

const date = (text: string, layout: string | undefined, zone: string): Time => {
  for (const each of layout === undefined ? usual : [layout]) {
    const parsed = text.length > limit.dateLength ? undefined : layoutOf(each)(text)
    if (parsed !== undefined) return timeOf(parsed, zone)
  }
  throw new EvaluationError(
    `${JSON.stringify(text.slice(0, 64))} is not a date${layout === undefined ? "" : ` of the layout ${layout}`}`
  )
}

export const dateBuiltins: ReadonlyArray<FunctionDeclaration> = [
  declare("duration", [stringType], durationType, (_, text: string) => Duration.parse(text)),
  declare("timezone", [stringType], zoneType, (_, name: string) => zoneNamed(name)),
  // `date(text, layout, zone)` or `date(timezone(zone), text, layout)`: the layout and the zone may be left out.
  declare(
    "date",
    [[stringType, zoneType], stringType, stringType],
    timeType,
    (_, first: string | Zone, second?: string, third?: string) => {
      if (typeof first === "string") return date(first, second, third === undefined ? "UTC" : zoneNamed(third).name)
      if (second === undefined) throw new EvaluationError("date needs a text after the time zone")
      return date(second, third, first.name)
    },
    { required: 1 }
  )
]
