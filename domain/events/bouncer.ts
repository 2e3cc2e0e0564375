/** `BouncerRegistered` and `BouncerDeleted`, on the stream `bouncer-<name>`. */
import * as Schema from "effect/Schema"
import { declareEvent } from "./event.ts"

export const Registration = Schema.Struct({
  name: Schema.String,
  /** Lower-case hexadecimal SHA-512 of the key, as CrowdSec keeps it. The key itself is shown once and never stored. */
  keyHash: Schema.String.check(Schema.isPattern(/^[0-9a-f]{128}$/))
})
export type Registration = typeof Registration.Type

export const BouncerRegistered = declareEvent({ type: "BouncerRegistered", version: 1, schema: Registration })

export const BouncerDeletion = Schema.Struct({ name: Schema.String })
export type BouncerDeletion = typeof BouncerDeletion.Type

export const BouncerDeleted = declareEvent({ type: "BouncerDeleted", version: 1, schema: BouncerDeletion })
