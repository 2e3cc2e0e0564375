import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import type { Subscribed } from "../event-store.ts"
import { type Check, eventIds, events, ids, isCaughtUp } from "./sample.ts"

export const subscriptionContract = (check: Check): void => {
  describe("subscribe", () => {
    check("history, the mark that it is live, and what comes then", (store, category) =>
      Effect.gen(function* () {
        const before = yield* store.head
        const [old, fresh] = [events(600), events(5)]
        const filter = { streamPrefixes: [`${category}-`] }
        yield* store.append(`${category}-1`, old, "no_stream")
        const given: Array<Subscribed> = []
        const fiber = yield* store.subscribe({ after: before, filter }).pipe(
          Stream.tap((item) => Effect.sync(() => void given.push(item))),
          Stream.takeUntil(() => eventIds(given).length === old.length + fresh.length),
          Stream.runDrain,
          Effect.forkChild
        )
        while (!given.some(isCaughtUp)) yield* Effect.sleep("2 millis")
        assert.deepStrictEqual(eventIds(given), ids(old))
        for (const one of fresh) yield* store.append(`${category}-2`, [one], "any")
        yield* Fiber.join(fiber)
        assert.deepStrictEqual(eventIds(given), ids([...old, ...fresh]))
        assert.lengthOf(given.filter(isCaughtUp), 1)
        const mark = given[old.length]!
        assert.isTrue(
          mark._tag === "CaughtUp" && mark.position >= (yield* store.readStream(`${category}-1`)).at(-1)!.position
        )
      })
    )

    check("goes on after a position, exclusively, also after the last one", (store, category) =>
      Effect.gen(function* () {
        const batch = events(4)
        const before = yield* store.head
        yield* store.append(`${category}-1`, batch, "no_stream")
        const positions = (yield* store.readStream(`${category}-1`)).map(({ position }) => position)
        const filter = { streamPrefixes: [`${category}-`] }
        const history = (after: number) =>
          store.subscribe({ after, filter }).pipe(Stream.takeUntil(isCaughtUp), Stream.runCollect, Effect.map(eventIds))
        assert.deepStrictEqual(yield* history(positions[1]!), ids(batch.slice(2)))
        assert.deepStrictEqual(yield* history(positions[3]!), [])
        assert.deepStrictEqual(yield* history(before), ids(batch))
      })
    )

    check("gives each event once to everybody while others write", (store, category) =>
      Effect.gen(function* () {
        const total = 400
        const before = yield* store.head
        const filter = { streamPrefixes: [`${category}-`] }
        const subscriber = (delay: number) =>
          store.subscribe({ after: before, filter }).pipe(
            Stream.filter((item) => item._tag === "Event"),
            Stream.tap((item) => (item.event.revision % 40 === delay ? Effect.sleep(delay) : Effect.void)),
            Stream.take(total),
            Stream.runCollect,
            Effect.map(eventIds)
          )
        const write = (n: number) =>
          Effect.gen(function* () {
            for (let count = 0; count < total / 8; count++) {
              yield* store.append(`${category}-${n}`, events(2), "any")
              yield* Effect.yieldNow
            }
          })
        const subscribers = yield* Effect.forEach([0, 1, 3, 5], (delay) => Effect.forkChild(subscriber(delay)))
        yield* Effect.forEach([1, 2, 3, 4], write, { concurrency: "unbounded", discard: true })
        const order = ids(yield* store.readAll({ after: before, filter }))
        assert.lengthOf(order, total)
        for (const fiber of subscribers) assert.deepStrictEqual(yield* Fiber.join(fiber), order)
      })
    )

    check("resumes from any place without a gap or a repeat while others write", (store, category) =>
      Effect.gen(function* () {
        const total = 300
        const before = yield* store.head
        const filter = { streamPrefixes: [`${category}-`] }
        const write = Effect.gen(function* () {
          for (let count = 0; count < total / 3; count++) {
            yield* store.append(`${category}-${count % 5}`, events(3), "any")
            if (count % 10 === 0) yield* Effect.sleep("1 millis")
          }
        })
        const writer = yield* Effect.forkChild(write)
        const given: Array<string> = []
        let checkpoint = before
        for (let stop = 1; given.length < total; stop = (stop * 7) % 60) {
          yield* store.subscribe({ after: checkpoint, filter }).pipe(
            Stream.filter((item) => item._tag === "Event"),
            Stream.take(Math.min(stop, total - given.length)),
            Stream.runForEach(({ event }) =>
              Effect.sync(() => {
                given.push(event.id)
                checkpoint = event.position
              })
            )
          )
        }
        yield* Fiber.join(writer)
        assert.deepStrictEqual(given, ids(yield* store.readAll({ after: before, filter })))
      })
    )

    check("waits for a slow consumer and delays nobody", (store, category) =>
      Effect.gen(function* () {
        const filter = { streamPrefixes: [`${category}-`] }
        const before = yield* store.head
        let seen = 0
        const stuck = yield* store.subscribe({ after: before, filter }).pipe(
          Stream.runForEach(() =>
            Effect.andThen(
              Effect.sync(() => seen++),
              Effect.never
            )
          ),
          Effect.forkChild
        )
        const others = yield* store.subscribe({ after: before, filter }).pipe(
          Stream.filter((item) => item._tag === "Event"),
          Stream.take(1000),
          Stream.runCollect,
          Effect.forkChild
        )
        yield* Effect.sleep("20 millis")
        for (let n = 0; n < 10; n++) yield* store.append(`${category}-1`, events(100), "any")
        assert.lengthOf(yield* Fiber.join(others), 1000)
        assert.isAtMost(seen, 1)
        yield* Fiber.interrupt(stuck)
      })
    )
  })
}
