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
import { readContract, unreadableContract } from "./contract/read.ts"
import { checkOn, type MakeLayer, newCategory } from "./contract/sample.ts"
import { subscriptionContract } from "./contract/subscription.ts"
import { EventStore } from "./event-store.ts"

export interface ContractOptions {
  readonly modelRuns?: number
  /** Nodes and `log verify` may read this log after the tests: nothing is left there that they stumble over. */
  readonly isShared?: boolean
}

/** Registers the contract suite for the stores that `makeLayer` gives, a layer for each test. */
export const eventStoreContract = (
  name: string,
  makeLayer: MakeLayer,
  { modelRuns = 30, isShared = false }: ContractOptions = {}
): void => {
  describe(name, () => {
    const check = checkOn(makeLayer)
    appendContract(check)
    readContract(check)
    if (!isShared) unreadableContract(check)
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
        { numRuns: modelRuns }
      ))
  })
}
