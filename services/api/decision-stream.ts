/**
 * What `GET /v1/decisions/stream` answers (spec wire.md §1.7), as a function of the active bans.
 *
 * For each (scope, type, value) there is one truth after the filters: the longest decision that holds, or none. `new`
 * carries the first, `deleted` the second, so that a value is never in both, and a bouncer that applies every answer
 * has what `startup=true` would give it, if it asks at least once a week: so long is kept what ended.
 */
import { type ActiveBans, holdsAt, longest, type StandingDecision } from "../../projections/active-bans.ts"
import type { Group } from "../../projections/decision-groups.ts"
import { endOf } from "../../projections/endings.ts"
import type { DecisionFilter } from "./decision-filter.ts"
import { ended, held, type WireDecision } from "./wire-decision.ts"

export interface StreamAnswer {
  readonly new: ReadonlyArray<WireDecision>
  readonly deleted: ReadonlyArray<WireDecision>
}

/** Where a bouncer's last answer stood. */
export interface Pull {
  /** Place in the log. */
  readonly position: number
  /** When it asked, in milliseconds since 1970. */
  readonly at: number
}

/** Repeated in the next answer: a bouncer's clock and ours need not agree to the second. */
const overlapMs = 2_000

const byNumber = (a: StandingDecision, b: StandingDecision): number => a.number - b.number

/** Bouncers keep one set per origin, and one per list: each is told what it may hold. */
const setOf = ({ origin, scenario }: StandingDecision): string => (origin === "lists" ? `lists:${scenario}` : origin)

const wasLifted = ({ retracted, exempt }: StandingDecision): boolean => retracted !== null || exempt !== null

/** The groups that an answer may be about: after the first one those of which something changed or ended. */
const concerned = (
  { decisions }: ActiveBans,
  { range }: DecisionFilter,
  last: Pull | undefined,
  at: number
): Iterable<Group> =>
  last === undefined || range !== undefined
    ? decisions.groupsAbout(range)
    : new Set([...decisions.touchedSince(last.position), ...decisions.endingBetween(last.at - overlapMs, at)])

/**
 * @param since the bouncer's last pull, or undefined for everything: all that holds, and all that ended and is kept
 * @param at now, in milliseconds since 1970
 */
export const streamAnswer = (
  state: ActiveBans,
  filter: DecisionFilter,
  since: Pull | undefined,
  at: number
): StreamAnswer => {
  // What changed in between may be forgotten already: then only everything is right.
  const last = since !== undefined && since.position >= state.horizon ? since : undefined
  const isChanged = ({ changed }: StandingDecision): boolean => last === undefined || changed > last.position
  const isEnded = (decision: StandingDecision): boolean =>
    last === undefined ||
    (decision.changed > last.position && wasLifted(decision)) ||
    (endOf(decision) <= at && endOf(decision) > last.at - overlapMs)
  const holding: Array<StandingDecision> = []
  const over: Array<StandingDecision> = []
  for (const group of concerned(state, filter, last, at)) {
    if (!group.some((decision) => isChanged(decision) || isEnded(decision))) continue
    const twins = group.filter(filter.matches)
    const best = longest(twins.filter((decision) => holdsAt(decision, at)))
    if (best !== undefined) {
      if (twins.some(isChanged)) holding.push(best)
    } else if (twins.some(isEnded)) {
      const latest = [...twins].sort((a, b) => endOf(a) - endOf(b) || a.changed - b.changed)
      over.push(...new Map(latest.map((decision) => [setOf(decision), decision])).values())
    }
  }
  return {
    new: holding.sort(byNumber).map((decision) => held(decision, at, { uuid: true })),
    deleted: over.sort(byNumber).map((decision) => ended(decision, at))
  }
}
