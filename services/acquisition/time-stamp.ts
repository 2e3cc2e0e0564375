/** Time stamps in sample logs: found in a line, and written anew in the same layout. Pure. */

/** A time stamp in a line: where it stands, what it says, and how another time looks in its layout. */
export interface FoundStamp {
  readonly from: number
  readonly to: number
  /**
   * Milliseconds since 1970. Without a zone in the layout: as if it were UTC. Without a year: in the year 2000, a leap
   * year. Good for distances between stamps of one log, not for the moment itself.
   */
  readonly time: number
  readonly write: (time: number) => string
}

export const layouts = ["syslog", "iso", "clf", "error-log"] as const
export type Layout = (typeof layouts)[number]

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
const month = months.join("|")
const two = (value: number): string => String(value).padStart(2, "0")

/** Minutes that a zone is ahead of UTC at a time. */
const zoneOffset = (time: number, zone: string): number => {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(time)
  const found = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(parts.find(({ type }) => type === "timeZoneName")?.value ?? "")
  if (found?.[1] === undefined) return 0
  return (found[1] === "-" ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3]))
}

/** Minutes ahead of UTC as `Z`, `+02:00` or `+0200` says. */
const writtenOffset = (text: string): number => {
  const found = /^([+-])(\d\d):?(\d\d)$/.exec(text)
  return found === null ? 0 : (found[1] === "-" ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3]))
}

/** The clock on the wall, as a date whose UTC fields show it. */
const wall = (time: number, minutes: number): Date => new Date(time + minutes * 60_000)
const clock = (date: Date): string =>
  `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`

interface LayoutRule {
  readonly pattern: RegExp
  readonly read: (match: RegExpExecArray) => number
  readonly write: (match: RegExpExecArray, time: number, zone: string) => string
}

const rules: Readonly<Record<Layout, LayoutRule>> = {
  syslog: {
    pattern: new RegExp(`^(${month}) ([ \\d]\\d) (\\d\\d):(\\d\\d):(\\d\\d)(?= )`),
    read: (m) => Date.UTC(2000, months.indexOf(m[1]!), Number(m[2]), Number(m[3]), Number(m[4]), Number(m[5])),
    write: (_, time, zone) => {
      const date = wall(time, zoneOffset(time, zone))
      return `${months[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)} ${clock(date)}`
    }
  },
  iso: {
    pattern: /^(\d{4}-\d\d-\d\d)([T ])(\d\d:\d\d:\d\d)(?:([.,])(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?/,
    read: (m) => Date.parse(`${m[1]}T${m[3]}.${(m[5] ?? "0").slice(0, 3)}Z`) - writtenOffset(m[6] ?? "Z") * 60_000,
    write: (m, time, zone) => {
      const text = wall(time, m[6] === undefined ? zoneOffset(time, zone) : writtenOffset(m[6])).toISOString()
      const fraction =
        m[5] === undefined ? "" : m[4]! + text.slice(20, 23).padEnd(m[5].length, "0").slice(0, m[5].length)
      return `${text.slice(0, 10)}${m[2]}${text.slice(11, 19)}${fraction}${m[6] ?? ""}`
    }
  },
  clf: {
    pattern: new RegExp(`\\[(\\d\\d)/(${month})/(\\d{4}):(\\d\\d):(\\d\\d):(\\d\\d) ([+-]\\d{4})\\]`),
    read: (m) =>
      Date.UTC(Number(m[3]), months.indexOf(m[2]!), Number(m[1]), Number(m[4]), Number(m[5]), Number(m[6])) -
      writtenOffset(m[7]!) * 60_000,
    write: (m, time) => {
      const date = wall(time, writtenOffset(m[7]!))
      return `[${two(date.getUTCDate())}/${months[date.getUTCMonth()]}/${date.getUTCFullYear()}:${clock(date)} ${m[7]}]`
    }
  },
  "error-log": {
    pattern: new RegExp(
      `^\\[(?:${weekdays.join("|")}) (${month}) (\\d\\d) (\\d\\d):(\\d\\d):(\\d\\d)(\\.\\d{1,9})? (\\d{4})\\]`
    ),
    read: (m) =>
      Date.UTC(Number(m[7]), months.indexOf(m[1]!), Number(m[2]), Number(m[3]), Number(m[4]), Number(m[5])) +
      Math.floor(Number(m[6] ?? 0) * 1_000),
    write: (m, time, zone) => {
      const date = wall(time, zoneOffset(time, zone))
      const fraction =
        m[6] === undefined
          ? ""
          : `.${String(date.getUTCMilliseconds()).padStart(3, "0")}`.padEnd(m[6].length, "0").slice(0, m[6].length)
      return `[${weekdays[date.getUTCDay()]} ${months[date.getUTCMonth()]} ${two(date.getUTCDate())} ${clock(date)}${fraction} ${date.getUTCFullYear()}]`
    }
  }
}

/**
 * The time stamp of a line: `Dec 10 06:55:46 ` or `2026-01-31T10:00:00.123+02:00` at its beginning,
 * `[31/Jan/2026:10:00:00 +0000]` anywhere, `[Sun Dec 04 04:47:44 2005]` at its beginning.
 * `zone`: IANA name; layouts without a zone are written in it.
 */
export const findStamp = (
  line: string,
  zone: string,
  among: ReadonlyArray<Layout> = layouts
): FoundStamp | undefined => {
  for (const layout of among) {
    const rule = rules[layout]
    const match = rule.pattern.exec(line)
    if (match === null) continue
    const time = rule.read(match)
    if (Number.isNaN(time)) continue
    return {
      from: match.index,
      to: match.index + match[0].length,
      time,
      write: (moved) => rule.write(match, moved, zone)
    }
  }
  return undefined
}
