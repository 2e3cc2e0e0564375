/** `--hub`, `--data`, `--patterns` and `--collection`: which rules a command judges by. */
import * as Option from "effect/Option"
import * as Flag from "effect/cli/Flag"
import type { HubOptions } from "../hub/hub.ts"
import { starterHub } from "./configuration-flag.ts"

export const rulesFlags = {
  hub: Flag.optional(
    Flag.String("hub").pipe(
      Flag.withMetavar("DIR"),
      Flag.withDescription("Rules in the layout of CrowdSec's hub; without it the starter rules")
    )
  ),
  data: Flag.optional(
    Flag.String("data").pipe(Flag.withMetavar("DIR"), Flag.withDescription("Where the data files of the rules are"))
  ),
  patterns: Flag.String("patterns").pipe(
    Flag.withMetavar("DIR"),
    Flag.withDescription("A folder of grok patterns of your own; may be repeated"),
    Flag.atLeast(0)
  ),
  collection: Flag.String("collection").pipe(
    Flag.withMetavar("NAME"),
    Flag.withDescription(
      "Only this collection and what it needs; may be repeated; without it everything in the hub folder"
    ),
    Flag.atLeast(0)
  )
}

/** What the flags name, for the loader. */
export const hubOf = (input: {
  readonly hub: Option.Option<string>
  readonly data: Option.Option<string>
  readonly patterns: ReadonlyArray<string>
  readonly collection: ReadonlyArray<string>
}): HubOptions => ({
  hub: Option.getOrElse(input.hub, () => starterHub),
  collections: input.collection,
  patterns: input.patterns,
  ...(Option.isSome(input.data) ? { data: input.data.value } : {})
})
