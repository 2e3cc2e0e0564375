/**
 * What `GET /v1/decisions/stream` of CrowdSec's local API answers, as a function of the active bans.
 *
 * For each (scope, type, value) there is one truth after the filters: the longest decision that holds, or none. `new`
 * carries the first, `deleted` the second, so that a value is never in both, and a bouncer that applies every answer
 * has what `startup=true` would give it, if it asks at least once a week: so long is kept what ended.
 */
import type { ActiveBans } from "../../projections/active-bans.ts"
import { endOf, holdsAt, longest, type StandingDecision } from "../../projections/standing-decision.ts"
import type { Group } from "../../projections/decision-groups.ts"
import type { DecisionFilter } from "./decision-filter.ts"
import { lazily } from "./json-answer.ts"
import { ended, held, type WireDecision } from "./wire-decision.ts"

/** Which decisions an answer is about. */
export interface Selection {
  readonly new: ReadonlyArray<StandingDecision>
  readonly deleted: ReadonlyArray<StandingDecision>
}

/** May be very long: its decisions are written down one by one, once. */
export interface StreamAnswer {
  readonly new: Iterable<WireDecision>
  readonly deleted: Iterable<WireDecision>
}

/** Where a bouncer's last answer stood. */
export interface Pull {
  /** Place in the log. */
  readonly position: number
  /** When it asked, in milliseconds since 1970. */
  readonly at: number
}

/** Within so long, what ran out is told in the next answer too: a bouncer's clock and ours need not agree to the second. */
const overlapMs = 2_000

/**
 * CrowdSec's firewall bouncer lets an address go by a time that it learns when it adds it; what it is told later about an
 * address that it holds is dropped. So when one of several decisions runs out, the one that goes on is told again, for as
 * long as it may have taken the bouncer to come to the address in its list, and now and then for as long as a list of
 * hundreds of thousands may have taken it.
 */
const repeatedMs = 30_000
const repeatedLaterMs = [60_000, 120_000, 180_000, 240_000, 300_000]

/** Whose running out, between the two times, is a reason to tell again what goes on. */
const repeatedBetween = (last: number, at: number): ReadonlyArray<readonly [after: number, upTo: number]> => [
  [last - repeatedMs, at],
  ...repeatedLaterMs.map((late) => [last - late, at - late] as const)
]

const byNumber = (a: StandingDecision, b: StandingDecision): number => a.number - b.number

/** Bouncers keep one set per origin, and one per list: each is told what it may hold. */
const setOf = ({ origin, scenario }: StandingDecision): string => (origin === "lists" ? `lists:${scenario}` : origin)

const wasLifted = ({ retracted, exempt }: StandingDecision): boolean => retracted !== null || exempt !== null

/** The groups that an answer may be about. A bouncer that asks again is not to cost a look at all decisions. */
const groupsSince = (
  { decisions }: ActiveBans,
  { range }: DecisionFilter,
  last: Pull | undefined,
  at: number
): Iterable<Group> =>
  last === undefined || range !== undefined
    ? decisions.groupsAbout(range)
    : new Set([
        ...decisions.touchedSince(last.position),
        ...repeatedBetween(last.at, at).flatMap(([after, upTo]) => [...decisions.endedBetween(after, upTo)])
      ])

/**
 * What a bouncer knows by its last pull. Undefined when only everything is right: what changed since then may be forgotten
 * already, and a clock that was set back makes decisions hold again that were told to be over.
 */
export const knownBy = (state: ActiveBans, since: Pull | undefined, at: number): Pull | undefined =>
  since !== undefined && since.position >= state.horizon && since.at <= at ? since : undefined

/**
 * @param last what the bouncer knows, or undefined for everything: all that holds, and all that ended and is kept
 * @param at now, in milliseconds since 1970
 */
export const selected = (state: ActiveBans, filter: DecisionFilter, last: Pull | undefined, at: number): Selection => {
  const isChanged = ({ changed }: StandingDecision): boolean => last === undefined || changed > last.position
  const repeated = last === undefined ? [] : repeatedBetween(last.at, at)
  const isEnded = (decision: StandingDecision): boolean => {
    if (last === undefined) return true
    const { until } = decision
    return wasLifted(decision) ? isChanged(decision) : until <= at && until > last.at - overlapMs
  }
  const isToldAgain = (decision: StandingDecision): boolean =>
    isChanged(decision) || repeated.some(([after, upTo]) => decision.until > after && decision.until <= upTo)
  const holding: Array<StandingDecision> = []
  const over: Array<StandingDecision> = []
  for (const group of groupsSince(state, filter, last, at)) {
    const twins = group.filter(filter.matches)
    const best = longest(twins.filter((decision) => holdsAt(decision, at)))
    if (best !== undefined) {
      if (twins.some(isToldAgain)) holding.push(best)
    } else if (twins.some(isEnded)) {
      const latest = [...twins].sort((a, b) => endOf(a) - endOf(b) || a.changed - b.changed)
      over.push(...new Map(latest.map((decision) => [setOf(decision), decision])).values())
    }
  }
  return { new: holding.sort(byNumber), deleted: over.sort(byNumber) }
}

/** The decisions as a bouncer reads them, at the time for which they were selected. */
export const streamAnswer = (selection: Selection, at: number): StreamAnswer => ({
  new: lazily(selection.new, (decision) => held(decision, at, { uuid: true })),
  deleted: lazily(selection.deleted, (decision) => ended(decision, at))
})
