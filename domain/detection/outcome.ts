/** What the engine says about the events that it was given. */
import type { Overflow } from "../events/overflow.ts"

/** A bucket ran over, about one source. */
export interface OverflowOutcome {
  readonly _tag: "Overflow"
  /** Derived: the same log and rules give the same id. */
  readonly id: string
  readonly overflow: Overflow
  /** Event id of the batch (or, for a meta-bucket, of the overflow) that made the bucket run over. */
  readonly causation: string
  readonly correlation: string
  /** Detection time of the trigger in milliseconds since 1970. */
  readonly at: number
}

/**
 * An overflow waits for the host name of an address, or for the addresses of a host name: a `NameResolved` or `HostResolved`
 * event lets it go on.
 */
export interface NameWanted {
  readonly _tag: "NameWanted"
  readonly question: string
  readonly causation: string
  readonly correlation: string
  readonly at: number
}

export type Outcome = OverflowOutcome | NameWanted
