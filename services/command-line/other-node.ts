/** What a command says and does about nodes that may run on the same server. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type { Lease } from "../../domain/events/lease.ts"
import { liveRole } from "../node/live-role.ts"
import { Failure } from "./failure.ts"

/** To find out that a holder has died takes the time of its lease. */
export const awaitsRole = ({ role, node, milliseconds }: Lease): Effect.Effect<void> =>
  Console.error(
    `The role ${role} was taken by ${node} and not released: waiting ${Math.ceil(milliseconds / 1000)} s at most to see whether it runs.`
  )

/** Fails with `TST-REPLAY-LIVE` when a node runs on this store. */
export const refuseBesideNode = Effect.gen(function* () {
  const live = yield* liveRole(awaitsRole)
  if (live === undefined) return
  return yield* new Failure({
    code: "TST-REPLAY-LIVE",
    message:
      `A node writes to this store: ${live.node} holds the role ${live.role}. A replay beside it would mix into what it ` +
      "judges. Stop it, or name a store of the replay's own."
  })
})
