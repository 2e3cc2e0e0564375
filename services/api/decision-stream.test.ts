import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parsePrefix } from "../../domain/net/prefix.ts"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { type ActiveBans, activeAt, activeBans, changesSince } from "../../projections/active-bans.ts"
import { holdsAt, type StandingDecision } from "../../projections/standing-decision.ts"
import { DecisionIndex } from "../../projections/decision-index.ts"
import { start, time } from "../../domain/decision/example.fixture.ts"
import { parseMilliseconds } from "../../domain/time/duration.ts"
import { allowlistReplaced, decisionMade, decisionRetracted } from "../../projections/example.fixture.ts"
import type { DecisionFilter } from "./decision-filter.ts"
import { knownBy, type Pull, selected, streamAnswer } from "./decision-stream.ts"
import type { WireDecision } from "./wire-decision.ts"

const weekMs = 7 * 86_400_000

type Step =
  | {
      readonly kind: "decide"
      readonly value: string
      readonly type: string
      readonly origin: string
      readonly seconds: number
    }
  | { readonly kind: "retract"; readonly which: number }
  | { readonly kind: "allow"; readonly values: ReadonlyArray<string> }
  | { readonly kind: "pull" }

const value = fc.constantFrom("203.0.113.7", "203.0.113.8", "198.51.100.0/24")
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("decide" as const),
      value,
      type: fc.constantFrom("ban", "captcha"),
      origin: fc.constantFrom("crowdsec", "CAPI", "lists"),
      seconds: fc.integer({ min: -100, max: 4_000 })
    })
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("retract" as const), which: fc.nat(30) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("allow" as const),
      values: fc.array(fc.oneof(value, fc.constant("203.0.113.0/24")), { maxLength: 2 })
    })
  },
  { weight: 4, arbitrary: fc.constant({ kind: "pull" as const }) }
)
/** Steps with the milliseconds that pass before each; now and then so many that old decisions are forgotten. */
const history = fc.array(
  fc.tuple(step, fc.oneof({ weight: 9, arbitrary: fc.nat(900_000) }, { weight: 1, arbitrary: fc.nat(900_000_000) })),
  { maxLength: 60 }
)

const eventOf = (
  step: Step,
  made: ReadonlyArray<TestudoEvent>,
  position: number,
  now: number
): TestudoEvent | undefined => {
  const at = { position, recordedAt: now }
  if (step.kind === "decide") {
    const scope = step.value.includes("/") ? "Range" : "Ip"
    const { value, type, origin } = step
    return decisionMade(
      { number: position, scope, value, type, origin, from: time(now), until: time(now + step.seconds * 1_000) },
      at
    )
  }
  if (step.kind === "allow") return allowlistReplaced("configuration", step.values, at)
  if (step.kind === "pull") return undefined
  const chosen = made.filter((event) => event.type === "DecisionMade")[step.which]
  return chosen === undefined ? undefined : decisionRetracted(chosen, at)
}

const filter = (matches: (decision: StandingDecision) => boolean): DecisionFilter => ({ range: undefined, matches })
const filters: Record<string, DecisionFilter> = {
  everything: filter(() => true),
  "one origin": filter(({ origin }) => origin === "crowdsec"),
  "one type": filter(({ type }) => type === "ban")
}

const everywhere = { value: parsePrefix("0.0.0.0/0")!, relation: "inside" } as const

type Key = Pick<WireDecision, "scope" | "type" | "value">
const keyOf = ({ scope, type, value }: Key): string => `${scope} ${type} ${value}`

const answerOf = (state: ActiveBans, filter: DecisionFilter, since: Pull | undefined, at: number) => {
  const answer = streamAnswer(selected(state, filter, knownBy(state, since, at), at), at)
  return { new: [...answer.new], deleted: [...answer.deleted] }
}

/** What a bouncer without a clock holds after an answer: deletions first, as the firewall bouncer does. */
const apply = (held: Map<string, number>, answer: ReturnType<typeof answerOf>): void => {
  for (const decision of answer.deleted) held.delete(keyOf(decision))
  for (const decision of answer.new) held.set(keyOf(decision), decision.id)
}

describe("the decisions stream", () => {
  it.each(Object.keys(filters))("keeps a bouncer's set equal to what a startup gives it: %s", (name) => {
    fc.assert(
      fc.property(history, (steps) => {
        let state = activeBans.initial()
        const held = new Map<string, number>()
        let last: Pull | undefined
        let now = start
        const events: Array<TestudoEvent> = []
        const pull = (position: number): void => {
          // What ended is told for a week: who did not ask for so long has to start anew.
          if (last !== undefined && now - last.at >= weekMs) {
            held.clear()
            last = undefined
          }
          const answer = answerOf(state, filters[name]!, last, now)
          // Whoever asks for a range has all that holds looked at: all addresses here are in this one.
          expect(answer).toEqual(answerOf(state, { ...filters[name]!, range: everywhere }, last, now))
          const gone = new Set(answer.deleted.map(keyOf))
          expect(answer.new.filter((decision) => gone.has(keyOf(decision)))).toEqual([])
          for (const { duration } of answer.new) expect(duration).toMatch(/^(?=.)(?:\d+h)?(?:\d+m)?\d+s$/)
          for (const { duration } of answer.new) expect(duration).not.toBe("0s")
          for (const { duration } of answer.deleted) expect(duration).toMatch(/^(?:0s|-(?:\d+h)?(?:\d+m)?\d+s)$/)
          apply(held, answer)
          last = { position, at: now }
          const fresh = new Map<string, number>()
          apply(fresh, answerOf(state, filters[name]!, undefined, now))
          expect(new Map([...held].sort())).toEqual(new Map([...fresh].sort()))
        }
        steps.forEach(([step, elapsed], index) => {
          now += elapsed
          const position = index + 1
          const event = eventOf(step, events, position, now)
          if (event !== undefined) {
            events.push(event)
            state = activeBans.evolve(state, event)
          }
          if (step.kind === "pull") pull(position)
        })
        pull(steps.length + 1)
      }),
      { numRuns: 300 }
    )
  })
})

/**
 * What CrowdSec's firewall bouncer has in its nftables set: until when, as it was told when it added the address. What it
 * is told about an address that is in the set changes nothing.
 */
class FirewallSet {
  readonly #until = new Map<string, number>()

  keys(now: number): ReadonlyArray<string> {
    return [...this.#until].flatMap(([key, until]) => (until > now ? [key] : [])).sort()
  }

  apply(answer: ReturnType<typeof answerOf>, now: number): void {
    for (const [key, until] of this.#until) if (until <= now) this.#until.delete(key)
    for (const decision of answer.deleted) this.#until.delete(keyOf(decision))
    for (const decision of answer.new) {
      const until = now + parseMilliseconds(decision.duration)!
      if (!this.#until.has(keyOf(decision))) this.#until.set(keyOf(decision), until)
    }
  }
}

describe("a firewall that keeps to the first time it was told", () => {
  it("holds whatever is banned, also when another decision on it runs out before", () => {
    fc.assert(
      fc.property(history, (steps) => {
        let state = activeBans.initial()
        const set = new FirewallSet()
        let last: Pull | undefined
        let now = start
        const events: Array<TestudoEvent> = []
        const pull = (position: number): void => {
          if (last !== undefined && now - last.at >= weekMs) last = undefined
          set.apply(answerOf(state, filters["everything"]!, last, now), now)
          last = { position, at: now }
          expect(set.keys(now)).toEqual(activeAt(state, now).map(keyOf).sort())
        }
        steps.forEach(([any, elapsed], index) => {
          now += elapsed
          // Of one address, so that its decisions meet.
          const step = any.kind === "decide" ? { ...any, value: "203.0.113.7", type: "ban" } : any
          const event = eventOf(step, events, index + 1, now)
          if (event !== undefined) {
            events.push(event)
            state = activeBans.evolve(state, event)
          }
          if (step.kind === "pull") pull(index + 1)
        })
        pull(steps.length + 1)
        // The address may leave the firewall later than the decision ended: as late as the firewall came to it.
        now += 10_000
        pull(steps.length + 1)
      }),
      { numRuns: 300 }
    )
  })

  it("is told again what goes on, for half a minute after another decision on it ran out, then each minute", () => {
    const [short, long] = [10_000, 600_000]
    const state = [short, long].reduce(
      (folded, lasting, index) =>
        activeBans.evolve(
          folded,
          decisionMade(
            { number: index + 1, from: time(start), until: time(start + lasting) },
            { position: index, recordedAt: start }
          )
        ),
      activeBans.initial()
    )
    const told = (from: number, to: number) =>
      answerOf(state, filters["everything"]!, { position: 1, at: start + from }, start + to)
    expect(told(5_000, 9_000)).toEqual({ new: [], deleted: [] })
    expect(told(9_000, 19_000)).toMatchObject({ new: [{ id: 2, duration: "9m41s" }], deleted: [] })
    expect(told(29_000, 39_000).new).toHaveLength(1)
    expect(told(41_000, 51_000)).toEqual({ new: [], deleted: [] })
    for (const minutes of [1, 2, 3, 4, 5]) {
      expect(told(minutes * 60_000 + 2_000, minutes * 60_000 + 12_000).new).toHaveLength(1)
      expect(told(minutes * 60_000 + 12_000, minutes * 60_000 + 22_000).new).toHaveLength(0)
    }
    expect(told(370_000, 380_000).new).toHaveLength(0)
  })

  it("does not cost a look at all decisions when it asks again", () => {
    let looks = 0
    const long = Array.from({ length: 1_000 }, (_, index): StandingDecision => {
      const { data, id, stream, position } = decisionMade(
        { number: index, value: `203.0.113.${index % 250}`, scenario: `test/${index}` },
        { position: index }
      )
      const standing = { ...data, id, stream, from: start, retracted: null, exempt: null, changed: position }
      return Object.defineProperty({ ...standing, until: 0 }, "until", {
        get: () => {
          looks += 1
          return start + 3_600_000 * (index + 2)
        }
      })
    })
    const state = { ...activeBans.initial(), decisions: new DecisionIndex(long) }
    looks = 0
    const pull = { position: 1_000, at: start }
    expect(answerOf(state, filters["everything"]!, pull, start + 10_000)).toEqual({ new: [], deleted: [] })
    expect(looks).toBe(0)
  })

  it("is told everything when the clock was set back: what was over holds again", () => {
    const state = activeBans.evolve(
      activeBans.initial(),
      decisionMade({ number: 1, from: time(start), until: time(start + 60_000) }, { position: 1, recordedAt: start })
    )
    const { deleted } = answerOf(state, filters["everything"]!, { position: 1, at: start }, start + 120_000)
    expect(deleted).toHaveLength(1)
    const again = answerOf(state, filters["everything"]!, { position: 1, at: start + 120_000 }, start + 30_000)
    expect(again.new).toHaveLength(1)
  })
})

describe("the pushed changes", () => {
  it("keep a bouncer that knows ids and the time equal to the active bans", () => {
    fc.assert(
      fc.property(history, (steps) => {
        let state = activeBans.initial()
        let held = new Map<number, StandingDecision>()
        let position = -1
        let now = start
        const events: Array<TestudoEvent> = []
        steps.forEach(([step, elapsed], index) => {
          now += elapsed
          const event = eventOf(step, events, index, now)
          if (event !== undefined) {
            events.push(event)
            state = activeBans.evolve(state, event)
          }
          if (step.kind !== "pull") return
          const found = changesSince(state, position, now)
          if (found === undefined) held = new Map(activeAt(state, now).map((decision) => [decision.number, decision]))
          else {
            for (const { number } of found.removed) held.delete(number)
            for (const decision of found.added) held.set(decision.number, { ...decision })
          }
          position = index
          const covered = new Set([...held.values()].filter(({ until }) => until > now).map(keyOf))
          const active = new Set([...state.decisions.all()].filter((decision) => holdsAt(decision, now)).map(keyOf))
          expect([...covered].sort()).toEqual([...active].sort())
        })
      }),
      { numRuns: 300 }
    )
  })
})
