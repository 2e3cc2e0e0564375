/**
 * Targeted attacks: one offender that tries several different kinds of attack in a short time.
 *
 * An attack opens when an offender's overflows of the last hour (time of the log) show at least 3 different attack
 * kinds, or at once when a meta-bucket says so: an overflow whose label `behavior` names `targeted`
 * (`generic:targeted`). The kind of an overflow is its label `behavior` (`ssh:bruteforce`), else its scenario's name, so
 * that three scenarios about the same brute force are one kind. Each further overflow of the offender within an hour of
 * the last one belongs to the attack; after a quiet hour it is over.
 *
 * **Memory.** The last 64 overflows of each of the 50,000 offenders heard of last, 10,000 attacks, 256 events of each.
 * An attack is forgotten 30 days after its last event was recorded.
 */
import * as Schema from "effect/Schema"
import { type Overflow, OverflowRaised } from "../domain/events/overflow.ts"
import { millisecondOf } from "../domain/time/instant.ts"
import { AgedMap } from "../domain/order/aged-map.ts"
import { KnownIds } from "./known-ids.ts"
import { attackKind, offenderKey } from "./offender.ts"
import { dayOf, type Projection } from "./projection.ts"

const windowMs = 3_600_000
const enoughKinds = 3
const mostRecent = 64
const mostOffenders = 50_000
const mostAttacks = 10_000
const mostEvents = 256
const keptDays = 30

const Mention = Schema.Struct({
  event: Schema.String,
  kind: Schema.String,
  scenario: Schema.String,
  from: Schema.Number,
  to: Schema.Number
})
type Mention = typeof Mention.Type

const Named = Schema.Struct({ scope: Schema.String, value: Schema.String })

const Attack = Schema.Struct({
  /** Id of the overflow that opened it. */
  id: Schema.String,
  /** The offender first, then others whose overflows a meta-bucket counted in. */
  offenders: Schema.mutableKey(Schema.Array(Named)),
  /** Whether a meta-bucket said so, or the rule of three kinds. */
  detectedBy: Schema.Literals(["meta-bucket", "kinds"]),
  /** Times of the log, in milliseconds since 1970. */
  start: Schema.mutableKey(Schema.Number),
  end: Schema.mutableKey(Schema.Number),
  kinds: Schema.mutableKey(Schema.Array(Schema.String)),
  scenarios: Schema.mutableKey(Schema.Array(Schema.String)),
  /** Ids of its `OverflowRaised` events, the last 256. */
  events: Schema.mutableKey(Schema.Array(Schema.String)),
  /** Day (since 1970) on which its last event was recorded. */
  recordedOn: Schema.mutableKey(Schema.Int)
})
export type Attack = typeof Attack.Type

interface Trace {
  readonly scope: string
  readonly value: string
  mentions: ReadonlyArray<Mention>
}

export interface TargetedAttacks {
  /** By id, oldest first. */
  readonly attacks: AgedMap<Attack>
  /** The attack that an offender was last part of. */
  readonly latest: Map<string, string>
  /** What each offender did in its last hour; longest quiet first. */
  readonly traces: AgedMap<Trace>
  readonly known: KnownIds
  day: number
}

const Encoded = Schema.Struct({
  attacks: Schema.Array(Attack),
  latest: Schema.Array(Schema.Tuple([Schema.String, Schema.String])),
  traces: Schema.Array(Schema.Struct({ ...Named.fields, mentions: Schema.Array(Mention) })),
  known: Schema.Array(Schema.String),
  day: Schema.Int
})
const decodeState = Schema.decodeUnknownSync(Encoded)

/** Whether the attack goes on at a time (milliseconds since 1970): it began, and was not quiet for an hour. */
export const isOpenAt = (attack: Attack, at: number): boolean => at >= attack.start && at - attack.end < windowMs

/** Attacks, the one with the latest event first. */
export const attacksByTime = (state: TargetedAttacks, limit: number): ReadonlyArray<Attack> =>
  [...state.attacks]
    .map(([, attack]) => attack)
    .sort((a, b) => b.end - a.end || (a.id < b.id ? -1 : 1))
    .slice(0, limit)

const isMeta = (overflow: Overflow): boolean => attackKind(overflow).split(":").includes("targeted")

const trace = (state: TargetedAttacks, scope: string, value: string, mention: Mention): Trace => {
  const key = offenderKey(scope, value)
  const found = state.traces.get(key) ?? { scope, value, mentions: [] }
  found.mentions = [...found.mentions, mention].slice(-mostRecent)
  const last = found.mentions.reduce((latest, { to }) => Math.max(latest, to), mention.to)
  found.mentions = found.mentions.filter(({ to }) => last - to < windowMs)
  state.traces.set(key, found)
  return found
}

const merge = <Item>(a: ReadonlyArray<Item>, b: ReadonlyArray<Item>): ReadonlyArray<Item> => [...new Set([...a, ...b])]

const extend = (attack: Attack, mentions: ReadonlyArray<Mention>, day: number): void => {
  attack.start = mentions.reduce((start, { from }) => Math.min(start, from), attack.start)
  attack.end = mentions.reduce((end, { to }) => Math.max(end, to), attack.end)
  attack.kinds = merge(
    attack.kinds,
    mentions.map(({ kind }) => kind)
  ).slice(0, mostRecent)
  attack.scenarios = merge(
    attack.scenarios,
    mentions.map(({ scenario }) => scenario)
  ).slice(0, mostRecent)
  attack.events = merge(
    attack.events,
    mentions.map(({ event }) => event)
  ).slice(-mostEvents)
  attack.recordedOn = day
}

/** The overflows that a meta-bucket's overflow counted, with whose they are. */
const counted = (state: TargetedAttacks, overflow: Overflow): ReadonlyArray<{ of: Trace; mention: Mention }> => {
  const events = new Set(overflow.evidence.entries.map(({ event }) => event))
  const { scope, value } = overflow.source
  const own = state.traces.get(offenderKey(scope, value))
  // Evidence of the same scope is the offender's own: no need to search everybody's traces for it.
  const places = scope === "Ip" ? (own === undefined ? [] : [own]) : [...state.traces].map(([, each]) => each)
  return places.flatMap((of) =>
    of.mentions.filter(({ event }) => events.has(event)).map((mention) => ({ of, mention }))
  )
}

/** A new attack by these offenders, nothing in it yet. */
const open = (
  state: TargetedAttacks,
  id: string,
  offenders: Attack["offenders"],
  detectedBy: Attack["detectedBy"]
): Attack => {
  const [start, end] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const none = { kinds: [], scenarios: [], events: [] }
  const attack: Attack = { id, offenders, detectedBy, start, end, ...none, recordedOn: state.day }
  state.attacks.set(id, attack)
  for (const { scope, value } of offenders) state.latest.set(offenderKey(scope, value), id)
  return attack
}

/** The attack that goes on for an offender at a time, or undefined. */
const ongoing = (state: TargetedAttacks, { scope, value }: Overflow["source"], at: number): Attack | undefined => {
  const attack = state.attacks.get(state.latest.get(offenderKey(scope, value)) ?? "")
  return attack !== undefined && at - attack.end < windowMs ? attack : undefined
}

const drop = (state: TargetedAttacks, { id, offenders }: Attack): void => {
  state.attacks.delete(id)
  for (const { scope, value } of offenders) {
    const key = offenderKey(scope, value)
    if (state.latest.get(key) === id) state.latest.delete(key)
  }
}

/** What there is no room for; on a new day also the attacks that are long over. */
const forget = (state: TargetedAttacks, isNewDay: boolean): void => {
  while (state.traces.size > mostOffenders) state.traces.delete(state.traces.oldest!)
  while (state.attacks.size > mostAttacks) drop(state, state.attacks.get(state.attacks.oldest!)!)
  if (!isNewDay) return
  for (const [, attack] of [...state.attacks]) if (state.day - attack.recordedOn > keptDays) drop(state, attack)
}

/** An overflow of a kind of attack: part of the attack that goes on, or perhaps the third kind. */
const pour = (state: TargetedAttacks, overflow: Overflow, mention: Mention): void => {
  const { scope, value } = overflow.source
  const { mentions } = trace(state, scope, value, mention)
  const current = ongoing(state, overflow.source, mention.to)
  if (current !== undefined) extend(current, [mention], state.day)
  else if (new Set(mentions.map(({ kind }) => kind)).size >= enoughKinds)
    extend(open(state, mention.event, [{ scope, value }], "kinds"), mentions, state.day)
}

/** A meta-bucket's verdict. The kinds are those of the overflows that it counted; it is no kind of attack itself. */
const judge = (state: TargetedAttacks, overflow: Overflow, verdict: Mention): void => {
  const { scope, value } = overflow.source
  const found = counted(state, overflow)
  const offenders = new Map(
    [{ scope, value }, ...found.map(({ of }) => of)].map((each) => [offenderKey(each.scope, each.value), each])
  )
  const named = [...offenders.values()].map((each) => ({ scope: each.scope, value: each.value }))
  const attack = ongoing(state, overflow.source, verdict.to) ?? open(state, verdict.event, named, "meta-bucket")
  extend(
    attack,
    found.map(({ mention }) => mention),
    state.day
  )
  attack.start = Math.min(attack.start, verdict.from)
  attack.end = Math.max(attack.end, verdict.to)
  attack.events = merge(attack.events, [verdict.event]).slice(-mostEvents)
}

export const targetedAttacks: Projection<TargetedAttacks> = {
  name: "targeted-attacks",
  version: 1,
  types: [OverflowRaised.type],
  initial: () => ({ attacks: new AgedMap(), latest: new Map(), traces: new AgedMap(), known: new KnownIds(), day: 0 }),
  evolve: (state, event) => {
    if (event.type !== "OverflowRaised" || !state.known.learn(event.id)) return state
    const day = Math.max(state.day, dayOf(event))
    const isNewDay = day > state.day
    state.day = day
    const { scenario, startAt, stopAt } = event.data
    const [kind, from, to] = [attackKind(event.data), millisecondOf(startAt), millisecondOf(stopAt)]
    const mention = { event: event.id, kind, scenario: scenario.name, from, to }
    if (isMeta(event.data)) judge(state, event.data, mention)
    else pour(state, event.data, mention)
    forget(state, isNewDay)
    return state
  },
  encode: (state) => ({
    attacks: [...state.attacks].map(([, attack]) => ({ ...attack })),
    latest: [...state.latest],
    traces: [...state.traces].map(([, found]) => ({ ...found })),
    known: [...state.known],
    day: state.day
  }),
  decode: (json) => {
    const { attacks, latest, traces, known, day } = decodeState(json)
    return {
      attacks: new AgedMap(attacks.map((attack) => [attack.id, { ...attack }])),
      latest: new Map(latest),
      traces: new AgedMap(traces.map((found) => [offenderKey(found.scope, found.value), { ...found }])),
      known: new KnownIds(known),
      day
    }
  }
}
