/** Where a projection begins: at its newest snapshot, or where its rebuild begins. */
import * as Effect from "effect/Effect"
import { OffenderErased } from "../../domain/events/audit.ts"
import { auditStream } from "../../domain/events/stream-name.ts"
import type { EventStore, StoreUnavailable } from "../event-store/event-store.ts"
import { lookBack } from "../event-store/look-back.ts"
import type { Place } from "./place.ts"
import { readSnapshot, retainedSnapshots, type Snapshot } from "./snapshot.ts"

type Store = (typeof EventStore)["Service"]

/** Whether something was erased from the log behind a position. */
const isErasedAfter = (store: Store, position: number): Effect.Effect<boolean, StoreUnavailable> =>
  lookBack(store, auditStream, { limit: 100 }, (event) => {
    if (event.position <= position) return false
    return OffenderErased.is(event) ? true : undefined
  }).pipe(Effect.map((isErased) => isErased ?? false))

/** Why a snapshot is no state of this log as it is now, undefined when it is one. */
export const misfit = (
  store: Store,
  { position, event }: Pick<Snapshot, "position" | "event">
): Effect.Effect<string | undefined, StoreUnavailable> =>
  Effect.gen(function* () {
    if (position < 0) return undefined
    if ((yield* store.eventAt(position))?.id !== event)
      return "the event that it stands at is not in this log: it is that of another log, or retention has dropped it"
    return (yield* isErasedAfter(store, position)) ? "something was erased from the log since" : undefined
  })

/** Why the snapshot cannot be taken over, or undefined when it was. */
const take = Effect.fnUntraced(function* (store: Store, target: Place, snapshot: Snapshot) {
  const reason = yield* misfit(store, snapshot)
  if (reason !== undefined) return reason
  return yield* Effect.try({ try: () => target.restore(snapshot), catch: () => "it is damaged" }).pipe(
    Effect.as(undefined),
    Effect.catch((reason) => Effect.succeed(reason))
  )
})

/**
 * Takes the newest snapshot over, and tells whether that worked. When it is of another version the projection is to be
 * rebuilt: from the oldest retained snapshot that it can read, or else from the beginning of the log.
 */
export const restore = Effect.fnUntraced(function* (store: Store, directory: string, target: Place) {
  const { projection, version } = target
  const newest = yield* Effect.promise(() => readSnapshot(directory, projection, version))
  if (newest._tag === "None") return false
  const reason = newest._tag === "Found" ? yield* take(store, target, newest.snapshot) : newest.reason
  if (reason === undefined) return true
  if (newest._tag === "Unusable" && newest.outdated === true && target.reads.length > 0) {
    const snapshots = retainedSnapshots(directory, projection, [version, ...target.reads])
    for (;;) {
      const next = yield* Effect.promise(() => snapshots.next())
      if (next.done === true) break
      const { value } = next
      if ((yield* take(store, target, value)) !== undefined) continue
      yield* Effect.logInfo(
        `The projection ${projection} is rebuilt as version ${version}, from its snapshot of version ${value.version} at position ${value.position} on.`
      )
      return false
    }
  }
  yield* Effect.logWarning(
    `The snapshot of projection ${projection} is not used: ${reason}. Folding the log anew. (TST-PROJECTION-SNAPSHOT)`
  )
  return false
})
