/**
 * The engine's state between two runs: a snapshot beside the store, and what the log holds beyond it.
 */
import * as Effect from "effect/Effect"
import { makeEngine } from "../../domain/detection/engine.ts"
import { compileRules } from "./rulebook.ts"
import { OverflowRaised } from "../../domain/events/overflow.ts"
import type { Activation } from "../../domain/events/ruleset.ts"
import { EventStore } from "../event-store/event-store.ts"
import { Judge } from "./judge.ts"
import type { Rulebook } from "./rulebook.ts"

export interface RecoveredState {
  readonly judge: Judge
  /** Positions of the batches to whose lines the state refers. */
  readonly positions: Map<string, number>
  /** Everything up to here is in the state. */
  readonly position: number
}

/** Ids of the overflows that the log holds after a position. */
const overflowsAfter = Effect.fn("engine.overflowsAfter")(function* (position: number) {
  const store = yield* EventStore
  const known = new Set<string>()
  let after = position
  while (true) {
    const page = yield* store.readAll({ after, filter: { types: [OverflowRaised.type] } })
    for (const { id } of page) known.add(id)
    const last = page.at(-1)
    if (last === undefined) return known
    after = last.position
  }
})

export const recoverState = Effect.fn("engine.recover")(function* (options: {
  readonly rulebook: Rulebook
  readonly snapshots: string | undefined
  readonly names: Activation["names"]
  readonly nextNumber: () => number
}) {
  const none = compileRules([], { names: options.names }).rules
  const known = yield* overflowsAfter(-1)
  const judge = new Judge({
    rules: none,
    known,
    nextNumber: options.nextNumber,
    allowlists: [],
    engine: (geo) => makeEngine(none.ruleset, { geo })
  })
  return { judge, positions: new Map<string, number>(), position: -1 } satisfies RecoveredState
})

export const keepState = (_snapshots: string, _judge: Judge, _positions: Map<string, number>, _position: number): Effect.Effect<void> => Effect.void
