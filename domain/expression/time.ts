import { Duration, durationType } from "./duration.ts"
import type { StructType } from "./type.ts"
import { boolType, intType, method, stringType, struct, typeOfObject } from "./type.ts"

const second = 1_000_000_000n
const day = 86_400n

/** A point in time as Go has it: nanoseconds since 1970, and the zone offset in which it is shown. */
export class Time {
  readonly unixNanoseconds: bigint
  /** Seconds east of UTC. */
  readonly offset: number

  constructor(unixNanoseconds: bigint, offset = 0) {
    this.unixNanoseconds = unixNanoseconds
    this.offset = offset
  }

  /** `milliseconds` since 1970, fractions allowed. */
  static fromMilliseconds(milliseconds: number): Time {
    const whole = Math.floor(milliseconds)
    return new Time(BigInt(whole) * 1_000_000n + BigInt(Math.round((milliseconds - whole) * 1e6)))
  }

  get [typeOfObject](): StructType {
    return timeType
  }

  /** Its calendar fields in its own zone. */
  get calendar(): Date {
    return new Date(Number(floorDivide(this.unixNanoseconds, 1_000_000n)) + this.offset * 1000)
  }

  get nanosecond(): number {
    return Number(this.unixNanoseconds - floorDivide(this.unixNanoseconds, second) * second)
  }

  /** RFC 3339 with as many fractional digits as needed. */
  toRfc3339(): string {
    const fraction = this.nanosecond === 0 ? "" : `.${String(this.nanosecond).padStart(9, "0").replace(/0+$/, "")}`
    return `${dateText(this.calendar)}T${clockText(this.calendar)}${fraction}${zoneText(this.offset, "Z", ":")}`
  }

  /** Go's `String()`: `2006-01-02 15:04:05.999 +0000 UTC`. */
  toString(): string {
    const fraction = this.nanosecond === 0 ? "" : `.${String(this.nanosecond).padStart(9, "0").replace(/0+$/, "")}`
    const zone = zoneText(this.offset, "+0000", "")
    return `${dateText(this.calendar)} ${clockText(this.calendar)}${fraction} ${zone} ${this.offset === 0 ? "UTC" : zone}`
  }
}

const floorDivide = (value: bigint, divisor: bigint): bigint =>
  value >= 0n ? value / divisor : -((-value + divisor - 1n) / divisor)

const two = (value: number): string => String(value).padStart(2, "0")

const dateText = (date: Date): string =>
  `${String(date.getUTCFullYear()).padStart(4, "0")}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`

const clockText = (date: Date): string =>
  `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`

const zoneText = (offset: number, utc: string, separator: string): string => {
  if (offset === 0) return utc
  const minutes = Math.floor(Math.abs(offset) / 60)
  return `${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}${separator}${two(minutes % 60)}`
}

const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const
const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December"
] as const

/** A weekday or month: a name that expressions get with `.String()`. */
class CalendarName {
  readonly name: string
  readonly type: StructType

  constructor(name: string, type: StructType) {
    this.name = name
    this.type = type
  }

  get [typeOfObject](): StructType {
    return this.type
  }

  toString(): string {
    return this.name
  }
}

const weekdayType: StructType = struct("weekday", {
  methods: () => ({ String: method([], stringType, ({ name }: CalendarName) => name) })
})
const monthType: StructType = struct("month", {
  methods: () => ({ String: method([], stringType, ({ name }: CalendarName) => name) })
})
const weekdayNames = weekdays.map((name) => new CalendarName(name, weekdayType))
const monthNames = months.map((name) => new CalendarName(name, monthType))

const yearDay = (date: Date): number =>
  Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / (Number(day) * 1000)) + 1

export const timeType: StructType = struct("time", {
  methods: () => ({
    Year: method([], intType, (time: Time) => time.calendar.getUTCFullYear()),
    Month: method([], monthType, (time: Time) => monthNames[time.calendar.getUTCMonth()]),
    Day: method([], intType, (time: Time) => time.calendar.getUTCDate()),
    YearDay: method([], intType, (time: Time) => yearDay(time.calendar)),
    Weekday: method([], weekdayType, (time: Time) => weekdayNames[time.calendar.getUTCDay()]),
    Hour: method([], intType, (time: Time) => time.calendar.getUTCHours()),
    Minute: method([], intType, (time: Time) => time.calendar.getUTCMinutes()),
    Second: method([], intType, (time: Time) => time.calendar.getUTCSeconds()),
    Nanosecond: method([], intType, (time: Time) => time.nanosecond),
    Unix: method([], intType, (time: Time) => Number(floorDivide(time.unixNanoseconds, second))),
    UnixMilli: method([], intType, (time: Time) => Number(floorDivide(time.unixNanoseconds, 1_000_000n))),
    Before: method([timeType], boolType, (time: Time, other: Time) => time.unixNanoseconds < other.unixNanoseconds),
    After: method([timeType], boolType, (time: Time, other: Time) => time.unixNanoseconds > other.unixNanoseconds),
    Equal: method([timeType], boolType, (time: Time, other: Time) => time.unixNanoseconds === other.unixNanoseconds),
    Sub: method(
      [timeType],
      durationType,
      (time: Time, other: Time) => new Duration(time.unixNanoseconds - other.unixNanoseconds)
    ),
    Add: method(
      [durationType],
      timeType,
      (time: Time, span: Duration) => new Time(time.unixNanoseconds + span.nanoseconds, time.offset)
    ),
    UTC: method([], timeType, (time: Time) => new Time(time.unixNanoseconds)),
    String: method([], stringType, (time: Time) => time.toString())
  })
})
