import { describe, expect, it } from "vitest"
import { start, time } from "./example.fixture.ts"
import { DecisionHistory } from "./decision-history.ts"

const hour = 3_600_000
const decision = (value: string, from: number, hours: number, scope = "Ip") => ({
  scope,
  value,
  from: time(start + from * hour),
  until: time(start + (from + hours) * hour)
})
const nanoseconds = (hours: number) => BigInt(hours * hour) * 1_000_000n

const told = (history: DecisionHistory, value: string, now: number) => {
  const { all, active, since, timeLeft } = history.at(start + now * hour)
  return [all(value), active(value), since(value, nanoseconds(2)), timeLeft(value) / nanoseconds(1)]
}

describe("the history of decisions", () => {
  const history = new DecisionHistory()
  history.add("a", decision("192.0.2.7", 0, 4))
  history.add("b", decision("192.0.2.0/24", 1, 8, "Range"))
  history.add("c", decision("198.51.100.1", 1, 4))
  history.add("d", decision("bob", 2, 4, "Username"))

  it("counts what is about an address and its ranges, by the time of asking", () => {
    expect(told(history, "192.0.2.7", 2)).toEqual([2, 2, 1, 7n])
    expect(told(history, "192.0.2.7", 4)).toEqual([2, 1, 0, 5n])
    expect(told(history, "192.0.2.8", 2)).toEqual([1, 1, 1, 7n])
    expect(told(history, "192.0.2.0/24", 2)).toEqual([1, 1, 1, 7n])
    expect(told(history, "192.0.2.0/24", 9)).toEqual([1, 0, 0, 0n])
    expect(told(history, "bob", 3)).toEqual([1, 1, 1, 3n])
    expect(told(history, "nobody", 3)).toEqual([0, 0, 0, 0n])
  })

  it("goes on from a snapshot; a retraction ends what it names, a decision counts once", () => {
    const restored = new DecisionHistory(JSON.parse(JSON.stringify(history.snapshot())))
    restored.add("a", decision("192.0.2.7", 0, 4))
    restored.retract({ decision: "b", at: time(start + 3 * hour) })
    restored.retract({ decision: "b", at: time(start + 5 * hour) })
    restored.retract({ decision: "unknown", at: time(start) })
    expect(told(restored, "192.0.2.7", 4)).toEqual([2, 0, 0, 0n])
    expect(told(restored, "192.0.2.7", 3)).toEqual([2, 1, 0, 1n])
  })

  it("forgets the oldest decisions beyond a hundred thousand", () => {
    const many = new DecisionHistory()
    many.add("first", decision("203.0.113.1", 0, 4))
    for (let n = 0; n < 99_999; n++) many.add(`n${n}`, decision(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, 0, 4))
    expect(told(many, "203.0.113.1", 1)[0]).toBe(1)
    many.add("last", decision("203.0.113.2", 0, 4))
    expect([told(many, "203.0.113.1", 1)[0], told(many, "203.0.113.2", 1)[0]]).toEqual([0, 1])
  })
})
