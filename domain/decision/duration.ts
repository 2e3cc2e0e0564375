/** How long a decision lasts: Go's duration text, with leading days (`7d`, `1d12h`) as everywhere in the field. */
import { Duration, parseDuration } from "../expression/duration.ts"

const dayNs = 86_400_000_000_000n
const longest = 2n ** 63n

/** Milliseconds, rounded down; undefined when the text is no duration. Accepts negative ones. */
export const durationMs = (text: string): number | undefined => {
  const [, sign = "", days = "", rest = ""] = /^([-+]?)(?:(\d{1,6})d)?([^-+].*)?$/s.exec(text.trim()) ?? []
  if (days === "" && rest === "") return undefined
  try {
    const nanoseconds = BigInt(days === "" ? 0 : days) * dayNs + (rest === "" ? 0n : parseDuration(rest).nanoseconds)
    if (nanoseconds >= longest) return undefined
    const milliseconds = Number(nanoseconds / 1_000_000n)
    return sign === "-" ? -milliseconds : milliseconds
  } catch {
    return undefined
  }
}

/** Go's text of a span, such as `4h0m0s`. */
export const durationText = (milliseconds: number): string =>
  new Duration(BigInt(Math.trunc(milliseconds)) * 1_000_000n).toString()
