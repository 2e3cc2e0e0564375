/** `BouncerRegistered` and `BouncerDeleted`, on the stream `bouncer-<name>`. */
import * as Schema from "effect/Schema"
import { declareEvent } from "./event.ts"

export const Registration = Schema.Struct({
  name: Schema.String,
  /** Lower-case hexadecimal SHA-512 of the key, as CrowdSec keeps it. The key itself is shown once and never stored. */
  keyHash: Schema.String.annotate({
    description: "SHA-512 in hexadecimal",
    examples: [
      "ee26b0dd4af7e749aa1a8ee3c10ae9923f618980772e473f8819a5d4940e0db27ac185f8a0e1d5f84f88bc887fd67b143732c304cc5fa9ad8e6f57f50028a8ff"
    ]
  }).check(Schema.isPattern(/^[0-9a-f]{128}$/))
})
export type Registration = typeof Registration.Type

export const BouncerRegistered = declareEvent({
  type: "BouncerRegistered",
  version: 1,
  schema: Registration,
  stream: "bouncer-<name>",
  tells: "A bouncer got a key, or another one."
})

export const BouncerDeleted = declareEvent({
  type: "BouncerDeleted",
  version: 1,
  schema: Schema.Struct({ name: Schema.String }),
  stream: "bouncer-<name>",
  tells: "A bouncer lost its key."
})
