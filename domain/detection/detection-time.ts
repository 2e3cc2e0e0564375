import type { DateContext } from "../time/date.ts"

/**
 * When a line counts as detected. A live line counts from when it was observed, unless its own time says that it waited;
 * a cold line counts from its own time. So a backlog bans exactly whom steady reading would have banned, and a replay
 * does not ask what the clock says.
 * All times in microseconds since 1970.
 */

/** A line whose own time is older than this has waited. */
const patience = 5_000_000

/**
 * `observed`: a live log. `own`: a cold one. `said`: a hub test, in which CrowdSec gives a date without a year that of
 * the clock, takes what is no date for the present, and pours a line without a time into triggers alone.
 */
export type TimeMode = "observed" | "own" | "said"

/** How an event came in. */
export interface Arrival {
  readonly observed: number
  readonly mode: TimeMode
  /** How the dates in it are read. */
  readonly dates: DateContext
  /** Detection time of the previous line of the same source. */
  previous: number | undefined
}

/**
 * `own` is the line's own time, undefined when it has none. A live line from the future counts as observed now, one from
 * before 1970 as of 1970: both are clocks gone wrong, or an attacker's invention.
 */
export const detectionTime = ({ observed, mode, previous }: Arrival, own: number | undefined): number => {
  const known = own === undefined ? undefined : Math.max(own, 0)
  if (mode === "observed") return known !== undefined && known < observed - patience ? known : observed
  return known ?? (mode === "own" ? previous : undefined) ?? observed
}

/** An instant of `domain/time` (milliseconds with a fraction) in whole microseconds. */
export const microseconds = (instant: number): number => Math.round(instant * 1000)
