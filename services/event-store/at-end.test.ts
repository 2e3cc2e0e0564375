import { randomUUID } from "node:crypto"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { NameResolved } from "../../domain/events/name-resolved.ts"
import { atEnd, expectedBehind } from "./at-end.ts"
import { newer, onStore, type Store } from "./store.fixture.ts"

const event = () => NameResolved.propose(randomUUID(), { address: "192.0.2.1", name: "a.", outcome: "answered" })

/** Appends one event, and tells behind which revisions it was tried. */
const append = Effect.fnUntraced(function* (store: Store) {
  const tried: Array<number> = []
  yield* atEnd(store, "names", (end) => {
    tried.push(end.revision)
    return store.append("names", [event()], expectedBehind(end))
  })
  return tried
})

describe("an append at the end of a stream", () => {
  onStore("stands behind what newer versions wrote, which cannot be read here", (store) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* append(store), [-1])
      yield* newer(store, "names", NameResolved)
      yield* newer(store, "names", NameResolved)
      assert.deepStrictEqual(yield* append(store), [0, 2])
      assert.deepStrictEqual(yield* append(store), [3])
      yield* newer(store, "elsewhere", NameResolved)
    })
  )

  onStore("stands behind newer versions' events where there are no others", (store) =>
    Effect.gen(function* () {
      yield* newer(store, "names", NameResolved)
      assert.deepStrictEqual(yield* append(store), [-1, 0])
    })
  )

  onStore("is tried again behind whoever was faster", (store) =>
    Effect.gen(function* () {
      let others = 3
      const tried: Array<number> = []
      yield* atEnd(store, "names", (end) =>
        Effect.gen(function* () {
          tried.push(end.revision)
          if (others-- > 0) yield* store.append("names", [event()], "any")
          yield* store.append("names", [event()], expectedBehind(end))
        })
      )
      assert.deepStrictEqual(tried, [-1, 0, 1, 2])
    })
  )
})
