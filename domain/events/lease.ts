/**
 * `LeaseTaken`, `LeaseRenewed`, `LeaseReleased`: who holds a role that one process has at a time, on the stream
 * `lease-<role>`. The last event of the stream tells it all.
 */
import * as Schema from "effect/Schema"
import { declareEvent } from "./event.ts"

export const Lease = Schema.Struct({
  /** `api`, or `agent-` and the name of a node. */
  role: Schema.String,
  /** One life of one process: a UUID. */
  holder: Schema.String,
  /** Name of the node, for people. */
  node: Schema.String,
  /** For how long nobody else may take it, counted from the event on, in milliseconds. */
  milliseconds: Schema.Int.check(Schema.isBetween({ minimum: 100, maximum: 3_600_000 }))
})
export type Lease = typeof Lease.Type

export const LeaseTaken = declareEvent({ type: "LeaseTaken", version: 1, schema: Lease })
export const LeaseRenewed = declareEvent({ type: "LeaseRenewed", version: 1, schema: Lease })
/** The holder ends in order: anybody may take it at once. */
export const LeaseReleased = declareEvent({ type: "LeaseReleased", version: 1, schema: Lease })
