import { ownCopy } from "../text/own-copy.ts"
import { Remembered } from "../text/remembered.ts"
import { dayAt, daysInMonth, daysSinceEpoch, millisecondsPerDay } from "./calendar.ts"
import {
  firstInstant,
  formatClock,
  formatDay,
  formatFraction,
  formatOffset,
  formatTimestamp,
  instantOf,
  lastInstant
} from "./instant.ts"
import { compileLayout, layoutReader, type ReadLayout } from "./layout.ts"
import type { ParsedTime } from "./reading.ts"
import { instantAt } from "./zone.ts"

/** When a line says that it was written. */
export interface LineDate {
  /** Milliseconds since 1970. */
  readonly instant: number
  /** RFC 3339 with the zone that the line named, else the source's: what hub content knows as `MarshaledTime`. */
  readonly text: string
}

/** What dates without a year or a zone are read by. */
export interface DateContext {
  /** When the line was observed, in milliseconds since 1970: decides the year where the line has none. */
  readonly observedAt: number
  /** IANA zone of dates that name none. It must exist: see `isZone`. */
  readonly zone: string
  /**
   * As CrowdSec takes dates, a matter of hub tests alone: one without a year is of the year in which it was observed, be
   * it in the future, and whatever follows the first dot of seconds since 1970 is let pass, so `12.02.2024` is 12 s.
   */
  readonly asInTests?: boolean
}

/** CrowdSec's layouts, in its order. Each begins with a name or with digits. */
const layouts: ReadonlyArray<{ readonly read: ReadLayout; readonly named: boolean }> = [
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
].map((layout) => ({ read: compileLayout(layout), named: /^[A-Z]/.test(layout) }))

const maxLength = 128

/**
 * Reads the date of a log line with this layout of Go's, if any, then with CrowdSec's in their order, then as seconds
 * since 1970. undefined when none fits.
 *
 * A date without a year gets the latest year that puts it no later than a day after it was observed (clocks may
 * differ); CrowdSec takes the current year, and so the future for a line of last December.
 */
export const parseDate = (text: string, context: DateContext, layout = ""): LineDate | undefined => {
  if (text === "" || text.length > maxLength) return undefined
  const parsed = parseFields(text, layout)
  return parsed === undefined ? parseUnixSeconds(text, context.asInTests) : resolve(parsed, context)
}

/** A date, and all that it depended on besides its text. */
interface ReadDate {
  layout: string
  context: DateContext
  date: LineDate | undefined
}

/** Logs repeat a second many times, and the lines that an alert shows, of the last minutes, are read again. */
const remembered = new Remembered<ReadDate>(1024)

const noContext: DateContext = { observedAt: 0, zone: "" }
const unread = (): ReadDate => ({ layout: "", context: noContext, date: undefined })

/** The same, remembered from one line to the next. */
export const parseSameDate = (text: string, context: DateContext, layout: string): LineDate | undefined => {
  if (text.length > maxLength || layout.length > maxLength) return parseDate(text, context, layout)
  const known = remembered.of(text, unread)
  if (known.layout !== layout || !isSame(known.context, context)) {
    known.date = parseDate(text, context, layout)
    known.layout = ownCopy(layout)
    known.context = context
  }
  return known.date
}

const isSame = (one: DateContext, other: DateContext): boolean =>
  one === other || (one.zone === other.zone && one.observedAt === other.observedAt && one.asInTests === other.asInTests)

const parseFields = (text: string, layout: string): ParsedTime | undefined => {
  let parsed = layout === "" || layout.length > maxLength ? undefined : layoutReader(layout)(text)
  const first = text.charCodeAt(0)
  const named = first < 0x30 || first > 0x39
  for (let i = 0; parsed === undefined && i < layouts.length; i++)
    if (layouts[i]!.named === named) parsed = layouts[i]!.read(text)
  return parsed
}

const resolve = (read: ParsedTime, context: DateContext): LineDate | undefined => {
  // Go reads an offset of 24 hours, but no RFC 3339 text can name it.
  if (read.offset !== undefined && Math.abs(read.offset) >= secondsPerDay) return undefined
  // A year of 0 says as little as none.
  const year = read.year || (context.asInTests ? yearOf(context.observedAt) : yearBefore(read, context))
  // Go takes 29 February of a year without one for 1 March; `yearBefore` gives no such year.
  const parsed = read.day > daysInMonth(year, read.month) ? { ...read, month: 3, day: 1 } : read
  const local = daysSinceEpoch(year, parsed.month, parsed.day) * millisecondsPerDay + clockOf(parsed)
  const offset = parsed.offset
  const whole = offset === undefined ? instantAt(context.zone, local) : local - offset * 1000
  // Midnight of the first or last day may lie in a year that no time stamp can name.
  if (whole < firstInstant || whole > lastInstant) return undefined
  return {
    instant: instantOf(whole, Math.floor(parsed.nanosecond / 1000)),
    text: formatLocal(parsed, year, (local - whole) / 1000)
  }
}

const secondsPerDay = millisecondsPerDay / 1000

/** Milliseconds of the day, without the fraction of the second. */
const clockOf = ({ hour, minute, second }: ParsedTime): number => ((hour * 60 + minute) * 60 + second) * 1000

const maxSkew = millisecondsPerDay

const yearOf = (instant: number): number => dayAt(Math.floor(instant / millisecondsPerDay)).year

const yearBefore = (parsed: ParsedTime, { observedAt, zone }: DateContext): number => {
  const latest = observedAt + maxSkew
  let year = yearOf(latest) + 1
  // At most eight years apart are two days of 29 February.
  for (const least = year - 10; year > least; year--) {
    if (parsed.day > daysInMonth(year, parsed.month)) continue
    const local = daysSinceEpoch(year, parsed.month, parsed.day) * millisecondsPerDay + clockOf(parsed)
    const instant = parsed.offset === undefined ? instantAt(zone, local) : local - parsed.offset * 1000
    if (instant <= latest) break
  }
  return year
}

const parseUnixSeconds = (text: string, asInTests = false): LineDate | undefined => {
  const found = (asInTests ? /^\+?(\d{1,12})(?:\.|$)/ : /^(\d{1,12})(?:\.\d*)?$/).exec(text)
  const seconds = found === null ? 0 : Number(found[1])
  if (seconds <= 0 || seconds * 1000 > lastInstant) return undefined
  return { instant: seconds * 1000, text: formatTimestamp(seconds * 1000) }
}

const formatLocal = (parsed: ParsedTime, year: number, offset: number): string =>
  `${formatDay(year, parsed.month, parsed.day)}T${formatClock(clockOf(parsed) / 1000)}` +
  `${formatFraction(parsed.nanosecond, 9)}${offset === 0 ? "Z" : formatOffset(offset)}`
