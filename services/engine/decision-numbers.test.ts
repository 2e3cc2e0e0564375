import { randomUUID } from "node:crypto"
import { assert, describe } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Decision, DecisionMade, DecisionNumbered } from "../../domain/events/decision.ts"
import { NameResolved } from "../../domain/events/name-resolved.ts"
import { decisionNumbersStream } from "../../domain/events/stream-name.ts"
import { EventStore } from "../event-store/event-store.ts"
import { patiently } from "../event-store/patience.ts"
import { lostAnswer, newer, onStore, type Store } from "../event-store/store.fixture.ts"
import { DecisionNumbers } from "./decision-numbers.ts"

/** Another process on the same log. */
const writer = (store: Store) =>
  Effect.map(
    Layer.build(DecisionNumbers.layer.pipe(Layer.provide(Layer.succeed(EventStore, store)))),
    Context.get(DecisionNumbers)
  )

const newIds = (count: number): ReadonlyArray<string> => Array.from({ length: count }, () => randomUUID())

const decision: Decision = {
  number: 17,
  overflow: null,
  scope: "Ip",
  value: "203.0.113.7",
  type: "ban",
  duration: "4h",
  from: "2026-01-01T00:00:00Z",
  until: "2026-01-01T04:00:00Z",
  scenario: "manual",
  origin: "cscli",
  simulated: false,
  reason: ""
}

describe("decision numbers", () => {
  onStore("are given from 1 on, without a gap, and the same again for the same decision", (store) =>
    Effect.gen(function* () {
      const [a, b, c] = newIds(3)
      const first = yield* writer(store)
      assert.deepStrictEqual(yield* first.numbersOf([]), [])
      assert.deepStrictEqual(yield* first.numbersOf([a!, b!]), [1, 2])
      assert.deepStrictEqual(yield* first.numbersOf([b!, c!, b!]), [2, 3, 2])
      // Numbered, and then its process was killed before the decision was made.
      const second = yield* writer(store)
      assert.deepStrictEqual(yield* second.numbersOf([c!, ...newIds(1), a!]), [3, 4, 1])
    }).pipe(Effect.scoped)
  )

  onStore("go on behind an event that cannot be read", (store) =>
    Effect.gen(function* () {
      const first = yield* writer(store)
      assert.deepStrictEqual(yield* first.numbersOf(newIds(2)), [1, 2])
      const resolved = { address: "192.0.2.1", name: "", outcome: "none" } as const
      yield* store.append(decisionNumbersStream, [NameResolved.propose(randomUUID(), resolved)], "any")
      const second = yield* writer(store)
      assert.deepStrictEqual(yield* second.numbersOf(newIds(2)), [3, 4])
      assert.deepStrictEqual(yield* first.numbersOf(newIds(1)), [5])
    }).pipe(Effect.scoped)
  )

  onStore("are unique when several processes take them at once", (store) =>
    Effect.gen(function* () {
      const writers = yield* Effect.forEach([1, 2, 3, 4], () => writer(store))
      const takes = writers.flatMap((numbers) => Array.from({ length: 10 }, (_, n) => numbers.numbersOf(newIds(n % 4))))
      const given = (yield* Effect.all(takes, { concurrency: "unbounded" })).flat()
      assert.deepStrictEqual(
        given.toSorted((one, other) => one - other),
        Array.from({ length: given.length }, (_, n) => n + 1)
      )
    }).pipe(Effect.scoped)
  )

  onStore("are unique when a former writer numbered some of the same decisions", (store) =>
    Effect.gen(function* () {
      const [before, a, b, c, d] = newIds(5)
      const [former, writing] = [yield* writer(store), yield* writer(store)]
      assert.deepStrictEqual(yield* writing.numbersOf([before!]), [1])
      assert.deepStrictEqual(yield* former.numbersOf([a!, b!]), [2, 3])
      // It begins with the same decision, behind the same end of the stream.
      assert.deepStrictEqual(yield* writing.numbersOf([a!, b!, c!]), [2, 3, 4])
      assert.deepStrictEqual(yield* former.numbersOf([d!]), [5])
    }).pipe(Effect.scoped)
  )

  onStore("go on behind those of a log in which nobody took them from a stream", (store) =>
    Effect.gen(function* () {
      yield* store.append("offender-Ip:203.0.113.7", [DecisionMade.propose(randomUUID(), decision)], "no_stream")
      const numbers = yield* writer(store)
      assert.deepStrictEqual(yield* numbers.numbersOf(newIds(2)), [18, 19])
    }).pipe(Effect.scoped)
  )

  onStore("of many decisions are taken by few events", (store) =>
    Effect.gen(function* () {
      const numbers = yield* writer(store)
      const ids = newIds(2_500)
      assert.deepStrictEqual(
        yield* numbers.numbersOf(ids),
        ids.map((_, n) => n + 1)
      )
      const events = yield* store.readStream(decisionNumbersStream)
      assert.deepStrictEqual(
        events.map((event) => DecisionNumbered.is(event) && event.data),
        [0, 1_000, 2_000].map((from) => ({ first: from + 1, decisions: ids.slice(from, from + 1_000) }))
      )
    }).pipe(Effect.scoped)
  )

  onStore("go on behind those that earlier versions took, an event for each", (store) =>
    Effect.gen(function* () {
      const [a, b] = newIds(2)
      const older = [a, b].map((decision, index) => ({
        id: randomUUID(),
        type: DecisionNumbered.type,
        data: { number: 7 + index, decision },
        metadata: { version: 1 }
      }))
      yield* store.appendGroup([
        { stream: decisionNumbersStream, events: older, expected: "no_stream", asStored: true }
      ])
      const numbers = yield* writer(store)
      assert.deepStrictEqual(yield* numbers.numbersOf([b!, a!, ...newIds(1)]), [8, 7, 9])
    }).pipe(Effect.scoped)
  )

  onStore("go on behind those that a newer version took", (store) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* (yield* writer(store)).numbersOf(newIds(2)), [1, 2])
      yield* newer(store, decisionNumbersStream, DecisionNumbered)
      const numbers = yield* writer(store)
      assert.deepStrictEqual(yield* numbers.numbersOf(newIds(2)), [3, 4])
      assert.deepStrictEqual(yield* numbers.numbersOf(newIds(1)), [5])
    }).pipe(Effect.scoped)
  )

  onStore("are not given twice when an answer is lost", (store) =>
    Effect.gen(function* () {
      let lost = 3
      const flaky: Store = {
        ...store,
        append: (stream, events, expected) =>
          Effect.flatMap(store.append(stream, events, expected), (appended) =>
            lost-- > 0 ? lostAnswer : Effect.succeed(appended)
          )
      }
      const numbers = yield* writer(flaky)
      const [a, b] = newIds(2)
      assert.deepStrictEqual(yield* patiently(numbers.numbersOf([a!])), [1])
      assert.deepStrictEqual(yield* patiently(numbers.numbersOf([b!, a!])), [2, 1])
      assert.lengthOf(yield* store.readStream(decisionNumbersStream), 2)
    }).pipe(Effect.scoped)
  )
})
