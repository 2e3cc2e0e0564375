import * as fc from "fast-check"
import { describe, expect, it, test } from "vitest"
import { parsePrefix } from "../../domain/net/prefix.ts"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { activeAt, activeBans, changesSince, holdsAt, type StandingDecision } from "../../projections/active-bans.ts"
import { start, time } from "../../domain/decision/example.ts"
import { allowlistReplaced, decisionMade, decisionRetracted } from "../../projections/example.ts"
import type { DecisionFilter } from "./decision-filter.ts"
import { type Pull, streamAnswer } from "./decision-stream.ts"
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

/** What a bouncer without a clock holds after an answer: deletions first, as the firewall bouncer does. */
const apply = (held: Map<string, number>, answer: ReturnType<typeof streamAnswer>): void => {
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
          const answer = streamAnswer(state, filters[name]!, last, now)
          // Whoever asks for a range has all that holds looked at: all addresses here are in this one.
          expect(answer).toEqual(streamAnswer(state, { ...filters[name]!, range: everywhere }, last, now))
          const gone = new Set(answer.deleted.map(keyOf))
          expect(answer.new.filter((decision) => gone.has(keyOf(decision)))).toEqual([])
          for (const { duration } of answer.new) expect(duration).toMatch(/^(?=.)(?:\d+h)?(?:\d+m)?\d+s$/)
          for (const { duration } of answer.new) expect(duration).not.toBe("0s")
          for (const { duration } of answer.deleted) expect(duration).toMatch(/^(?:0s|-(?:\d+h)?(?:\d+m)?\d+s)$/)
          apply(held, answer)
          last = { position, at: now }
          const fresh = new Map<string, number>()
          apply(fresh, streamAnswer(state, filters[name]!, undefined, now))
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

test("an answer looks at what changed or ran out since the last one, however much holds", () => {
  let state = activeBans.initial()
  let position = 0
  const decide = (value: string, seconds: number): void => {
    position += 1
    const until = time(start + seconds * 1_000)
    const event = decisionMade({ number: position, value, from: time(start), until }, { position, recordedAt: start })
    state = activeBans.evolve(state, event)
  }
  for (let number = 0; number < 10_000; number++) decide(`10.0.${number >> 8}.${number & 255}`, 36_000)
  decide("192.0.2.1", 30)
  const last = { position, at: start }
  decide("192.0.2.2", 36_000)
  let looks = 0
  for (const decision of state.decisions.all()) {
    const { changed } = decision
    Object.defineProperty(decision, "changed", {
      get: () => {
        looks += 1
        return changed
      }
    })
  }
  const answer = streamAnswer(state, filters["everything"]!, last, start + 60_000)
  expect(answer.new.map(({ value }) => value)).toEqual(["192.0.2.2"])
  expect(answer.deleted.map(({ value }) => value)).toEqual(["192.0.2.1"])
  expect(looks).toBeLessThan(100)
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
