/** `AllowlistReplaced`, on the stream `allowlist-<name>`: who is never to be banned, from here on. */
import * as Schema from "effect/Schema"
import { declareEvent } from "./event.ts"

export const AllowlistEntry = Schema.Struct({
  /** Canonical text of an address or range. */
  value: Schema.String,
  comment: Schema.String
})
export type AllowlistEntry = typeof AllowlistEntry.Type

export const Allowlist = Schema.Struct({
  /** `configuration` for the configured one, `machine` for loopback and this machine's own addresses. */
  name: Schema.String,
  /** The whole list: it replaces the one of this name. */
  entries: Schema.Array(AllowlistEntry)
})
export type Allowlist = typeof Allowlist.Type

export const AllowlistReplaced = declareEvent({
  type: "AllowlistReplaced",
  version: 1,
  schema: Allowlist,
  stream: "allowlist-<name>",
  tells: "A list of addresses and ranges that are never banned was replaced."
})
