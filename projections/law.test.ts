import fc from "fast-check"
import type { Json } from "effect/Schema"
import { describe, expect, it } from "vitest"
import type { TestudoEvent } from "../domain/events/catalogue.ts"
import { activeBans } from "./active-bans.ts"
import { bouncers } from "./bouncers.ts"
import { start, time } from "../domain/decision/example.fixture.ts"
import {
  allowlistReplaced,
  bouncerDeleted,
  bouncerRegistered,
  decisionMade,
  decisionRetracted,
  overflowRaised
} from "./example.fixture.ts"
import { fold, type Projection } from "./projection.ts"
import { reputation } from "./reputation.ts"
import { targetedAttacks } from "./targeted-attacks.ts"

const address = fc.constantFrom("203.0.113.7", "203.0.113.8", "198.51.100.1", "2001:db8::1")
const range = fc.constantFrom("203.0.113.0/24", "198.51.100.0/24", "2001:db8::/32")
const subject = fc.oneof(
  address.map((value) => ({ scope: "Ip", value })),
  range.map((value) => ({ scope: "Range", value })),
  fc.constantFrom({ scope: "Country", value: "FR" }, { scope: "__proto__", value: "constructor" })
)
const scenario = fc.constantFrom("a/one", "a/two", "a/three", "b/four", "__proto__")
const labels = fc.record(
  { behavior: fc.constantFrom("ssh:bruteforce", "http:scan", "generic:targeted"), confidence: fc.nat(3) },
  { requiredKeys: [] }
)

/** A step of a history; positions and times are given when the history is laid out. */
type Step =
  | {
      readonly kind: "decide"
      readonly subject: { scope: string; value: string }
      readonly type: string
      readonly hours: number
    }
  | { readonly kind: "retract" | "repeat"; readonly which: number }
  | {
      readonly kind: "overflow"
      readonly subject: { scope: string; value: string }
      readonly scenario: string
      readonly labels: object
      readonly ago: number
    }
  | { readonly kind: "allow"; readonly name: string; readonly values: ReadonlyArray<string> }
  | { readonly kind: "register" | "delete"; readonly name: string; readonly hash: string }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("decide" as const),
    subject,
    type: fc.constantFrom("ban", "captcha"),
    hours: fc.integer({ min: -400, max: 400 })
  }),
  fc.record({ kind: fc.constantFrom("retract" as const, "repeat" as const), which: fc.nat(50) }),
  fc.record({ kind: fc.constant("overflow" as const), subject, scenario, labels, ago: fc.nat(4_000) }),
  fc.record({
    kind: fc.constant("allow" as const),
    name: fc.constantFrom("machine", "configuration"),
    values: fc.array(fc.oneof(address, range), { maxLength: 2 })
  }),
  fc.record({
    kind: fc.constantFrom("register" as const, "delete" as const),
    name: fc.constantFrom("nginx", "__proto__"),
    hash: fc.constantFrom("0".repeat(128), "f".repeat(128))
  })
)

const history: fc.Arbitrary<ReadonlyArray<TestudoEvent>> = fc
  .array(fc.tuple(step, fc.oneof({ weight: 9, arbitrary: fc.nat(600) }, { weight: 1, arbitrary: fc.nat(800_000) })), {
    maxLength: 60
  })
  .map((steps) => {
    const events: Array<TestudoEvent> = []
    let seconds = 0
    steps.forEach(([step, elapsed], index) => {
      seconds += elapsed
      const at = { position: index * 10, recordedAt: start + seconds * 1_000 }
      switch (step.kind) {
        case "decide": {
          const until = time(at.recordedAt + step.hours * 3_600_000)
          events.push(
            decisionMade({ number: index + 1, ...step.subject, type: step.type, from: time(at.recordedAt), until }, at)
          )
          break
        }
        case "retract": {
          const made = events.filter((event) => event.type === "DecisionMade")
          const chosen = made[step.which % Math.max(1, made.length)]
          if (chosen !== undefined) events.push(decisionRetracted(chosen, at))
          break
        }
        case "repeat": {
          const chosen = events[step.which % Math.max(1, events.length)]
          if (chosen !== undefined) events.push({ ...chosen, ...at })
          break
        }
        case "overflow":
          events.push(
            overflowRaised(
              {
                source: step.subject,
                scenarioName: step.scenario,
                labels: step.labels as Record<string, Json>,
                startAt: time(at.recordedAt - step.ago * 1_000),
                stopAt: time(at.recordedAt - (step.ago * 1_000) / 2),
                evidence: {
                  meta: {},
                  entries: events
                    .slice(-3)
                    .map(({ id }) => ({ event: id, line: 0, at: time(at.recordedAt), text: "", meta: {} }))
                }
              },
              at
            )
          )
          break
        case "allow":
          events.push(allowlistReplaced(step.name, step.values, at))
          break
        case "register":
          events.push(bouncerRegistered(step.name, step.hash, at))
          break
        case "delete":
          events.push(bouncerDeleted(step.name, at))
          break
      }
    })
    return events
  })

const law = <State>(projection: Projection<State>) =>
  describe(projection.name, () => {
    const encoded = (state: State): string => JSON.stringify(projection.encode(state))
    const foldAll = (events: Iterable<TestudoEvent>): string => encoded(fold(projection, projection.initial(), events))

    it("gives the same state however the log is cut into pages, encoded and decoded between them", () => {
      fc.assert(
        fc.property(history, fc.array(fc.nat(60), { maxLength: 5 }), (events, cuts) => {
          const bounds = [0, ...cuts.map((cut) => Math.min(cut, events.length)).sort((a, b) => a - b), events.length]
          let state = projection.initial()
          bounds.slice(1).forEach((end, index) => {
            state = fold(projection, state, events.slice(bounds[index], end))
            state = projection.decode(JSON.parse(encoded(state)) as Json)
          })
          expect(encoded(state)).toBe(foldAll(events))
        })
      )
    })

    it("does not change for an event that it knows", () => {
      fc.assert(
        fc.property(history, fc.nat(60), (events, cut) => {
          const distinct = events.filter((event, index) => events.findIndex(({ id }) => id === event.id) === index)
          const repeated = distinct.slice(0, cut).map((event) => ({ ...event, position: event.position + 1_000 }))
          const now = distinct.slice(0, cut).at(-1)?.recordedAt ?? start
          const again = repeated.map((event) => ({ ...event, recordedAt: now }))
          expect(foldAll([...distinct.slice(0, cut), ...again])).toBe(foldAll(distinct.slice(0, cut)))
        })
      )
    })

    it("ignores the types that it does not name", () => {
      fc.assert(
        fc.property(history, (events) => {
          const own = events.filter(({ type }) => projection.types.includes(type))
          expect(foldAll(events)).toBe(foldAll(own))
        })
      )
    })

    it("refuses to decode what it did not encode", () => {
      for (const json of [null, 1, "text", [], {}, { decisions: [{}] }]) expect(() => projection.decode(json)).toThrow()
    })
  })

describe("the law of projections", () => {
  law(activeBans)
  law(bouncers)
  law(reputation)
  law(targetedAttacks)
})
