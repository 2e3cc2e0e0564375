/**
 * Hands out the small numbers that decisions have on the wire. One per process, shared by the engine and the
 * administration, because one process writes. The log says where to go on.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { DecisionMade } from "../../domain/events/decision.ts"
import { foldLog } from "../event-store/fold-log.ts"

export class DecisionNumbers extends Context.Service<
  DecisionNumbers,
  {
    next(): number
  }
>()("testudo/DecisionNumbers") {
  /** Starts behind the highest number in the log. */
  static readonly layer = Layer.effect(
    DecisionNumbers,
    Effect.gen(function* () {
      let highest = 0
      yield* foldLog({ filter: { types: [DecisionMade.type] } }, (event) => {
        if (DecisionMade.is(event)) highest = Math.max(highest, event.data.number)
      })
      return DecisionNumbers.of({ next: () => ++highest })
    })
  )
}
