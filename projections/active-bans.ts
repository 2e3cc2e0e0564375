/**
 * The decisions that hold now, and for a week those that held: what every bouncer gets.
 *
 * A decision holds from the moment its event is in the log until `until`, unless it was retracted or an allowlist
 * covers it. An allowlist works in both directions (a range that contains an allowlisted address does not hold either,
 * as a bouncer could not make the exception) and backwards (it lifts what was decided before); taking the entry off the
 * list puts a decision that has not run out back into force.
 *
 * **Memory.** A decision that ended is kept for 7 days of recorded time, because some bouncers have no clock of their
 * own and must be told (`deleted` of the wire).
 */
import * as Schema from "effect/Schema"
import { Allowlists } from "../domain/decision/allowlist.ts"
import { Allowlist } from "../domain/events/allowlist.ts"
import type { TestudoEvent } from "../domain/events/catalogue.ts"
import { millisecondOf } from "../domain/time/instant.ts"
import type { Group } from "./decision-groups.ts"
import { DecisionIndex } from "./decision-index.ts"
import { KnownIds } from "./known-ids.ts"
import type { Projection } from "./projection.ts"
import { byNumber, endOf, holdsAt, longest, Standing, type StandingDecision } from "./standing-decision.ts"

const hourMs = 3_600_000
const keptMs = 7 * 24 * hourMs

export interface ActiveBans {
  readonly decisions: DecisionIndex
  allowlists: Allowlists
  /** Position of the last change of an allowlist, -1 before the first. */
  allowlistsChanged: number
  /** Of the events that left no decision here by which they are known. */
  readonly known: KnownIds
  /** Greatest decision number there ever was, 0 before the first. */
  lastNumber: number
  /** Changes up to this position may be forgotten: who knows only an older one starts anew. */
  horizon: number
  /** Recorded time after which the next sweep is due. */
  sweepAfter: number
}

const Encoded = Schema.Struct({
  decisions: Schema.Array(Standing),
  allowlists: Schema.Array(Allowlist),
  allowlistsChanged: Schema.Int,
  known: Schema.Array(Schema.String),
  lastNumber: Schema.Int,
  horizon: Schema.Int,
  sweepAfter: Schema.Number
})
const decodeState = Schema.decodeUnknownSync(Encoded)

/** What holds of twins at a time: the longest, and the longest of those that are only simulated, which keep nobody out. */
const standing = (twins: Group, at: number): ReadonlyArray<StandingDecision> => {
  const holding = twins.filter((decision) => holdsAt(decision, at))
  const best = [false, true].map((simulated) => longest(holding.filter((decision) => decision.simulated === simulated)))
  return best.filter((decision) => decision !== undefined)
}

/** The decisions that hold at a time, one for each (scope, type, value, simulated): the longest. By number. */
export const activeAt = (state: ActiveBans, at: number): ReadonlyArray<StandingDecision> => {
  const active: Array<StandingDecision> = []
  for (const twins of state.decisions.groups()) active.push(...standing(twins, at))
  return active.sort(byNumber)
}

/** The decisions about this address or range, or about a range that contains it, that hold at a time. By number. */
export const coveringAt = (state: ActiveBans, value: string, at: number): ReadonlyArray<StandingDecision> =>
  state.decisions.covering(value).filter((decision) => holdsAt(decision, at))

export interface Changes {
  readonly added: ReadonlyArray<StandingDecision>
  readonly removed: ReadonlyArray<StandingDecision>
  readonly allowlists: boolean
}

/**
 * What changed after a position (exclusive), as one step: for each (scope, type, value) that an event touched, what holds
 * now is `added`, and those that ended by an event are `removed`. Removing comes before adding. What
 * merely ran out is in neither: who was told a decision was told its end. Undefined when the changes since then are not
 * known any more.
 */
export const changesSince = (state: ActiveBans, position: number, at: number): Changes | undefined => {
  if (position < state.horizon) return undefined
  const added: Array<StandingDecision> = []
  const removed: Array<StandingDecision> = []
  for (const twins of state.decisions.touchedSince(position)) {
    added.push(...standing(twins, at))
    for (const twin of twins)
      if (twin.changed > position && (twin.retracted !== null || twin.exempt !== null)) removed.push(twin)
  }
  return {
    added: added.sort(byNumber),
    removed: removed.sort(byNumber),
    allowlists: state.allowlistsChanged > position
  }
}

/** Whether the event is new. */
const make = (state: ActiveBans, event: Extract<TestudoEvent, { type: "DecisionMade" }>): boolean => {
  if (state.decisions.get(event.id) !== undefined || state.known.has(event.id)) return false
  const { number, overflow, scope, value, type, duration, from, until, scenario, origin, simulated, reason } =
    event.data
  state.lastNumber = Math.max(state.lastNumber, number)
  const made: StandingDecision = {
    id: event.id,
    stream: event.stream,
    number,
    overflow,
    scope,
    value,
    type,
    duration,
    scenario,
    origin,
    simulated,
    reason,
    from: millisecondOf(from),
    until: millisecondOf(until),
    retracted: null,
    exempt: state.allowlists.covers(scope, value) ? event.recordedAt : null,
    changed: event.position
  }
  if (endOf(made) + keptMs <= event.recordedAt) return state.known.learn(event.id)
  state.decisions.add(made)
  return true
}

const retract = (state: ActiveBans, event: Extract<TestudoEvent, { type: "DecisionRetracted" }>): void => {
  const decision = state.decisions.get(event.data.decision)
  if (decision === undefined || decision.retracted !== null) return
  decision.retracted = millisecondOf(event.data.at)
  state.decisions.touch(decision, event.position)
}

const replaceAllowlist = (state: ActiveBans, event: Extract<TestudoEvent, { type: "AllowlistReplaced" }>): void => {
  state.allowlists = state.allowlists.replaced(event.data)
  state.allowlistsChanged = event.position
  for (const decision of state.decisions.all()) {
    if (decision.retracted !== null) continue
    const covered = state.allowlists.covers(decision.scope, decision.value)
    if (covered === (decision.exempt !== null)) continue
    decision.exempt = covered ? event.recordedAt : null
    state.decisions.touch(decision, event.position)
  }
}

/** Forgets what ended long ago. At most once an hour of recorded time. */
const sweep = (state: ActiveBans, now: number): void => {
  if (now < state.sweepAfter) return
  state.sweepAfter = now + hourMs
  const forgotten = new Set<StandingDecision>()
  for (const decision of state.decisions.all()) {
    if (endOf(decision) + keptMs > now) continue
    state.horizon = Math.max(state.horizon, decision.changed)
    forgotten.add(decision)
    state.known.learn(decision.id)
  }
  state.decisions.remove(forgotten)
  state.decisions.compact()
}

export const activeBans: Projection<ActiveBans> = {
  name: "active-bans",
  version: 1,
  types: ["DecisionMade", "DecisionRetracted", "AllowlistReplaced"],
  initial: () => ({
    decisions: new DecisionIndex(),
    allowlists: Allowlists.of([]),
    allowlistsChanged: -1,
    known: new KnownIds(),
    lastNumber: 0,
    horizon: -1,
    sweepAfter: 0
  }),
  evolve: (state, event) => {
    if (event.type !== "DecisionMade" && event.type !== "DecisionRetracted" && event.type !== "AllowlistReplaced")
      return state
    if (!(event.type === "DecisionMade" ? make(state, event) : state.known.learn(event.id))) return state
    if (event.type === "DecisionRetracted") retract(state, event)
    else if (event.type === "AllowlistReplaced") replaceAllowlist(state, event)
    sweep(state, event.recordedAt)
    return state
  },
  encode: (state) => ({
    decisions: [...state.decisions.all()].map((decision) => ({ ...decision })),
    allowlists: [...state.allowlists.lists.values()].map(({ name, entries }) => ({
      name,
      entries: entries.map(({ value, comment }) => ({ value, comment }))
    })),
    allowlistsChanged: state.allowlistsChanged,
    known: [...state.known],
    lastNumber: state.lastNumber,
    horizon: state.horizon,
    sweepAfter: state.sweepAfter
  }),
  decode: (json) => {
    const { decisions, allowlists, known, ...rest } = decodeState(json)
    return {
      ...rest,
      decisions: new DecisionIndex(decisions.map((decision) => ({ ...decision }))),
      allowlists: Allowlists.of(allowlists),
      known: new KnownIds(known)
    }
  }
}
