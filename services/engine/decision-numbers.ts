/**
 * Hands out the small numbers that decisions have on the wire. One per process, shared by the engine and the
 * administration, because one process writes. The log says where to go on.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { DecisionMade } from "../../domain/events/decision.ts"
import { EventStore } from "../event-store/event-store.ts"

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
      const store = yield* EventStore
      let highest = 0
      let after = -1
      while (true) {
        const page = yield* store.readAll({ after, filter: { types: [DecisionMade.type] } })
        for (const event of page) if (DecisionMade.is(event)) highest = Math.max(highest, event.data.number)
        const last = page.at(-1)
        if (last === undefined) break
        after = last.position
      }
      return DecisionNumbers.of({ next: () => ++highest })
    })
  )
}
