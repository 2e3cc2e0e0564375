/** One projection at its place in the log: folds what comes next, and stands still when it meets an event it cannot fold. */
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import type { Projection } from "../../projections/projection.ts"
import type { Snapshot } from "./snapshot.ts"

/** Why a projection stands still. The others go on. */
export interface Parked {
  /** `TST-PROJECTION-PARKED` */
  readonly code: string
  readonly projection: string
  /** The event that could not be folded. */
  readonly event: string
  readonly position: number
  /** For people: what happened and what to do. */
  readonly message: string
}

export interface Place {
  readonly projection: string
  readonly version: number
  readonly types: ReadonlySet<TestudoEvent["type"]>
  /** Place of the last event that it folded or passed over, -1 at the beginning. */
  readonly position: () => number
  readonly parked: () => Parked | undefined
  /** Goes past an event, folding it if it is of interest; nothing when it is behind the place or the projection is parked. */
  readonly fold: (event: TestudoEvent) => void
  /** Events gone past since the last snapshot; 0 when parked, as the state after a failed fold is worth nothing. */
  readonly unsaved: () => number
  readonly snapshot: () => Snapshot
  readonly saved: (snapshot: Snapshot) => void
  /** Takes a snapshot's state over. Throws when it cannot be decoded. */
  readonly restore: (snapshot: Snapshot) => void
}

export interface PlaceOf<State> extends Place {
  readonly state: () => State
}

const standstill = (projection: string, event: TestudoEvent, cause: unknown): Parked => ({
  code: "TST-PROJECTION-PARKED",
  projection,
  event: event.id,
  position: event.position,
  message:
    `The projection ${projection} stands still before event ${event.id} (${event.type}, position ${event.position}): ` +
    `${cause instanceof Error ? cause.message : String(cause)}. The other projections go on; what this one shows is ` +
    "from before that event. Start a version of Testudo that can fold it."
})

export const place = <State>(projection: Projection<State>): PlaceOf<State> => {
  const types = new Set(projection.types)
  let state = projection.initial()
  let position = -1
  let last = ""
  let unsaved = 0
  let parked: Parked | undefined
  return {
    projection: projection.name,
    version: projection.version,
    types,
    state: () => state,
    position: () => position,
    parked: () => parked,
    unsaved: () => (parked === undefined ? unsaved : 0),
    fold: (event) => {
      if (parked !== undefined || event.position <= position) return
      try {
        if (types.has(event.type)) state = projection.evolve(state, event)
      } catch (cause) {
        parked = standstill(projection.name, event, cause)
        return
      }
      position = event.position
      last = event.id
      unsaved += 1
    },
    snapshot: () => ({
      projection: projection.name,
      version: projection.version,
      position,
      event: last,
      state: projection.encode(state)
    }),
    saved: (snapshot) => {
      if (snapshot.position === position) unsaved = 0
    },
    restore: (snapshot) => {
      state = projection.decode(snapshot.state)
      position = snapshot.position
      last = snapshot.event
      unsaved = 0
    }
  }
}
