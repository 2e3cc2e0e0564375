/** How long a decision lasts: Go's duration text, with leading days (`7d`, `1d12h`) as everywhere in the field. */
import { formatDuration, parseLongDuration } from "../time/duration.ts"

/** Milliseconds, rounded towards zero; undefined when the text is no duration. */
export const durationMs = (text: string): number | undefined => {
  const nanoseconds = parseLongDuration(text.trim())
  return nanoseconds === undefined ? undefined : Number(nanoseconds / 1_000_000n)
}

/** Go's text of a span, such as `4h0m0s`. */
export const durationText = (milliseconds: number): string =>
  formatDuration(BigInt(Math.trunc(milliseconds)) * 1_000_000n)
