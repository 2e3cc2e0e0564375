import { randomUUID } from "node:crypto"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Allowlist, AllowlistReplaced } from "../../domain/events/allowlist.ts"
import { EmbeddedEventStore } from "../event-store/embedded.ts"
import { EventStore, StoreUnavailable } from "../event-store/event-store.ts"
import { newer } from "../event-store/store.fixture.ts"
import { replaceAllowlists } from "./allowlists.ts"

type Store = typeof EventStore.Service

/** Takes nothing at first, then takes what it is given and loses the answer. */
const flaky = (store: Store): Store => {
  let appends = 0
  const away = Effect.fail(new StoreUnavailable({ code: "TST-STORE-FULL", message: "The disk is full." }))
  return {
    ...store,
    append: (...append) =>
      Effect.suspend(() => {
        appends += 1
        if (appends === 1) return away
        return appends === 2 ? Effect.andThen(store.append(...append), away) : store.append(...append)
      })
  }
}

const entries = [{ value: "192.0.2.0/24", comment: "" }]

it.live("allowlists wait for a store that cannot take them now, and are recorded once", () =>
  Effect.gen(function* () {
    const store = yield* EventStore
    const replace = (over: Store, entries: Allowlist["entries"]) =>
      replaceAllowlists([
        { name: "configuration", entries },
        { name: "machine", entries: [] }
      ]).pipe(Effect.provideService(EventStore, over))
    const position = yield* replace(flaky(store), entries)
    assert.strictEqual(position, yield* store.head)
    assert.strictEqual((yield* store.readAll()).length, 1)
    assert.isUndefined(yield* replace(store, entries))
    yield* newer(store, "allowlist-configuration", AllowlistReplaced)
    assert.isUndefined(yield* replace(store, entries))
    assert.strictEqual(yield* replace(store, []), yield* store.head)
  }).pipe(Effect.provide(Layer.fresh(EmbeddedEventStore.layerMemory)))
)

it.live("the last writer's list counts when the answer about it was lost and another one wrote meanwhile", () =>
  Effect.gen(function* () {
    const store = yield* EventStore
    const other = AllowlistReplaced.propose(randomUUID(), { name: "configuration", entries: [] })
    let isFirst = true
    const over: Store = {
      ...store,
      append: (...append) =>
        Effect.suspend(() => {
          if (!isFirst) return store.append(...append)
          isFirst = false
          const lost = new StoreUnavailable({ code: "TST-STORE-AWAY", message: "The answer was lost." })
          return store
            .append(...append)
            .pipe(
              Effect.andThen(store.append("allowlist-configuration", [other], "any")),
              Effect.andThen(Effect.fail(lost))
            )
        })
    }
    const position = yield* replaceAllowlists([{ name: "configuration", entries }]).pipe(
      Effect.provideService(EventStore, over)
    )
    const log = yield* store.readAll()
    assert.strictEqual(position, log.at(-1)?.position)
    assert.deepStrictEqual(
      log.filter(AllowlistReplaced.is).map(({ data }) => data.entries),
      [entries, [], entries]
    )
  }).pipe(Effect.provide(Layer.fresh(EmbeddedEventStore.layerMemory)))
)
