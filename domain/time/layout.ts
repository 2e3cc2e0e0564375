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

/**
 * Compiles a layout of Go's `time` package, such as `Jan _2 15:04:05`. The result reads a text as `time.Parse` does:
 * runs of spaces match each other, names in any case, the weekday is not compared, a fraction may follow the seconds
 * even where the layout has none, and nothing may be left over. It returns undefined for a text that does not fit.
 *
 * Unlike Go it does not look up abbreviations of zones: they leave the offset open.
 */
export const compileLayout = (layout: string): ((text: string) => ParsedTime | undefined) => {
  const steps = readLayout(layout)
  return (text) => {
    const reading = new Reading(text)
    for (const step of steps) if (!step(reading)) return undefined
    return reading.result()
  }
}

/** Reads its part of the text; false when the text does not fit. */
type Step = (reading: Reading) => boolean

const MONTHS = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december"
]
const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
const shortened = (names: ReadonlyArray<string>): ReadonlyArray<string> => names.map((name) => name.slice(0, 3))
const SHORT_MONTHS = shortened(MONTHS)
const SHORT_WEEKDAYS = shortened(WEEKDAYS)

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

/** A text on the way of being read. */
class Reading {
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

  /** One or two digits; `fixed`: two. */
  number(fixed: boolean): number | undefined {
    if (!fixed && !this.digitAt(this.at + 1)) return this.digits(1)
    return this.digits(2)
  }

  name(names: ReadonlyArray<string>): number | undefined {
    const index = names.findIndex((name) => this.text.slice(this.at, this.at + name.length).toLowerCase() === name)
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

/** A step that reads a number and keeps it when it is between the bounds. */
const field =
  (
    read: (reading: Reading) => number | undefined,
    least: number,
    most: number,
    keep: (reading: Reading, value: number) => void
  ): Step =>
  (reading) => {
    const value = read(reading)
    if (value === undefined || value < least || value > most) return false
    keep(reading, value)
    return true
  }

const number =
  (fixed: boolean) =>
  (reading: Reading): number | undefined =>
    reading.number(fixed)

const month = (read: (reading: Reading) => number | undefined): Step =>
  field(read, 1, 12, (reading, value) => {
    reading.month = value
  })

const monthName = (names: ReadonlyArray<string>): Step =>
  month((reading) => {
    const index = reading.name(names)
    return index === undefined ? undefined : index + 1
  })

const weekday =
  (names: ReadonlyArray<string>): Step =>
  (reading) =>
    reading.name(names) !== undefined

const day = (fixed: boolean, padding: number): Step =>
  field(
    (reading) => {
      skipPadding(reading, padding)
      return reading.number(fixed)
    },
    0,
    99,
    (reading, value) => {
      reading.day = value
    }
  )

const yearDay = (fixed: boolean): Step =>
  field(
    (reading) => {
      if (!fixed) skipPadding(reading, 2)
      const count = [3, 2, 1].find((width) =>
        Array.from({ length: width }, (_, i) => i).every((i) => reading.digitAt(reading.at + i))
      )
      return count === undefined || (fixed && count < 3) ? undefined : reading.digits(count)
    },
    1,
    366,
    (reading, value) => {
      reading.yearDay = value
    }
  )

const skipPadding = (reading: Reading, most: number): void => {
  for (let i = 0; i < most && reading.text[reading.at] === " "; i++) reading.at++
}

const hour = (fixed: boolean, most: number): Step =>
  field(number(fixed), 0, most, (reading, value) => {
    reading.hour = value
  })

const minute = (fixed: boolean): Step =>
  field(number(fixed), 0, 59, (reading, value) => {
    reading.minute = value
  })

/** Seconds, and the fraction that may follow them unannounced. */
const second = (fixed: boolean, fractionInLayout: boolean): Step => {
  const plain = field(number(fixed), 0, 59, (reading, value) => {
    reading.second = value
  })
  if (fractionInLayout) return plain
  return (reading) => {
    if (!plain(reading)) return false
    if (reading.fractionFollows()) {
      let end = reading.at + 2
      while (reading.digitAt(end)) end++
      reading.fraction(end)
    }
    return true
  }
}

/** `.000`: exactly so many digits. */
const fixedFraction =
  (digits: number): Step =>
  (reading) => {
    if (!reading.fractionFollows()) return false
    for (let i = 1; i <= digits; i++) if (!reading.digitAt(reading.at + i)) return false
    reading.fraction(reading.at + digits + 1)
    return true
  }

/** `.999`: up to nine digits, or none at all. */
const freeFraction: Step = (reading) => {
  if (!reading.fractionFollows()) return true
  let end = reading.at + 2
  while (end < reading.at + 10 && reading.digitAt(end)) end++
  reading.fraction(end)
  return true
}

const century: Step = field(number(true), 0, 99, (reading, value) => {
  reading.year = value + (value >= 69 ? 1900 : 2000)
})

const year: Step = field(
  (reading) => reading.digits(4),
  0,
  9999,
  (reading, value) => {
    reading.year = value
  }
)

const halfDay =
  (before: string, after: string): Step =>
  (reading) => {
    const text = reading.text.slice(reading.at, reading.at + 2)
    if (text !== before && text !== after) return false
    reading.afternoon = text === after
    reading.at += 2
    return true
  }

/** An offset such as `+01:00`. `units`: hours, minutes, seconds. */
const offset = (units: number, separator: "" | ":", zulu: boolean): Step => {
  const sizes = [3600, 60, 1]
  const limits = [24, 60, 60]
  return (reading) => {
    const sign = reading.text[reading.at]
    if (zulu && sign === "Z") {
      reading.at++
      reading.offset = 0
      return true
    }
    if (sign !== "+" && sign !== "-") return false
    reading.at++
    let total = 0
    for (let i = 0; i < units; i++) {
      if (i > 0 && !literal(reading, separator)) return false
      const value = reading.digits(2)
      if (value === undefined || value > limits[i]!) return false
      total += value * sizes[i]!
    }
    reading.offset = sign === "-" ? -total : total
    return true
  }
}

/** `UTC`, `GMT`, `GMT-3`, `CEST`, `+03`. */
const abbreviation: Step = (reading) => {
  const form = /(UTC|GMT)([+-]\d{1,2})?|([+-]\d{1,2})|ChST|MeST|(?:WITA|[A-Z]{3,4}T|[A-Z]{3})(?![A-Z])/y
  form.lastIndex = reading.at
  const found = form.exec(reading.text)
  if (found === null) return false
  const hours = found[1] === "UTC" ? undefined : (found[2] ?? found[3])
  if (hours !== undefined && Math.abs(Number(hours)) > 23) return false
  reading.at += found[1] === "UTC" ? 3 : found[0].length
  if (hours !== undefined) reading.offset = Number(hours) * 3600
  else if (found[1] !== undefined) reading.offset = 0
  return true
}

const literal = (reading: Reading, text: string): boolean => {
  if (!reading.text.startsWith(text, reading.at)) return false
  reading.at += text.length
  return true
}

/** Text of the layout that stands for itself. A run of spaces matches any run, also none at the end of the text. */
const verbatim = (text: string): Step => {
  const words = text.split(/( +)/)
  return (reading) => {
    for (const word of words) {
      if (word[0] !== " ") {
        if (!literal(reading, word)) return false
        continue
      }
      if (reading.at < reading.text.length && reading.text[reading.at] !== " ") return false
      while (reading.text[reading.at] === " ") reading.at++
    }
    return true
  }
}

/** Elements of a layout. Where one begins like another, the longer one comes first. */
const ELEMENTS: ReadonlyArray<readonly [element: string, step: Step]> = [
  ["January", monthName(MONTHS)],
  ["Jan", monthName(SHORT_MONTHS)],
  ["Monday", weekday(WEEKDAYS)],
  ["Mon", weekday(SHORT_WEEKDAYS)],
  ["MST", abbreviation],
  ["002", yearDay(true)],
  ["01", month(number(true))],
  ["02", day(true, 0)],
  ["03", hour(true, 12)],
  ["04", minute(true)],
  ["06", century],
  ["15", hour(false, 23)],
  ["1", month(number(false))],
  ["2006", year],
  ["2", day(false, 0)],
  ["__2", yearDay(false)],
  ["_2", day(false, 1)],
  ["3", hour(false, 12)],
  ["4", minute(false)],
  ["PM", halfDay("AM", "PM")],
  ["pm", halfDay("am", "pm")],
  ["-07:00:00", offset(3, ":", false)],
  ["-070000", offset(3, "", false)],
  ["-07:00", offset(2, ":", false)],
  ["-0700", offset(2, "", false)],
  ["-07", offset(1, "", false)],
  ["Z07:00:00", offset(3, ":", true)],
  ["Z070000", offset(3, "", true)],
  ["Z07:00", offset(2, ":", true)],
  ["Z0700", offset(2, "", true)],
  ["Z07", offset(1, "", true)]
]

const SHORT_NAMES: ReadonlySet<string> = new Set(["Jan", "Mon"])

/** A fraction at this place of a layout: a separator and zeros or nines, not followed by another digit. */
const fractionAt = (layout: string, at: number): string | undefined => {
  const form = /[.,](?:0+|9+)(?!\d)/y
  form.lastIndex = at
  return form.exec(layout)?.[0]
}

const elementAt = (layout: string, at: number): { readonly length: number; readonly step: Step } | undefined => {
  if (layout.startsWith("05", at) || layout[at] === "5") {
    const length = layout[at] === "5" ? 1 : 2
    return { length, step: second(length === 2, nextIsFraction(layout, at + length)) }
  }
  const fraction = fractionAt(layout, at)
  if (fraction !== undefined) {
    return { length: fraction.length, step: fraction[1] === "0" ? fixedFraction(fraction.length - 1) : freeFraction }
  }
  // `_2006` is an underscore and a year.
  if (layout.startsWith("_2006", at)) return undefined
  const found = ELEMENTS.find(
    ([element]) =>
      layout.startsWith(element, at) && !(SHORT_NAMES.has(element) && /^[a-z]/.test(layout.slice(at + element.length)))
  )
  return found === undefined ? undefined : { length: found[0].length, step: found[1] }
}

/** Whether the next element of the layout, wherever it stands, is a fraction. */
const nextIsFraction = (layout: string, from: number): boolean => {
  for (let at = from; at < layout.length; at++) {
    if (fractionAt(layout, at) !== undefined) return true
    if (layout[at] === "5" || layout.startsWith("05", at) || elementAt(layout, at) !== undefined) return false
  }
  return false
}

const readLayout = (layout: string): ReadonlyArray<Step> => {
  const steps: Array<Step> = []
  let text = ""
  for (let at = 0; at < layout.length; ) {
    const element = elementAt(layout, at)
    if (element === undefined) {
      text += layout[at++]
      continue
    }
    if (text !== "") steps.push(verbatim(text))
    text = ""
    steps.push(element.step)
    at += element.length
  }
  if (text !== "") steps.push(verbatim(text))
  return steps
}
