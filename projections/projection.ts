/**
 * The law that every projection obeys. A projection is a pure fold over the event log:
 *
 * 1. Folding a log in pages gives the same state, however the pages are cut.
 * 2. `decode(encode(state))` behaves as `state` does, and encodes to the same text.
 * 3. An event whose id the fold knows already changes nothing (ids reveal the duplicates of a writer that lost its place).
 * 4. No clock, no randomness: "now" is a parameter of a query, never of the fold. What is forgotten, and when, follows
 *    from the recorded events alone.
 *
 * `law.test.ts` states these as properties.
 */
import type { Json } from "effect/Schema"
import type { TestudoEvent } from "../domain/events/catalogue.ts"
import { millisecondsPerDay } from "../domain/time/calendar.ts"

export interface Projection<State> {
  /** Also the name of its snapshot file. */
  readonly name: string
  /** Raised whenever `evolve` or the encoding changes meaning: the projection is then rebuilt. */
  readonly version: number
  /** Older versions whose encoded states `decode` still reads: a rebuild begins at the oldest snapshot of them. Default: none. */
  readonly reads?: ReadonlyArray<number>
  /** The event types that it folds. It ignores all others, so that a reader may leave them out. */
  readonly types: ReadonlyArray<TestudoEvent["type"]>
  readonly initial: () => State
  /** Takes the state over: may change it in place and return the same object. */
  readonly evolve: (state: State, event: TestudoEvent) => State
  readonly encode: (state: State) => Json
  /** Throws a `SchemaError` when the text is not an encoded state. */
  readonly decode: (json: Json) => State
}

/** Folds events into a state that the caller owns. */
export const fold = <State>(projection: Projection<State>, state: State, events: Iterable<TestudoEvent>): State => {
  let current = state
  for (const event of events) current = projection.evolve(current, event)
  return current
}

/** Day since 1970 on which an event was recorded. */
export const dayOf = (event: TestudoEvent): number => Math.floor(event.recordedAt / millisecondsPerDay)
