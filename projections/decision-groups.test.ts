import fc from "fast-check"
import { expect, test } from "vitest"
import type { StandingDecision } from "./standing-decision.ts"
import { DecisionGroups } from "./decision-groups.ts"

const decision = (scope: string, type: string, value: string, number: number) =>
  ({ scope, type, value, number }) as StandingDecision

test("keeps together what has the same scope, type and value, whatever these contain", () => {
  const name = fc.constantFrom("", "a", "ab", "b", "1:a", "__proto__")
  const step = fc.record({ scope: name, type: name, value: name, removes: fc.nat(9) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const groups = new DecisionGroups()
      const model: Array<StandingDecision> = []
      const twins = (of: StandingDecision) =>
        model.filter(({ scope, type, value }) => scope === of.scope && type === of.type && value === of.value)
      for (const [number, { scope, type, value, removes }] of steps.entries()) {
        const removed = removes < 4 ? model.splice(removes, 1)[0] : undefined
        if (removed !== undefined)
          expect(groups.remove(new Set([removed])).map(([, one]) => one)).toEqual(
            twins(removed).length === 0 ? [removed] : []
          )
        const added = decision(scope, type, value, number)
        const isFirst = twins(added).length === 0
        model.push(added)
        expect(groups.add(added) !== undefined).toBe(isFirst)
        expect(groups.remove(new Set([decision(scope, type, value, number)]))).toEqual([]) // equal, but not in it
        for (const each of model) expect(groups.of(each)).toEqual(twins(each))
        expect([...groups].flat().sort((a, b) => a.number - b.number)).toEqual(model)
      }
    })
  )
})

test("looks at a group once, however many of it go", () => {
  const groups = new DecisionGroups()
  const twins = Array.from({ length: 2_000 }, (_, number) => decision("Ip", "ban", "192.0.2.1", number))
  for (const twin of twins) groups.add(twin)
  let looks = 0
  class Counted extends Set<StandingDecision> {
    override has(each: StandingDecision): boolean {
      looks += 1
      return super.has(each)
    }
  }
  const going = new Counted(twins.filter(({ number }) => number % 2 === 0))
  expect(groups.remove(going)).toEqual([])
  expect(groups.of(twins[0]!)).toEqual(twins.filter(({ number }) => number % 2 === 1))
  expect(looks).toBe(twins.length)
})
