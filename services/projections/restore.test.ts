/** Which snapshots are a state of the log, and which of what it was. */
import { randomUUID } from "node:crypto"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { OffenderErased } from "../../domain/events/audit.ts"
import { NameResolved } from "../../domain/events/name-resolved.ts"
import { EmbeddedEventStore } from "../event-store/embedded.ts"
import { EventStore } from "../event-store/event-store.ts"
import { misfit } from "./restore.ts"

const named = () =>
  NameResolved.propose(randomUUID(), { address: "192.0.2.1", name: "a.example.", outcome: "answered" })

it.effect("a snapshot is of no use when its event is gone, or something was erased behind it", () =>
  Effect.gen(function* () {
    const store = yield* EventStore
    const erasure = OffenderErased.propose(randomUUID(), {
      at: "2026-11-22T07:00:00Z",
      by: "anna",
      lines: 1,
      batches: 1,
      events: []
    })
    yield* store.append("audit", [erasure], "any")
    const at = { event: named(), position: 0 }
    at.position = (yield* store.append("names", [at.event], "any")).position
    const snapshot = { position: at.position, event: at.event.id }
    assert.isUndefined(yield* misfit(store, snapshot))
    assert.isUndefined(yield* misfit(store, { position: -1, event: "" }))
    assert.include(yield* misfit(store, { ...snapshot, event: randomUUID() }), "another log")
    for (let n = 0; n < 150; n++) yield* store.append("audit", [{ ...erasure, id: randomUUID(), type: "Later" }], "any")
    assert.isUndefined(yield* misfit(store, snapshot))
    yield* store.append("audit", [{ ...erasure, id: randomUUID() }], "any")
    assert.include(yield* misfit(store, snapshot), "erased")
    const later = named()
    const behind = { position: (yield* store.append("names", [later], "any")).position, event: later.id }
    assert.isUndefined(yield* misfit(store, behind))
    yield* store.append("names", [named()], "any")
    yield* store.truncate("names", 2)
    assert.include(yield* misfit(store, behind), "retention has dropped it")
  }).pipe(Effect.provide(Layer.fresh(EmbeddedEventStore.layerMemory)))
)
