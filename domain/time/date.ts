import { dayAt, daysInMonth, daysSinceEpoch, MILLISECONDS_PER_DAY } from "./calendar.ts"
import { FIRST_INSTANT, formatClock, formatFraction, formatTimestamp, instantOf, LAST_INSTANT, pad } from "./instant.ts"
import { compileLayout } from "./layout.ts"
import type { ParsedTime } from "./reading.ts"
import { instantAt, offsetAt } from "./zone.ts"

/** When a line says that it was written. */
export interface LineDate {
  /** Milliseconds since 1970. */
  readonly instant: number
  /** RFC 3339 with the zone that the line named, else the source's: what hub content knows as `MarshaledTime`. */
  readonly text: string
}

export interface DateContext {
  /** A Go layout to try before all others. */
  readonly layout?: string | undefined
  /** When the line was observed, in milliseconds since 1970: decides the year where the line has none. */
  readonly observedAt: number
  /** IANA zone of dates that name none. It must exist: see `isZone`. */
  readonly zone: string
}

type Read = (text: string) => ParsedTime | undefined

/** CrowdSec's layouts, in its order. */
const LAYOUTS: ReadonlyArray<Read> = [
  "2006-01-02T15:04:05Z07:00",
  "02/Jan/2006:15:04:05 -0700",
  "Mon Jan 2 15:04:05 2006",
  "02-Jan-2006 15:04:05 europe/paris",
  "01/02/2006 15:04:05",
  "2006-01-02 15:04:05.999999999 -0700 MST",
  "Jan  2 15:04:05",
  "Mon Jan 02 15:04:05.000000 2006",
  "2006/01/02",
  "2006/01/02 15:04",
  "2006-01-02",
  "2006-01-02 15:04",
  "2006/01/02 15:04:05",
  "2006-01-02 15:04:05",
  "2006-01-02T15:04:05"
].map(compileLayout)

const MAX_LENGTH = 128
const MAX_OWN_LAYOUTS = 64
const ownLayouts = new Map<string, Read>()

const ownLayout = (layout: string): Read => {
  const known = ownLayouts.get(layout)
  if (known !== undefined) return known
  const read = compileLayout(layout)
  if (ownLayouts.size >= MAX_OWN_LAYOUTS) ownLayouts.clear()
  ownLayouts.set(layout, read)
  return read
}

/** The date last read, and all that it depended on: logs repeat a second many times. */
let last:
  | {
      readonly text: string
      readonly layout: string
      readonly zone: string
      /** undefined when the text named its year. */
      readonly observedAt: number | undefined
      readonly date: LineDate | undefined
    }
  | undefined

/**
 * Reads the date of a log line with the context's layout, then CrowdSec's layouts in their order, then as seconds since
 * 1970. undefined when none fits.
 *
 * A date without a year gets the latest year that puts it no later than a day after it was observed (clocks may
 * differ); CrowdSec takes the current year, and so the future for a line of last December.
 */
export const parseDate = (text: string, context: DateContext): LineDate | undefined => {
  const { layout = "", zone, observedAt } = context
  if (
    last !== undefined &&
    last.text === text &&
    last.layout === layout &&
    last.zone === zone &&
    (last.observedAt === undefined || last.observedAt === observedAt)
  ) {
    return last.date
  }
  if (text === "" || text.length > MAX_LENGTH) return undefined
  const parsed = parseFields(text, layout)
  const date = parsed === undefined ? parseUnixSeconds(text) : resolve(parsed, context)
  last = { text, layout, zone, observedAt: parsed === undefined || parsed.year ? undefined : observedAt, date }
  return date
}

const parseFields = (text: string, layout: string): ParsedTime | undefined => {
  let parsed = layout === "" || layout.length > MAX_LENGTH ? undefined : ownLayout(layout)(text)
  for (let i = 0; parsed === undefined && i < LAYOUTS.length; i++) parsed = LAYOUTS[i]!(text)
  return parsed
}

const resolve = (parsed: ParsedTime, context: DateContext): LineDate | undefined => {
  // A year of 0 says as little as none.
  const year = parsed.year || yearBefore(parsed, context)
  const local = daysSinceEpoch(year, parsed.month, parsed.day) * MILLISECONDS_PER_DAY + clockOf(parsed)
  const offset = parsed.offset
  const whole = offset === undefined ? instantAt(context.zone, local) : local - offset * 1000
  // Midnight of the first or last day may lie in a year that no time stamp can name.
  if (whole < FIRST_INSTANT || whole > LAST_INSTANT) return undefined
  return {
    instant: instantOf(whole, Math.floor(parsed.nanosecond / 1000)),
    text: formatLocal(parsed, year, offset ?? offsetAt(context.zone, whole))
  }
}

/** Milliseconds of the day, without the fraction of the second. */
const clockOf = ({ hour, minute, second }: ParsedTime): number => ((hour * 60 + minute) * 60 + second) * 1000

const MAX_SKEW = MILLISECONDS_PER_DAY

const yearBefore = (parsed: ParsedTime, { observedAt, zone }: DateContext): number => {
  const latest = observedAt + MAX_SKEW
  let year = dayAt(Math.floor(latest / MILLISECONDS_PER_DAY)).year + 1
  // At most eight years apart are two days of 29 February.
  for (const least = year - 10; year > least; year--) {
    if (parsed.day > daysInMonth(year, parsed.month)) continue
    const local = daysSinceEpoch(year, parsed.month, parsed.day) * MILLISECONDS_PER_DAY + clockOf(parsed)
    const instant = parsed.offset === undefined ? instantAt(zone, local) : local - parsed.offset * 1000
    if (instant <= latest) break
  }
  return year
}

const parseUnixSeconds = (text: string): LineDate | undefined => {
  const found = /^(\d{1,12})(?:\.\d*)?$/.exec(text)
  const seconds = found === null ? 0 : Number(found[1])
  if (seconds <= 0 || seconds * 1000 > LAST_INSTANT) return undefined
  return { instant: seconds * 1000, text: formatTimestamp(seconds * 1000) }
}

const formatLocal = (parsed: ParsedTime, year: number, offset: number): string => {
  const minutes = Math.floor(Math.abs(offset) / 60)
  const zone =
    offset === 0 ? "Z" : `${offset < 0 ? "-" : "+"}${pad(Math.floor(minutes / 60), 2)}:${pad(minutes % 60, 2)}`
  return (
    `${pad(year, 4)}-${pad(parsed.month, 2)}-${pad(parsed.day, 2)}T${formatClock(clockOf(parsed) / 1000)}` +
    `${formatFraction(parsed.nanosecond, 9)}${zone}`
  )
}
