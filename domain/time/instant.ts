/**
 * Instants: milliseconds since 1970 as a number, with a fraction down to the microsecond. As text RFC 3339.
 */
import { dayAt, daysInMonth, daysSinceEpoch, millisecondsPerDay } from "./calendar.ts"

/** The first and the last whole second that RFC 3339 can write. */
export const firstInstant = daysSinceEpoch(0, 1, 1) * millisecondsPerDay
export const lastInstant = daysSinceEpoch(10_000, 1, 1) * millisecondsPerDay - 1000

const form = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/** The instant so many microseconds after a whole millisecond: the one number nearest to it, however it was reckoned. */
export const instantOf = (millisecond: number, microseconds: number): number => {
  const sum = millisecond * 1000 + microseconds
  return Number.isSafeInteger(sum) ? sum / 1000 : millisecond + microseconds / 1000
}

/** RFC 3339 with any offset, as an instant. undefined for anything else. Below the microsecond it is cut. */
export const parseTimestamp = (text: string): number | undefined => {
  if (text.length > 35) return undefined
  const found = form.exec(text)
  if (found === null) return undefined
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number
  ]
  const offsetHours = Number(found[9] ?? 0)
  const offsetMinutes = Number(found[10] ?? 0)
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59) return undefined
  const offset = (found[8] === "-" ? -1 : 1) * (offsetHours * 60 + offsetMinutes)
  const seconds = daysSinceEpoch(year, month, day) * 86_400 + hour * 3600 + (minute - offset) * 60 + second
  if (seconds * 1000 < firstInstant || seconds * 1000 > lastInstant) return undefined
  return instantOf(seconds * 1000, Number((found[7] ?? "").padEnd(6, "0").slice(0, 6)))
}

const digits = (text: string, at: number): number => text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 11 * 48

/**
 * The whole millisecond of a `Timestamp`, which its schema has checked. Most are whole seconds: those are reckoned by hand,
 * several times as fast.
 */
export const millisecondOf = (timestamp: string): number => {
  if (timestamp.length !== 20) return Date.parse(timestamp)
  const [month, day, hour] = [digits(timestamp, 5), digits(timestamp, 8), digits(timestamp, 11)]
  const [minute, second] = [digits(timestamp, 14), digits(timestamp, 17)]
  const isPlain = month >= 1 && month <= 12 && day >= 1 && day <= 28 && hour <= 23 && minute <= 59 && second <= 59
  if (!isPlain) return Date.parse(timestamp)
  const days = daysSinceEpoch(digits(timestamp, 0) * 100 + digits(timestamp, 2), month, day)
  return days * millisecondsPerDay + ((hour * 60 + minute) * 60 + second) * 1000
}

const pad = (value: number, width: number): string => String(value).padStart(width, "0")

/** Two digits of a number below 100. */
const two = (value: number): string => twoDigits[value]!
const twoDigits = Array.from({ length: 100 }, (_, value) => pad(value, 2))

/** A fraction of a second, `.` included, without zeros at the end; empty for 0. */
export const formatFraction = (value: number, digits: number): string =>
  value === 0 ? "" : `.${pad(value, digits).replace(/0+$/, "")}`

/**
 * An instant as RFC 3339 in UTC, the fraction without zeros at the end: `2026-11-22T07:00:00.125Z`. Fits `Timestamp`.
 * Throws `RangeError` outside the years 0 to 9999.
 */
export const formatTimestamp = (instant: number): string => {
  // The whole part apart, so that the fraction keeps all the precision that there is.
  const microsecond = Math.round((instant - Math.floor(instant)) * 1000)
  const whole = Math.floor(instant) + Math.floor(microsecond / 1000)
  const minute = Math.floor(whole / 60_000)
  if (minute !== formatted.minute) formatted = { minute, text: formatMinute(minute, instant) }
  const ofMinute = whole - minute * 60_000
  const fraction = (ofMinute % 1000) * 1000 + (microsecond % 1000)
  return `${formatted.text}${two(Math.floor(ofMinute / 1000))}${formatFraction(fraction, 6)}Z`
}

/** The minute that was last written: instants mostly come in the order of time. */
let formatted = { minute: Number.NaN, text: "" }

/** `yyyy-mm-ddThh:mm:` */
const formatMinute = (minute: number, instant: number): string => {
  const days = Math.floor(minute / minutesPerDay)
  const { year, month, day } = dayAt(days)
  if (!(year >= 0 && year <= 9999)) throw new RangeError(`${instant} ms is not an instant of the years 0 to 9999`)
  const ofDay = minute - days * minutesPerDay
  return `${formatDay(year, month, day)}T${formatClock(ofDay * 60).slice(0, -2)}`
}

const minutesPerDay = millisecondsPerDay / 60_000

/** `yyyy-mm-dd`; month and day from 1. */
export const formatDay = (year: number, month: number, day: number): string =>
  `${pad(year, 4)}-${two(month)}-${two(day)}`

/** `hh:mm:ss` of a second of the day. */
export const formatClock = (secondOfDay: number): string =>
  `${two(Math.floor(secondOfDay / 3600))}:${two(Math.floor(secondOfDay / 60) % 60)}:${two(secondOfDay % 60)}`

/** `+hh:mm` of seconds ahead of UTC, parts of a minute cut off. */
export const formatOffset = (seconds: number, separator = ":"): string => {
  const minutes = Math.floor(Math.abs(seconds) / 60)
  return `${seconds < 0 ? "-" : "+"}${pad(Math.floor(minutes / 60), 2)}${separator}${pad(minutes % 60, 2)}`
}
