/**
 * What every implementation of the EventStore port keeps, as tests. They use streams of their own and never assume that
 * the store is empty, so that they run on a server that others use as well.
 */
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { appendContract } from "./contract/append.ts"
import { dropContract } from "./contract/drop.ts"
import { command, runAgainstModel } from "./contract/model.ts"
import { readContract } from "./contract/read.ts"
import { checkOn, type MakeLayer, newCategory } from "./contract/sample.ts"
import { subscriptionContract } from "./contract/subscription.ts"
import { EventStore } from "./event-store.ts"

/** Registers the contract suite for the stores that `makeLayer` gives, a layer for each test. */
export const eventStoreContract = (name: string, makeLayer: MakeLayer, options = { modelRuns: 30 }): void => {
  describe(name, () => {
    const check = checkOn(makeLayer)
    appendContract(check)
    readContract(check)
    subscriptionContract(check)
    dropContract(check)
    it("shows random writers, readers and subscribers one log", () =>
      fc.assert(
        fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 40 }), (commands) =>
          EventStore.use((store) => runAgainstModel(store, newCategory(), commands)).pipe(
            Effect.provide(makeLayer()),
            Effect.runPromise
          )
        ),
        { numRuns: options.modelRuns }
      ))
  })
}
