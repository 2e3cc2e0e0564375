/** The allowlists of the configuration and of the machine, in the log. */
import * as Effect from "effect/Effect"
import { randomUUID } from "node:crypto"
import { type Allowlist, AllowlistReplaced } from "../../domain/events/allowlist.ts"
import { allowlistStream } from "../../domain/events/stream-name.ts"
import type { Configuration } from "../configuration/configuration.ts"
import type { Part } from "../engine/part.ts"
import { EventStore } from "../event-store/event-store.ts"
import { ownAddresses } from "./own-addresses.ts"

export interface AllowlistNames {
  readonly configuration: string
  readonly machine: string
}

/** Where several nodes share a log each has lists of its own, and those of all count. */
export const allowlistNames = ({ role, node }: Part): AllowlistNames => ({
  configuration: role === "agent" ? `configuration@${node}` : "configuration",
  machine: node === undefined ? "machine" : `machine@${node}`
})

export const allowlistsOf = (
  { allowlist, protectOwnAddresses }: Configuration,
  names: AllowlistNames
): ReadonlyArray<Allowlist> => [
  { name: names.configuration, entries: allowlist },
  { name: names.machine, entries: protectOwnAddresses ? ownAddresses() : [] }
]

/** Appends the lists that differ from the log's. Answers with the position of the last one, or undefined when none did. */
export const replaceAllowlists = Effect.fn("allowlists.replace")(function* (lists: ReadonlyArray<Allowlist>) {
  const store = yield* EventStore
  let changed: number | undefined
  for (const list of lists) {
    const stream = allowlistStream(list.name)
    const [last] = yield* store.readStream(stream, { direction: "backwards", limit: 1 })
    const known: Allowlist =
      last !== undefined && AllowlistReplaced.is(last) ? last.data : { name: list.name, entries: [] }
    if (JSON.stringify(known.entries) === JSON.stringify(list.entries)) continue
    const event = AllowlistReplaced.propose(randomUUID(), list)
    changed = (yield* store.append(stream, [event], last?.revision ?? "no_stream")).position
  }
  return changed
})
