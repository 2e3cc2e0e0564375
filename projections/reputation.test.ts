import { describe, expect, it } from "vitest"
import { start, time } from "../domain/decision/example.fixture.ts"
import type { TestudoEvent } from "../domain/events/catalogue.ts"
import { decisionMade, overflowRaised } from "./example.fixture.ts"
import { fold } from "./projection.ts"
import { offenderOf, reputation, scoreAt, worstAt } from "./reputation.ts"

const day = 86_400_000
const at = (milliseconds: number) => ({ startAt: time(milliseconds), stopAt: time(milliseconds) })
const of = (...events: ReadonlyArray<TestudoEvent>) => fold(reputation, reputation.initial(), events)

describe("reputation", () => {
  it("sums what overflows weigh, and halves it every seven days", () => {
    const state = of(
      overflowRaised({ ...at(start) }, { position: 0 }),
      overflowRaised(
        { ...at(start + 7 * day), labels: { confidence: 3, spoofable: 1 }, remediation: false },
        { position: 1 }
      )
    )
    const offender = offenderOf(state, "Ip", "203.0.113.7")!
    // 2 of the first, halved after a week, and (1 + 3) / (1 + 1) / 2 of the second.
    expect(scoreAt(offender, start + 7 * day)).toBeCloseTo(2)
    expect(scoreAt(offender, start + 14 * day)).toBeCloseTo(1)
    expect(offender).toMatchObject({ overflows: 2, events: 12, firstSeen: start, lastSeen: start + 7 * day })
  })

  it("does not depend on the order in which an old overflow comes", () => {
    const early = overflowRaised(at(start), { position: 0 })
    const late = overflowRaised(at(start + 3 * day), { position: 1 })
    const score = (events: ReadonlyArray<typeof early>) =>
      scoreAt(offenderOf(of(...events), "Ip", "203.0.113.7")!, start + 10 * day)
    expect(score([late, early])).toBeCloseTo(score([early, late]))
  })

  it("keeps the most frequent scenarios and the last decisions", () => {
    const often = Array.from({ length: 3 }, (_, index) =>
      overflowRaised({ scenarioName: "often" }, { position: index })
    )
    const rare = Array.from({ length: 40 }, (_, index) =>
      overflowRaised({ scenarioName: `rare-${index}` }, { position: 100 + index })
    )
    const decisions = Array.from({ length: 20 }, (_, index) =>
      decisionMade({ number: index + 1 }, { position: 200 + index })
    )
    const offender = offenderOf(of(...often, ...rare, ...decisions), "Ip", "203.0.113.7")!
    expect(offender.scenarios).toHaveLength(16)
    expect(offender.scenarios[0]).toEqual(["often", 3])
    expect(offender.decisions).toBe(20)
    expect(offender.lastDecisions).toEqual([13, 14, 15, 16, 17, 18, 19, 20])
  })

  it("forgets who was quiet for 90 recorded days", () => {
    const recorded = (days: number, value: string) =>
      overflowRaised({ source: { scope: "Ip", value } }, { position: days, recordedAt: start + days * day })
    const state = of(recorded(0, "192.0.2.1"), recorded(60, "192.0.2.2"), recorded(100, "192.0.2.3"))
    expect([...state.offenders].map(([, { value }]) => value)).toEqual(["192.0.2.2", "192.0.2.3"])
  })

  it("names the worst first", () => {
    const from = (value: string, position: number) => overflowRaised({ source: { scope: "Ip", value } }, { position })
    const state = of(from("192.0.2.1", 0), from("192.0.2.2", 1), from("192.0.2.2", 2), from("192.0.2.3", 3))
    expect(worstAt(state, start, 2).map(({ value }) => value)).toEqual(["192.0.2.2", "192.0.2.1"])
  })
})
