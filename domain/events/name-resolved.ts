/** `NameResolved`: what the reverse DNS answered, on the stream `names`. A verdict may rest on it, so it is recorded. */
import * as Schema from "effect/Schema"
import { declareEvent } from "./event.ts"

export const ResolvedName = Schema.Struct({
  address: Schema.String,
  /** Host name with its trailing dot, as the answer had it; empty when there was none. */
  name: Schema.String,
  outcome: Schema.Literals(["answered", "none", "failed"])
})
export type ResolvedName = typeof ResolvedName.Type

export const NameResolved = declareEvent({
  type: "NameResolved",
  version: 1,
  schema: ResolvedName,
  stream: "names",
  tells: "What the reverse DNS answered."
})
