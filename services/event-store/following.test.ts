import { randomUUID } from "node:crypto"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { NameResolved } from "../../domain/events/name-resolved.ts"
import { StoreUnavailable } from "./event-store.ts"
import { following } from "./following.ts"
import { onStore, type Store } from "./store.fixture.ts"

const event = () => NameResolved.propose(randomUUID(), { address: "192.0.2.1", name: "a.", outcome: "answered" })
const filter = { types: [NameResolved.type] }

/** Every subscription fails behind its second event, and every other one at once. */
const failing = (store: Store, code: string): Store => {
  let subscriptions = 0
  const failure = Stream.fail(new StoreUnavailable({ code, message: "The disk failed to read." }))
  return {
    ...store,
    subscribe: (from) =>
      subscriptions++ % 2 === 1 ? failure : Stream.concat(Stream.take(store.subscribe(from), 2), failure)
  }
}

describe("whoever follows the log", () => {
  onStore("goes on where he was when it could not be read for a while", (store) =>
    Effect.gen(function* () {
      const events = Array.from({ length: 5 }, event)
      yield* store.append("names", events, "no_stream")
      const given = yield* following(failing(store, "TST-STORE-BUSY"), { after: -1, filter }).pipe(
        Stream.filter((item) => item._tag === "Event"),
        Stream.take(5),
        Stream.runCollect
      )
      assert.deepStrictEqual(
        given.map(({ event }) => event.id),
        events.map(({ id }) => id)
      )
    })
  )

  onStore("is told of a log that is damaged", (store) =>
    Effect.gen(function* () {
      yield* store.append("names", [event(), event(), event()], "no_stream")
      const { code } = yield* Effect.flip(
        Stream.runDrain(following(failing(store, "TST-STORE-DAMAGED"), { after: -1, filter }))
      )
      assert.strictEqual(code, "TST-STORE-DAMAGED")
    })
  )
})
