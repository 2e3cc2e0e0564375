/** The service through which everybody sees the projections. `runner.ts` keeps it going. */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import { type ActiveBans, activeBans } from "../../projections/active-bans.ts"
import { type Bouncers, bouncers } from "../../projections/bouncers.ts"
import { type Reputation, reputation } from "../../projections/reputation.ts"
import { type TargetedAttacks, targetedAttacks } from "../../projections/targeted-attacks.ts"
import type { StoreUnavailable } from "../event-store/event-store.ts"
import { type Parked, type PlaceOf, place } from "./place.ts"

/** The states of all projections, as of one place in the log. */
export interface States {
  readonly activeBans: ActiveBans
  readonly reputation: Reputation
  readonly targetedAttacks: TargetedAttacks
  readonly bouncers: Bouncers
}

export type Places = { readonly [Name in keyof States]: PlaceOf<States[Name]> }

/** All projections at the beginning of the log. */
export const places = (): Places => ({
  activeBans: place(activeBans),
  reputation: place(reputation),
  targetedAttacks: place(targetedAttacks),
  bouncers: place(bouncers)
})

export const statesOf = (all: Places): States => ({
  activeBans: all.activeBans.state(),
  reputation: all.reputation.state(),
  targetedAttacks: all.targetedAttacks.state(),
  bouncers: all.bouncers.state()
})

/** Events of a page that were folded and concern bouncers' answers. */
export interface Change {
  /** Place of the last event of the page. */
  readonly position: number
  /** Numbers of the decisions that were made or retracted. */
  readonly decisions: ReadonlyArray<number>
  readonly allowlists: boolean
}

/** A position will not be reached, because a projection stands still before it. */
export class ProjectionParked extends Data.TaggedError("ProjectionParked")<Parked> {}

/** How far one projection has come. */
export interface Progress {
  readonly projection: string
  readonly version: number
  /** Everything up to this position is in its state. */
  readonly position: number
  /** How old what it does not show yet may be: next to nothing for one that follows the log. */
  readonly lagSeconds: number
  readonly parked: Parked | undefined
}

export class Projections extends Context.Service<
  Projections,
  {
    /** The states as they are now. The runner changes them in place: read at once, keep nothing. */
    readonly states: () => States
    /** Everything up to this position of the log is in the state of this projection. */
    readonly position: (name: keyof States) => number
    /** The projections that stand still, and why. */
    readonly parked: () => ReadonlyArray<Parked>
    /** How far they all have come; brings the metrics up to date as well. */
    readonly progress: Effect.Effect<ReadonlyArray<Progress>>
    /** Waits until the history that was there at the start is folded, by these projections or, without names, by all. */
    readonly ready: (...names: ReadonlyArray<keyof States>) => Effect.Effect<void>
    /** Waits until these (without names: all) have folded everything up to a position: what was appended there can then be read. */
    readonly settled: (
      position: number,
      ...names: ReadonlyArray<keyof States>
    ) => Effect.Effect<void, ProjectionParked | StoreUnavailable>
    /** The states as of the events recorded up to a time (milliseconds since 1970). Folds the whole log: slow. */
    readonly at: (time: number) => Effect.Effect<States, StoreUnavailable>
    /**
     * What changes from now on. A consumer that is slower than the log misses the oldest of 256 waiting changes, so it
     * takes them as a call to look at the states, not as the content.
     */
    readonly changes: Stream.Stream<Change>
    /**
     * Ends never, but by the defect that stopped the fold, if one does: a node must not go on with bans that stand still as
     * if nothing was.
     */
    readonly broken: Effect.Effect<never>
  }
>()("testudo/Projections") {}
