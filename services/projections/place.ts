/**
 * One projection at its place in the log: folds what comes next, and stands still when it meets an event it cannot fold. One
 * that nobody can read it leaves out, as the engine does: a damaged event must not keep all bans after it from bouncers.
 */
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { isUnreadable, type UnreadableEvent } from "../../domain/events/unreadable.ts"
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

/** An event that is not readable. What the projection shows is without it. */
export interface LeftOut {
  /** `TST-PROJECTION-UNREADABLE` */
  readonly code: string
  readonly message: string
}

export interface Place {
  readonly projection: string
  readonly version: number
  /** Older versions whose snapshots it can begin with. */
  readonly reads: ReadonlyArray<number>
  readonly types: ReadonlySet<string>
  /** Place of the last event that it folded or passed over, -1 at the beginning. */
  readonly position: () => number
  /** When that event was recorded (milliseconds since 1970), 0 at the beginning. */
  readonly recordedAt: () => number
  readonly parked: () => Parked | undefined
  /** The first event that it left out. */
  readonly leftOut: () => LeftOut | undefined
  /** Goes past an event, folding it if it is of interest; nothing when it is behind the place or the projection is parked. */
  readonly fold: (event: TestudoEvent) => void
  /**
   * Events gone past since the last snapshot. 0 when parked, as the state after a failed fold is worth nothing, and behind an
   * event that was left out: a later version, or a log that was mended, may have it.
   */
  readonly unsaved: () => number
  readonly snapshot: () => Snapshot
  readonly saved: (snapshot: Snapshot) => void
  /** Takes a snapshot's state over. Throws when it cannot be decoded. */
  readonly restore: (snapshot: Snapshot) => void
  /**
   * A place of the same projection at the beginning of the log, to fold again what led to a standstill: a fold that fails
   * in the middle may leave half of an event in the state. Undefined when that did not happen.
   */
  readonly again: () => Place | undefined
  /** Takes over the state that the place from {@link again} has come to. */
  readonly heal: () => void
}

export interface PlaceOf<State> extends Place {
  readonly state: () => State
}

const standstill = (projection: string, event: TestudoEvent, why: string): Parked => ({
  code: "TST-PROJECTION-PARKED",
  projection,
  event: event.id,
  position: event.position,
  message:
    `The projection ${projection} stands still before event ${event.id} (${event.type}, position ${event.position}): ${why}. ` +
    "The other projections go on; what this one shows is from before that event. " +
    "Start a version of Testudo that can fold it."
})

const omission = (projection: string, { id, position, data: { type, reason } }: UnreadableEvent): LeftOut => ({
  code: "TST-PROJECTION-UNREADABLE",
  message:
    `The projection ${projection} leaves out event ${id} (${type}, position ${position}): it is not readable: ${reason}. What it ` +
    "shows is without that event, and no snapshot of it is written behind it. Find out who wrote it, or restore a backup."
})

export const place = <State>(projection: Projection<State>): PlaceOf<State> => {
  const types: ReadonlySet<string> = new Set(projection.types)
  let state = projection.initial()
  let position = -1
  let recordedAt = 0
  let last = ""
  let unsaved = 0
  let parked: Parked | undefined
  let leftOut: LeftOut | undefined
  let isTorn = false
  let healed: PlaceOf<State> | undefined
  const park = (event: TestudoEvent, why: string): void => {
    parked = standstill(projection.name, event, why)
  }
  return {
    projection: projection.name,
    version: projection.version,
    reads: projection.reads ?? [],
    types,
    state: () => state,
    position: () => position,
    recordedAt: () => recordedAt,
    parked: () => parked,
    leftOut: () => leftOut,
    unsaved: () => (parked === undefined && leftOut === undefined ? unsaved : 0),
    fold: (event) => {
      if (parked !== undefined || event.position <= position) return
      if (isUnreadable(event)) {
        if (types.has(event.data.type)) leftOut ??= omission(projection.name, event)
      } else if (types.has(event.type)) {
        try {
          state = projection.evolve(state, event)
        } catch (cause) {
          isTorn = true
          return park(event, cause instanceof Error ? cause.message : String(cause))
        }
      }
      position = event.position
      recordedAt = event.recordedAt
      last = event.id
      unsaved += 1
    },
    snapshot: () => ({
      projection: projection.name,
      version: projection.version,
      position,
      event: last,
      recordedAt,
      state: projection.encode(state)
    }),
    saved: (snapshot) => {
      if (snapshot.position === position) unsaved = 0
    },
    restore: (snapshot) => {
      state = projection.decode(snapshot.state)
      position = snapshot.position
      recordedAt = snapshot.recordedAt
      last = snapshot.event
      unsaved = 0
    },
    again: () => {
      healed = isTorn ? place(projection) : undefined
      return healed
    },
    heal: () => {
      if (healed === undefined) return
      state = healed.state()
      healed = undefined
      isTorn = false
    }
  }
}
