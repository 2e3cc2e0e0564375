import { daysInMonth } from "./calendar.ts"

/** What a text says about time, and no more: what is missing stays undefined. */
export interface ParsedTime {
  readonly year: number | undefined
  /** From 1; 1 when the layout has no month. */
  readonly month: number
  /** From 1; 1 when the layout has no day. */
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly nanosecond: number
  /** Seconds ahead of UTC. undefined without a zone, and for an abbreviation other than UTC and GMT. */
  readonly offset: number | undefined
}

const longestName = "september".length

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

/** A text on the way of being read. */
export class Reading {
  readonly text: string
  at = 0
  year: number | undefined
  month: number | undefined
  day: number | undefined
  yearDay: number | undefined
  hour = 0
  minute = 0
  second = 0
  nanosecond = 0
  offset: number | undefined
  afternoon: boolean | undefined

  constructor(text: string) {
    this.text = text
  }

  digitAt(at: number): boolean {
    return isDigit(this.text.charCodeAt(at))
  }

  /** Exactly so many digits. */
  digits(count: number): number | undefined {
    for (let i = 0; i < count; i++) if (!this.digitAt(this.at + i)) return undefined
    const value = Number(this.text.slice(this.at, this.at + count))
    this.at += count
    return value
  }

  name(names: ReadonlyArray<string>): number | undefined {
    const text = this.text.slice(this.at, this.at + longestName).toLowerCase()
    const index = names.findIndex((name) => text.startsWith(name))
    if (index < 0) return undefined
    this.at += names[index]!.length
    return index
  }

  /** `.` or `,` and digits, of which the first nine count. The text is known to have at least one digit. */
  fraction(end: number): void {
    this.nanosecond = Number(this.text.slice(this.at + 1, Math.min(end, this.at + 10)).padEnd(9, "0"))
    this.at = end
  }

  fractionFollows(): boolean {
    const mark = this.text[this.at]
    return (mark === "." || mark === ",") && this.digitAt(this.at + 1)
  }

  result(): ParsedTime | undefined {
    if (this.at < this.text.length) return undefined
    let hour = this.hour
    if (this.afternoon === true && hour < 12) hour += 12
    if (this.afternoon === false && hour === 12) hour = 0
    // Without a year every February may have 29 days.
    const year = this.year ?? 0
    let { month, day } = this
    if (this.yearDay !== undefined) {
      let left = this.yearDay
      let inMonth = 1
      while (inMonth < 12 && left > daysInMonth(year, inMonth)) left -= daysInMonth(year, inMonth++)
      if ((month ?? inMonth) !== inMonth || (day ?? left) !== left) return undefined
      month = inMonth
      day = left
    }
    month ??= 1
    day ??= 1
    if (day < 1 || day > daysInMonth(year, month)) return undefined
    return {
      year: this.year,
      month,
      day,
      hour,
      minute: this.minute,
      second: this.second,
      nanosecond: this.nanosecond,
      offset: this.offset
    }
  }
}
