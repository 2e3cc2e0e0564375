/** What the parts of the contract suite share: sample events and how outcomes are checked. */
import { randomUUID } from "node:crypto"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { BouncerDeleted } from "../../../domain/events/bouncer.ts"
import type { ProposedEvent } from "../../../domain/events/event.ts"
import { NameResolved } from "../../../domain/events/name-resolved.ts"
import { type AppendError, EventStore, type StoreUnavailable, type Subscribed } from "../event-store.ts"

/** How a store of its own is made for a test. */
export type MakeLayer = () => Layer.Layer<EventStore, StoreUnavailable>

export type Store = typeof EventStore.Service

/** Registers a test on a store, with a category of streams that no other test uses. */
export type Check = (title: string, test: (store: Store, category: string) => Effect.Effect<void, unknown>) => void

export const checkOn =
  (makeLayer: MakeLayer): Check =>
  (title, test) =>
    it.live(title, () => EventStore.use((store) => test(store, newCategory())).pipe(Effect.provide(makeLayer())))

export const event = (name = "host.example.", id: string = randomUUID()): ProposedEvent =>
  NameResolved.propose(id, { address: "203.0.113.7", name, outcome: "answered" })

export const deletion = (): ProposedEvent => BouncerDeleted.propose(randomUUID(), { name: "edge" })

export const events = (count: number): ReadonlyArray<ProposedEvent> =>
  Array.from({ length: count }, (_, index) => event(`host-${index}.example.`))

export const unknownEvent = (): ProposedEvent => ({
  id: randomUUID(),
  type: "OfAnotherVersion",
  data: { anything: [1, null, "x"] },
  metadata: { version: 7 }
})

/** A category of streams that no other test uses. */
export const newCategory = (): string => `contract${randomUUID().replaceAll("-", "")}`

export const ids = (given: ReadonlyArray<{ readonly id: string }>): ReadonlyArray<string> => given.map(({ id }) => id)

export const eventIds = (given: ReadonlyArray<Subscribed>): ReadonlyArray<string> =>
  given.flatMap((item) => (item._tag === "Event" ? [item.event.id] : []))

export const isCaughtUp = (item: Subscribed): boolean => item._tag === "CaughtUp"

export const refused = <A>(append: Effect.Effect<A, AppendError>): Effect.Effect<string, A> =>
  Effect.flip(append).pipe(
    Effect.map((error) => {
      assert.strictEqual(error._tag, "AppendRefused")
      return error.message
    })
  )

export const conflict = <A>(append: Effect.Effect<A, AppendError>, actual: number): Effect.Effect<void, A> =>
  Effect.map(Effect.flip(append), (error) =>
    assert.strictEqual(error._tag === "WrongExpectedRevision" ? error.actual : error.message, actual)
  )
