import { millisecondsPerDay, monthNames, weekdayNames } from "../time/calendar.ts"
import { formatClock, formatDay, formatFraction, formatOffset } from "../time/instant.ts"
import { formatLayout } from "../time/layout-text.ts"
import { offsetAt } from "../time/zone.ts"
import { Duration, durationType } from "./duration.ts"
import { EvaluationError } from "./error.ts"
import { limit } from "./limit.ts"
import type { StructType } from "./type.ts"
import { boolType, intType, method, stringType, struct, typeOfObject } from "./type.ts"

const second = 1_000_000_000n

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
    const zone = this.offset === 0 ? "Z" : formatOffset(this.offset)
    return `${dateText(this.calendar)}T${clockText(this.calendar)}${formatFraction(this.nanosecond, 9)}${zone}`
  }

  /** Go's `String()`: `2006-01-02 15:04:05.999 +0000 UTC`. */
  toString(): string {
    const zone = formatOffset(this.offset, "")
    const clock = `${clockText(this.calendar)}${formatFraction(this.nanosecond, 9)}`
    return `${dateText(this.calendar)} ${clock} ${zone} ${this.offset === 0 ? "UTC" : zone}`
  }
}

const floorDivide = (value: bigint, divisor: bigint): bigint =>
  value >= 0n ? value / divisor : -((-value + divisor - 1n) / divisor)

const dateText = (date: Date): string => formatDay(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())

const clockText = (date: Date): string =>
  formatClock((date.getUTCHours() * 60 + date.getUTCMinutes()) * 60 + date.getUTCSeconds())

/** A time zone of the IANA database, which exists. */
export class Zone {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  get [typeOfObject](): StructType {
    return zoneType
  }

  toString(): string {
    return this.name
  }
}

export const zoneType: StructType = struct("timezone", {
  goName: "time.Location",
  methods: () => ({ String: method([], stringType, ({ name }: Zone) => name) })
})

/** A weekday or month: a name that expressions get with `.String()`, and a number that they get with `int`. */
export class CalendarName {
  readonly name: string
  /** Sunday is 0, January is 1. */
  readonly number: number
  readonly type: StructType

  constructor(name: string, number: number, type: StructType) {
    this.name = name
    this.number = number
    this.type = type
  }

  get [typeOfObject](): StructType {
    return this.type
  }

  toString(): string {
    return this.name
  }
}

export const weekdayType: StructType = struct("weekday", {
  goName: "time.Weekday",
  methods: () => ({ String: method([], stringType, ({ name }: CalendarName) => name) })
})
export const monthType: StructType = struct("month", {
  goName: "time.Month",
  methods: () => ({ String: method([], stringType, ({ name }: CalendarName) => name) })
})
const weekdays = weekdayNames.map((name, index) => new CalendarName(name, index, weekdayType))
const months = monthNames.map((name, index) => new CalendarName(name, index + 1, monthType))

const yearDay = (date: Date): number =>
  Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / millisecondsPerDay) + 1

/** Go's time of year 1, which it takes for none. */
const beginning = -62_135_596_800n * second

/** Calendar arithmetic in the time's own zone; the 31st of a shorter month is of the next one. */
const addDate = (time: Time, years: number, months: number, days: number): Time => {
  const { calendar } = time
  const moved = new Date(calendar)
  moved.setUTCFullYear(calendar.getUTCFullYear() + years, calendar.getUTCMonth() + months, calendar.getUTCDate() + days)
  const by = moved.getTime() - calendar.getTime()
  if (!Number.isFinite(by)) throw new EvaluationError("the date is too far away")
  return new Time(time.unixNanoseconds + BigInt(by) * 1_000_000n, time.offset)
}

/** The last multiple of a span, counted from year 1, that is not after the time. */
const truncate = (time: Time, { nanoseconds: span }: Duration): Time => {
  if (span <= 0n) return time
  const since = time.unixNanoseconds - beginning
  return new Time(beginning + floorDivide(since, span) * span, time.offset)
}

/** The nearest multiple of a span; from the middle between two, the later one. */
const round = (time: Time, span: Duration): Time =>
  span.nanoseconds <= 0n ? time : truncate(new Time(time.unixNanoseconds + span.nanoseconds / 2n, time.offset), span)

export const timeType: StructType = struct("time", {
  goName: "time.Time",
  methods: () => ({
    Year: method([], intType, (time: Time) => time.calendar.getUTCFullYear()),
    Month: method([], monthType, (time: Time) => months[time.calendar.getUTCMonth()]),
    Day: method([], intType, (time: Time) => time.calendar.getUTCDate()),
    YearDay: method([], intType, (time: Time) => yearDay(time.calendar)),
    Weekday: method([], weekdayType, (time: Time) => weekdays[time.calendar.getUTCDay()]),
    Hour: method([], intType, (time: Time) => time.calendar.getUTCHours()),
    Minute: method([], intType, (time: Time) => time.calendar.getUTCMinutes()),
    Second: method([], intType, (time: Time) => time.calendar.getUTCSeconds()),
    Nanosecond: method([], intType, (time: Time) => time.nanosecond),
    Unix: method([], intType, (time: Time) => Number(floorDivide(time.unixNanoseconds, second))),
    UnixMilli: method([], intType, (time: Time) => Number(floorDivide(time.unixNanoseconds, 1_000_000n))),
    UnixMicro: method([], intType, (time: Time) => Number(floorDivide(time.unixNanoseconds, 1000n))),
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
    AddDate: method([intType, intType, intType], timeType, addDate),
    Truncate: method([durationType], timeType, truncate),
    Round: method([durationType], timeType, round),
    Compare: method([timeType], intType, (time: Time, other: Time) =>
      time.unixNanoseconds < other.unixNanoseconds ? -1 : time.unixNanoseconds > other.unixNanoseconds ? 1 : 0
    ),
    IsZero: method([], boolType, (time: Time) => time.unixNanoseconds === beginning),
    UTC: method([], timeType, (time: Time) => new Time(time.unixNanoseconds)),
    In: method([zoneType], timeType, (time: Time, { name }: Zone) => {
      const milliseconds = Number(floorDivide(time.unixNanoseconds, 1_000_000n))
      return new Time(time.unixNanoseconds, offsetAt(name, milliseconds))
    }),
    Format: method([stringType], stringType, (time: Time, layout: string) => {
      if (layout.length > limit.layoutLength) throw new EvaluationError("the layout of a date is too long")
      return formatLayout(layout, time)
    }),
    String: method([], stringType, (time: Time) => time.toString())
  })
})
