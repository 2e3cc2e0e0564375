import { Remembered } from "../text/remembered.ts"
import { type ParsedTime, Reading } from "./reading.ts"
import {
  abbreviation,
  century,
  day,
  fixedFraction,
  freeFraction,
  halfDay,
  hour,
  minute,
  month,
  monthName,
  months,
  offset,
  oneOrTwoDigits,
  paddedThreeDigits,
  paddedTwoDigits,
  second,
  secondWithFraction,
  shortMonths,
  shortWeekdays,
  type Step,
  threeDigits,
  twoDigits,
  verbatim,
  weekday,
  weekdays,
  year,
  yearDay
} from "./reading-step.ts"

/** Reads a text as a layout says; undefined when it does not fit. */
export type ReadLayout = (text: string) => ParsedTime | undefined

/**
 * Compiles a layout of Go's `time` package, such as `Jan _2 15:04:05`. The result reads a text as `time.Parse` does:
 * runs of spaces match each other, names in any case, the weekday is not compared, a fraction may follow the seconds
 * even where the layout has none, and nothing may be left over. It returns undefined for a text that does not fit.
 *
 * Unlike Go it does not look up abbreviations of zones: they leave the offset open.
 */
export const compileLayout = (layout: string): ReadLayout => {
  const steps = readLayout(layout)
  return (text) => {
    const reading = new Reading(text)
    for (const step of steps) if (!step(reading)) return undefined
    return reading.result()
  }
}

/** At most so many layouts are remembered: expressions may compute ever new ones. */
const remembered = new Remembered<ReadLayout>(256)

/** The same, remembered by its layout: rules and lines name the same few. */
export const layoutReader = (layout: string): ReadLayout => remembered.of(layout, compileLayout)

/** Elements of a layout. Where one begins like another, the longer one comes first. */
const elements: ReadonlyArray<readonly [element: string, step: Step]> = [
  ["January", monthName(months)],
  ["Jan", monthName(shortMonths)],
  ["Monday", weekday(weekdays)],
  ["Mon", weekday(shortWeekdays)],
  ["MST", abbreviation],
  ["002", yearDay(threeDigits)],
  ["01", month(twoDigits)],
  ["02", day(twoDigits)],
  ["03", hour(twoDigits, 12)],
  ["04", minute(twoDigits)],
  ["06", century],
  ["15", hour(oneOrTwoDigits, 23)],
  ["1", month(oneOrTwoDigits)],
  ["2006", year],
  ["2", day(oneOrTwoDigits)],
  ["__2", yearDay(paddedThreeDigits)],
  ["_2", day(paddedTwoDigits)],
  ["3", hour(oneOrTwoDigits, 12)],
  ["4", minute(oneOrTwoDigits)],
  ["PM", halfDay("AM", "PM")],
  ["pm", halfDay("am", "pm")],
  ...["-07:00:00", "-070000", "-07:00", "-0700", "-07", "Z07:00:00", "Z070000", "Z07:00", "Z0700", "Z07"].map(
    (element) => [element, offset(element)] as const
  )
]

const shortNames: ReadonlySet<string> = new Set(["Jan", "Mon"])

/** A fraction at this place of a layout: a separator and zeros or nines, not followed by another digit. */
const fractionAt = (layout: string, at: number): string | undefined => {
  const form = /[.,](?:0+|9+)(?!\d)/y
  form.lastIndex = at
  return form.exec(layout)?.[0]
}

const elementAt = (layout: string, at: number): { readonly length: number; readonly step: Step } | undefined => {
  if (layout.startsWith("05", at) || layout[at] === "5") {
    const [length, read] = layout[at] === "5" ? [1, oneOrTwoDigits] : [2, twoDigits]
    return { length, step: nextIsFraction(layout, at + length) ? second(read) : secondWithFraction(read) }
  }
  const fraction = fractionAt(layout, at)
  if (fraction !== undefined) {
    return { length: fraction.length, step: fraction[1] === "0" ? fixedFraction(fraction.length - 1) : freeFraction }
  }
  // `_2006` is an underscore and a year.
  if (layout.startsWith("_2006", at)) return undefined
  const found = elements.find(
    ([element]) =>
      layout.startsWith(element, at) && !(shortNames.has(element) && /^[a-z]/.test(layout.slice(at + element.length)))
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
