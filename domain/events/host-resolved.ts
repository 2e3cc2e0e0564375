/** `HostResolved`: what the DNS answered for a host name, on the stream `names`. A verdict may rest on it. */
import * as Schema from "effect/Schema"
import { declareEvent } from "./event.ts"

export const ResolvedHost = Schema.Struct({
  /** As the rule names it. */
  host: Schema.String,
  /** Without a repetition, in order; none when there was no answer. */
  addresses: Schema.Array(Schema.String),
  outcome: Schema.Literals(["answered", "none", "failed"])
})
export type ResolvedHost = typeof ResolvedHost.Type

export const HostResolved = declareEvent({
  type: "HostResolved",
  version: 1,
  schema: ResolvedHost,
  stream: "names",
  tells: "What the DNS answered for a host name that a postoverflow asks about."
})
