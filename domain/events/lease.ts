/**
 * `LeaseTaken`, `LeaseRenewed`, `LeaseReleased`: who holds a role that one process has at a time, on the stream
 * `lease-<role>`. The last event of the stream tells it all.
 */
import * as Schema from "effect/Schema"
import { declareEvent } from "./event.ts"

export const Lease = Schema.Struct({
  /** `api`, or `agent-` and the name of a node. */
  role: Schema.String.annotate({ examples: ["api"] }),
  /** One life of one process: a UUID. */
  holder: Schema.String.annotate({ examples: ["5b1d5d1e-6b1c-4a39-9d0f-2f6a51b8a7c4"] }),
  /** Name of the node, for people. */
  node: Schema.String.annotate({ examples: ["hall1"] }),
  /** The lease's time, counted from the event on: when it is over, somebody else has taken the role. In milliseconds. */
  milliseconds: Schema.Int.annotate({ description: "100 to 3,600,000", examples: [15_000] }).check(
    Schema.isBetween({ minimum: 100, maximum: 3_600_000 })
  )
})
export type Lease = typeof Lease.Type

const stream = "lease-<role>"

export const LeaseTaken = declareEvent({
  type: "LeaseTaken",
  version: 1,
  schema: Lease,
  stream,
  tells: "A process has a role from here on, where several nodes share the log."
})
export const LeaseRenewed = declareEvent({
  type: "LeaseRenewed",
  version: 1,
  schema: Lease,
  stream,
  tells: "It has it still."
})
export const LeaseReleased = declareEvent({
  type: "LeaseReleased",
  version: 1,
  schema: Lease,
  stream,
  tells: "It ended in order: anybody may take the role at once."
})
