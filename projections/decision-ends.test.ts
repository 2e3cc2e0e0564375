import * as fc from "fast-check"
import { expect, it } from "vitest"
import type { StandingDecision } from "./standing-decision.ts"
import { DecisionEnds } from "./decision-ends.ts"

it("finds what ran out between two moments, however long the time and however long the list", () => {
  const until = fc.oneof(fc.nat(100_000), fc.integer({ min: -9_000_000, max: 9_000_000_000_000 }))
  fc.assert(
    fc.property(fc.array(fc.tuple(until, fc.boolean())), until, until, (list, after, upTo) => {
      const ends = new DecisionEnds()
      const decisions = list.map(([until, removed]) => ({ decision: { until } as StandingDecision, removed }))
      for (const { decision } of decisions) ends.add(decision)
      for (const { decision, removed } of decisions) if (removed) ends.remove(decision)
      const expected = decisions.filter(
        ({ decision, removed }) => !removed && decision.until > after && decision.until <= upTo
      )
      expect(new Set(ends.between(after, upTo))).toEqual(new Set(expected.map(({ decision }) => decision)))
    })
  )
})
