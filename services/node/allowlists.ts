/** The allowlists of the configuration and of the machine, in the log. */
import * as Effect from "effect/Effect"
import { randomUUID } from "node:crypto"
import { type Allowlist, AllowlistReplaced } from "../../domain/events/allowlist.ts"
import { allowlistStream } from "../../domain/events/stream-name.ts"
import type { Configuration } from "../configuration/configuration.ts"
import type { Part } from "../engine/part.ts"
import { atEnd, expectedBehind } from "../event-store/at-end.ts"
import { EventStore } from "../event-store/event-store.ts"
import { patiently } from "../event-store/patience.ts"
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

/**
 * Appends the lists that differ from the log's, and waits while the store cannot take them. Answers with the position
 * of the last one, or undefined when none did.
 */
export const replaceAllowlists = Effect.fn("allowlists.replace")(function* (lists: ReadonlyArray<Allowlist>) {
  let changed: number | undefined
  for (const list of lists) changed = (yield* patiently(replaceAllowlist(list, new Set()))) ?? changed
  return changed
})

/**
 * `tried`: the ids of the events that were to say so. One that is there was written when the answer was lost. Each try
 * has an id of its own: behind another writer's list the same one would be refused as known.
 */
const replaceAllowlist = Effect.fnUntraced(function* (list: Allowlist, tried: Set<string>) {
  const store = yield* EventStore
  const stream = allowlistStream(list.name)
  return yield* atEnd(store, stream, (end) => {
    const { last } = end
    if (last !== undefined && tried.has(last.id)) return Effect.succeed(last.position)
    // Behind one that is not readable it is said anew: those who read the log know an older one.
    const known = last === undefined ? [] : AllowlistReplaced.is(last) ? last.data.entries : undefined
    if (JSON.stringify(known) === JSON.stringify(list.entries)) return Effect.succeed(undefined)
    const id = randomUUID()
    tried.add(id)
    return Effect.map(
      store.append(stream, [AllowlistReplaced.propose(id, list)], expectedBehind(end)),
      ({ position }) => position
    )
  })
})
