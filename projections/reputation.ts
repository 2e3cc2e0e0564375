/**
 * The reputation of every offender: how much it attacked, how lately, with what.
 *
 * **Score.** Each overflow weighs
 *
 *     (1 + confidence) / (1 + spoofable), halved when the scenario does not ask for remediation
 *
 * with the labels `confidence` and `spoofable` of the scenario (0 to 3 each; 1 and 0 when missing), and loses half of
 * its weight every 7 days counted from its end (`stopAt`). The score is the sum: 2 for one ordinary attack just now,
 * near 0 for one of last year, without an upper bound. A lifted decision does not change it: it is about behaviour.
 *
 * **Memory.** Per offender the 16 most frequent scenarios and the last 8 decision numbers. An offender about whom
 * nothing was recorded for 90 days is forgotten; beyond 200,000 offenders the longest quiet one is.
 */
import * as Schema from "effect/Schema"
import type { Overflow } from "../domain/events/overflow.ts"
import { millisecondsPerDay } from "../domain/time/calendar.ts"
import { millisecondOf } from "../domain/time/instant.ts"
import { AgedMap } from "../domain/order/aged-map.ts"
import { KnownIds } from "./known-ids.ts"
import { offenderKey } from "./offender.ts"
import { dayOf, type Projection } from "./projection.ts"

const halfLifeMs = 7 * millisecondsPerDay
const quietDays = 90
const mostOffenders = 200_000
const mostScenarios = 16
const mostDecisions = 8

const Offender = Schema.Struct({
  scope: Schema.String,
  value: Schema.String,
  /** Score at the time `scoredAt`. */
  score: Schema.mutableKey(Schema.Number),
  scoredAt: Schema.mutableKey(Schema.Number),
  overflows: Schema.mutableKey(Schema.Int),
  /** Events poured into the buckets that ran over. */
  events: Schema.mutableKey(Schema.Int),
  /** Times of the log, in milliseconds since 1970. */
  firstSeen: Schema.mutableKey(Schema.Number),
  lastSeen: Schema.mutableKey(Schema.Number),
  /** How often each scenario ran over: name and count, first seen first. */
  scenarios: Schema.mutableKey(Schema.Array(Schema.Tuple([Schema.String, Schema.Int]))),
  decisions: Schema.mutableKey(Schema.Int),
  lastDecisions: Schema.mutableKey(Schema.Array(Schema.Int)),
  country: Schema.mutableKey(Schema.NullOr(Schema.String)),
  asName: Schema.mutableKey(Schema.NullOr(Schema.String)),
  /** Day (since 1970) on which something about it was last recorded: decides when it is forgotten. */
  recordedOn: Schema.mutableKey(Schema.Int)
})
/** Times are in milliseconds since 1970. */
export type Offender = typeof Offender.Type

export interface Reputation {
  /** Longest quiet first: whoever is heard of moves to the end. */
  readonly offenders: AgedMap<Offender>
  readonly known: KnownIds
  /** Day of the latest recorded event. */
  day: number
}

const Encoded = Schema.Struct({
  offenders: Schema.Array(Offender),
  known: Schema.Array(Schema.String),
  day: Schema.Int
})
const decodeState = Schema.decodeUnknownSync(Encoded)

const label = (overflow: Overflow, name: string, otherwise: number): number => {
  const value = Object.hasOwn(overflow.labels, name) ? overflow.labels[name] : undefined
  return typeof value === "number" && value >= 0 && value <= 3 ? value : otherwise
}

const weight = (overflow: Overflow): number =>
  ((1 + label(overflow, "confidence", 1)) / (1 + label(overflow, "spoofable", 0))) * (overflow.remediation ? 1 : 0.5)

const decay = (elapsedMs: number): number => 2 ** (-Math.max(0, elapsedMs) / halfLifeMs)

/** The score at a time (milliseconds since 1970). Before the last overflow it is what it was at that overflow. */
export const scoreAt = (offender: Offender, at: number): number => offender.score * decay(at - offender.scoredAt)

export const offenderOf = (state: Reputation, scope: string, value: string): Offender | undefined =>
  state.offenders.get(offenderKey(scope, value))

/** The offenders with the highest scores at a time, highest first. */
export const worstAt = (state: Reputation, at: number, limit: number): ReadonlyArray<Offender> =>
  [...state.offenders]
    .map(([, offender]) => [scoreAt(offender, at), offender] as const)
    .sort(([a, x], [b, y]) => b - a || (offenderKey(x.scope, x.value) < offenderKey(y.scope, y.value) ? -1 : 1))
    .slice(0, limit)
    .map(([, offender]) => offender)

const meet = (state: Reputation, scope: string, value: string, at: number): Offender => {
  const key = offenderKey(scope, value)
  const offender: Offender = state.offenders.get(key) ?? {
    scope,
    value,
    score: 0,
    scoredAt: at,
    overflows: 0,
    events: 0,
    firstSeen: at,
    lastSeen: at,
    scenarios: [],
    decisions: 0,
    lastDecisions: [],
    country: null,
    asName: null,
    recordedOn: state.day
  }
  offender.recordedOn = state.day
  offender.firstSeen = Math.min(offender.firstSeen, at)
  offender.lastSeen = Math.max(offender.lastSeen, at)
  state.offenders.set(key, offender)
  return offender
}

/** One more of this scenario. When there is no room, the rarest one makes it, the later of two equals. */
const count = (scenarios: Offender["scenarios"], name: string): Offender["scenarios"] => {
  if (scenarios.some(([known]) => known === name))
    return scenarios.map(([known, times]) => [known, known === name ? times + 1 : times] as const)
  const rarest = scenarios.reduce((worst, [, times], index) => (times <= scenarios[worst]![1] ? index : worst), 0)
  const kept = scenarios.length < mostScenarios ? scenarios : scenarios.filter((_, index) => index !== rarest)
  return [...kept, [name, 1] as const]
}

const pour = (state: Reputation, overflow: Overflow): void => {
  const { source } = overflow
  const at = millisecondOf(overflow.stopAt)
  const offender = meet(state, source.scope, source.value, at)
  const reference = Math.max(offender.scoredAt, at)
  offender.score = scoreAt(offender, reference) + weight(overflow) * decay(reference - at)
  offender.scoredAt = reference
  offender.overflows += 1
  offender.events += overflow.eventsCount
  offender.firstSeen = Math.min(offender.firstSeen, millisecondOf(overflow.startAt))
  offender.scenarios = count(offender.scenarios, overflow.scenario.name)
  offender.country = source.country ?? offender.country
  offender.asName = source.asName ?? offender.asName
}

const forget = (state: Reputation): void => {
  for (let key = state.offenders.oldest; key !== undefined; key = state.offenders.oldest) {
    const { recordedOn } = state.offenders.get(key)!
    if (state.offenders.size <= mostOffenders && state.day - recordedOn <= quietDays) return
    state.offenders.delete(key)
  }
}

export const reputation: Projection<Reputation> = {
  name: "reputation",
  version: 1,
  types: ["OverflowRaised", "DecisionMade"],
  initial: () => ({ offenders: new AgedMap(), known: new KnownIds(), day: 0 }),
  evolve: (state, event) => {
    if (event.type !== "OverflowRaised" && event.type !== "DecisionMade") return state
    if (!state.known.learn(event.id)) return state
    state.day = Math.max(state.day, dayOf(event))
    if (event.type === "OverflowRaised") pour(state, event.data)
    if (event.type === "DecisionMade") {
      const { scope, value, from, number } = event.data
      const offender = meet(state, scope, value, millisecondOf(from))
      offender.decisions += 1
      offender.lastDecisions = [...offender.lastDecisions, number].slice(-mostDecisions)
    }
    forget(state)
    return state
  },
  encode: (state) => ({
    offenders: [...state.offenders].map(([, offender]) => ({ ...offender })),
    known: [...state.known],
    day: state.day
  }),
  decode: (json) => {
    const { offenders, known, day } = decodeState(json)
    return {
      offenders: new AgedMap(
        offenders.map((offender) => [offenderKey(offender.scope, offender.value), { ...offender }])
      ),
      known: new KnownIds(known),
      day
    }
  }
}
