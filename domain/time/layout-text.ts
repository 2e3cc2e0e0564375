/** Writes a time with a layout of Go's `time` package, such as `02/Jan/2006 15:04:05`. The counterpart of `layout.ts`. */
import { daysSinceEpoch, monthNames, weekdayNames } from "./calendar.ts"

/** A time as the clocks of its zone show it. */
export interface ClockTime {
  /** Its fields are read in UTC, whatever its zone. */
  readonly calendar: Date
  readonly nanosecond: number
  /** Seconds east of UTC. */
  readonly offset: number
}

/** Where one element begins like another, the longer one comes first. */
const element =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|002|01|02|03|04|05|06|15|1|(?<=_)2006|2006|__2|_2(?!006)|2|3|4|5|PM|pm|[-Z]07:00:00|[-Z]070000|[-Z]07:00|[-Z]0700|[-Z]07|[.,](?:0+|9+)(?!\d)/g

export const formatLayout = (layout: string, time: ClockTime): string =>
  layout.replaceAll(element, (name) => written(name, time))

const pad = (value: number, width: number, filler = "0"): string => String(value).padStart(width, filler)

const written = (name: string, time: ClockTime): string => {
  const { calendar, nanosecond, offset } = time
  const year = calendar.getUTCFullYear()
  const month = calendar.getUTCMonth()
  const day = calendar.getUTCDate()
  const hour = calendar.getUTCHours()
  const yearDay = daysSinceEpoch(year, month + 1, day) - daysSinceEpoch(year, 1, 1) + 1
  switch (name) {
    case "January":
      return monthNames[month]!
    case "Jan":
      return monthNames[month]!.slice(0, 3)
    case "Monday":
      return weekdayNames[calendar.getUTCDay()]!
    case "Mon":
      return weekdayNames[calendar.getUTCDay()]!.slice(0, 3)
    case "MST":
      return offset === 0 ? "UTC" : offsetText("-0700", offset)
    case "002":
      return pad(yearDay, 3)
    case "__2":
      return pad(yearDay, 3, " ")
    case "01":
      return pad(month + 1, 2)
    case "1":
      return String(month + 1)
    case "02":
      return pad(day, 2)
    case "_2":
      return pad(day, 2, " ")
    case "2":
      return String(day)
    case "03":
      return pad(hour % 12 || 12, 2)
    case "3":
      return String(hour % 12 || 12)
    case "15":
      return pad(hour, 2)
    case "04":
      return pad(calendar.getUTCMinutes(), 2)
    case "4":
      return String(calendar.getUTCMinutes())
    case "05":
      return pad(calendar.getUTCSeconds(), 2)
    case "5":
      return String(calendar.getUTCSeconds())
    case "06":
      return pad(year % 100, 2)
    case "2006":
      return pad(year, 4)
    case "PM":
      return hour < 12 ? "AM" : "PM"
    case "pm":
      return hour < 12 ? "am" : "pm"
    default:
      return /^[-Z]/.test(name) ? offsetText(name, offset) : fractionText(name, nanosecond)
  }
}

const offsetText = (name: string, offset: number): string => {
  if (name.startsWith("Z") && offset === 0) return "Z"
  const size = Math.abs(offset)
  const colon = name.includes(":") ? ":" : ""
  const parts = [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60]
  const digits = name.replaceAll(/\D/g, "").length
  return `${offset < 0 ? "-" : "+"}${parts
    .slice(0, digits / 2)
    .map((part) => pad(part, 2))
    .join(colon)}`
}

/** Zeros stand for as many digits, nines for as many as are not zeros at the end. */
const fractionText = (name: string, nanosecond: number): string => {
  const digits = pad(nanosecond, 9)
    .padEnd(name.length - 1, "0")
    .slice(0, name.length - 1)
  if (name[1] === "0") return `${name[0]}${digits}`
  const significant = digits.replace(/0+$/, "")
  return significant === "" ? "" : `${name[0]}${significant}`
}
