/** The allowlists of the configuration and of the machine, in the log. */
import * as Effect from "effect/Effect"
import { randomUUID } from "node:crypto"
import { type Allowlist, AllowlistReplaced } from "../../domain/events/allowlist.ts"
import { allowlistStream } from "../../domain/events/stream-name.ts"
import type { Configuration } from "../configuration/configuration.ts"
import { EventStore } from "../event-store/event-store.ts"
import { Projections } from "../projections/projections.ts"
import { ownAddresses } from "./own-addresses.ts"

export const allowlistsOf = ({ allowlist, protectOwnAddresses }: Configuration): ReadonlyArray<Allowlist> => [
  { name: "configuration", entries: allowlist },
  { name: "machine", entries: protectOwnAddresses ? ownAddresses() : [] }
]

/** Appends the lists that differ from the log's, and waits until the projections respect them. Tells whether any did. */
export const replaceAllowlists = Effect.fn("allowlists.replace")(function* (lists: ReadonlyArray<Allowlist>) {
  const store = yield* EventStore
  const projections = yield* Projections
  let changed = false
  for (const list of lists) {
    const stream = allowlistStream(list.name)
    const [last] = yield* store.readStream(stream, { direction: "backwards", limit: 1 })
    const known: Allowlist =
      last !== undefined && AllowlistReplaced.is(last) ? last.data : { name: list.name, entries: [] }
    if (JSON.stringify(known.entries) === JSON.stringify(list.entries)) continue
    const event = AllowlistReplaced.propose(randomUUID(), list)
    const { position } = yield* store.append(stream, [event], last?.revision ?? "no_stream")
    yield* projections.settled(position, "activeBans")
    changed = true
  }
  return changed
})
