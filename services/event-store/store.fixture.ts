/** Stores for tests of those who write to one. */
import { randomUUID } from "node:crypto"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EmbeddedEventStore } from "./embedded.ts"
import { EventStore, type StreamAppend, StoreUnavailable } from "./event-store.ts"

export type Store = typeof EventStore.Service

/** A test on an empty store. */
export const onStore = (title: string, test: (store: Store) => Effect.Effect<void, unknown, never>) =>
  it.live(title, () => EventStore.use(test).pipe(Effect.provide(Layer.fresh(EmbeddedEventStore.layerMemory))))

export const lostAnswer = Effect.fail(new StoreUnavailable({ code: "TST-STORE-AWAY", message: "The answer was lost." }))

/** Writes so many parts of the first group, and loses the answer. */
export const losing = (store: Store, parts: number): Store => {
  let lost = false
  return {
    ...store,
    appendGroup: (group: ReadonlyArray<StreamAppend>) => {
      if (lost) return store.appendGroup(group)
      lost = true
      return Effect.andThen(store.appendGroup(group.slice(0, parts)), lostAnswer)
    }
  }
}

/** What a newer version writes: an event of a type that is known here, in a form that is not. */
export const newer = (
  store: Store,
  stream: string,
  { type, version }: { readonly type: string; readonly version: number }
) =>
  store.appendGroup([
    {
      stream,
      events: [{ id: randomUUID(), type, data: { of: "later" }, metadata: { version: version + 1 } }],
      expected: "any",
      asStored: true
    }
  ])
