import { monthNames, weekdayNames } from "./calendar.ts"
import type { Reading } from "./reading.ts"

/** Reads its part of the text; false when the text does not fit. */
export type Step = (reading: Reading) => boolean

/** Names are read whatever their case. */
const lowered = (names: ReadonlyArray<string>): ReadonlyArray<string> => names.map((name) => name.toLowerCase())
const shortened = (names: ReadonlyArray<string>): ReadonlyArray<string> => names.map((name) => name.slice(0, 3))
export const months = lowered(monthNames)
export const weekdays = lowered(weekdayNames)
export const shortMonths = shortened(months)
export const shortWeekdays = shortened(weekdays)

/** Reads a number with as many digits as the layout has it. */
type ReadNumber = (reading: Reading) => number | undefined

/** `02` */
export const twoDigits: ReadNumber = (reading) => reading.digits(2)

/** `2` */
export const oneOrTwoDigits: ReadNumber = (reading) => reading.digits(reading.digitAt(reading.at + 1) ? 2 : 1)

/** `_2`: a space may stand before a single digit. */
export const paddedTwoDigits: ReadNumber = (reading) => {
  skipPadding(reading, 1)
  return oneOrTwoDigits(reading)
}

/** `002` */
export const threeDigits: ReadNumber = (reading) => reading.digits(3)

/** `__2`: up to two spaces may stand before one to three digits. */
export const paddedThreeDigits: ReadNumber = (reading) => {
  skipPadding(reading, 2)
  let count = 0
  while (count < 3 && reading.digitAt(reading.at + count)) count++
  return count === 0 ? undefined : reading.digits(count)
}

const skipPadding = (reading: Reading, most: number): void => {
  for (let i = 0; i < most && reading.text[reading.at] === " "; i++) reading.at++
}

/** A step that reads a number and keeps it when it is between the bounds. */
const field =
  (read: ReadNumber, least: number, most: number, keep: (reading: Reading, value: number) => void): Step =>
  (reading) => {
    const value = read(reading)
    if (value === undefined || value < least || value > most) return false
    keep(reading, value)
    return true
  }

export const month = (read: ReadNumber): Step =>
  field(read, 1, 12, (reading, value) => {
    reading.month = value
  })

export const monthName = (names: ReadonlyArray<string>): Step =>
  month((reading) => {
    const index = reading.name(names)
    return index === undefined ? undefined : index + 1
  })

export const weekday =
  (names: ReadonlyArray<string>): Step =>
  (reading) =>
    reading.name(names) !== undefined

export const day = (read: ReadNumber): Step =>
  field(read, 0, 99, (reading, value) => {
    reading.day = value
  })

export const yearDay = (read: ReadNumber): Step =>
  field(read, 1, 366, (reading, value) => {
    reading.yearDay = value
  })

export const hour = (read: ReadNumber, most: 12 | 23): Step =>
  field(read, 0, most, (reading, value) => {
    reading.hour = value
  })

export const minute = (read: ReadNumber): Step =>
  field(read, 0, 59, (reading, value) => {
    reading.minute = value
  })

export const second = (read: ReadNumber): Step =>
  field(read, 0, 59, (reading, value) => {
    reading.second = value
  })

/** Seconds, and the fraction that may follow them where the layout has none. */
export const secondWithFraction = (read: ReadNumber): Step => {
  const plain = second(read)
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
export const fixedFraction =
  (digits: number): Step =>
  (reading) => {
    if (!reading.fractionFollows()) return false
    for (let i = 1; i <= digits; i++) if (!reading.digitAt(reading.at + i)) return false
    reading.fraction(reading.at + digits + 1)
    return true
  }

/** `.999`: up to nine digits, or none at all. */
export const freeFraction: Step = (reading) => {
  if (!reading.fractionFollows()) return true
  let end = reading.at + 2
  while (end < reading.at + 10 && reading.digitAt(end)) end++
  reading.fraction(end)
  return true
}

export const century: Step = field(twoDigits, 0, 99, (reading, value) => {
  reading.year = value + (value >= 69 ? 1900 : 2000)
})

export const year: Step = field(
  (reading) => reading.digits(4),
  0,
  9999,
  (reading, value) => {
    reading.year = value
  }
)

export const halfDay =
  (before: string, after: string): Step =>
  (reading) => {
    const text = reading.text.slice(reading.at, reading.at + 2)
    if (text !== before && text !== after) return false
    reading.afternoon = text === after
    reading.at += 2
    return true
  }

/** An offset such as `+01:00`, as the layout writes it: `-07:00`, or `Z07:00` where UTC may be a `Z`. */
export const offset = (element: string): Step => {
  const isZulu = element.startsWith("Z")
  const separator = element.includes(":") ? ":" : ""
  /** Hours, minutes, seconds. */
  const units = element.replaceAll(/\D/g, "").length / 2
  const sizes = [3600, 60, 1]
  const limits = [24, 60, 60]
  return (reading) => {
    const sign = reading.text[reading.at]
    if (isZulu && sign === "Z") {
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

/** `UTC`, `GMT`, `GMT-3`, `CEST`, `+03`. What a number says stands. */
export const abbreviation: Step = (reading) => {
  const form = /(UTC|GMT)([+-]\d{1,2})?|([+-]\d{1,2})|ChST|MeST|(?:WITA|[A-Z]{3,4}T|[A-Z]{3})(?![A-Z])/y
  form.lastIndex = reading.at
  const found = form.exec(reading.text)
  if (found === null) return false
  const hours = found[1] === "UTC" ? undefined : (found[2] ?? found[3])
  if (hours !== undefined && Math.abs(Number(hours)) > 23) return false
  reading.at += found[1] === "UTC" ? 3 : found[0].length
  if (hours !== undefined) reading.offset ??= Number(hours) * 3600
  else if (found[1] !== undefined) reading.offset ??= 0
  return true
}

const literal = (reading: Reading, text: string): boolean => {
  if (!reading.text.startsWith(text, reading.at)) return false
  reading.at += text.length
  return true
}

/** Text of the layout that stands for itself. A run of spaces matches any run, also none at the end of the text. */
export const verbatim = (text: string): Step => {
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
