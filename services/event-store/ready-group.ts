/** What is handed to the writer, checked by the rules of the port, and what becomes of it: plain values, which may cross threads. */
import type { Appended, ExpectedRevision } from "./event-store.ts"

/** An event as it is stored. */
export interface ReadyEvent {
  readonly id: string
  readonly type: string
  /** JSON. */
  readonly metadata: string
  /** JSON, without `bytes`. */
  readonly data: string
  /** What the type keeps beside its JSON. */
  readonly bytes?: Uint8Array | undefined
}

/** One stream's part of a group, checked by the rules of the port. */
export interface ReadyAppend {
  readonly stream: string
  readonly expected: ExpectedRevision
  readonly events: ReadonlyArray<ReadyEvent>
}

export interface AppendGroup {
  readonly parts: ReadonlyArray<ReadyAppend>
  /** Milliseconds since 1970. */
  readonly recordedAt: number
}

/**
 * What a stream is to lose: all below a revision but its last event, or everything. `last`: only when its last event has this
 * revision.
 */
export interface Drop {
  readonly stream: string
  readonly before: number | "all"
  readonly last?: number
}

export interface DropGroup {
  readonly drop: Drop
  /** Milliseconds since 1970. */
  readonly recordedAt: number
}

export type ReadyGroup = AppendGroup | DropGroup

/** Why a part was not written, as plain values: it may cross threads. */
export type PartFailure =
  | {
      readonly reason: "WrongExpectedRevision"
      readonly stream: string
      readonly actual: number
      expected: ExpectedRevision
    }
  | { readonly reason: "AppendRefused"; readonly stream: string; readonly message: string }

/** What became of a group: the parts that are written, and why the next one is not. */
export interface Written {
  readonly appended: ReadonlyArray<Appended>
  readonly failure?: PartFailure | undefined
}
