/** The store against a model of it: an array. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as fc from "fast-check"
import type { TestudoEvent } from "../../../domain/events/catalogue.ts"
import type { ProposedEvent } from "../../../domain/events/event.ts"
import type { ExpectedRevision, Subscribed } from "../event-store.ts"
import { conflict, event, eventIds, events, ids, isCaughtUp, type Store } from "./sample.ts"

export type Command =
  | {
      readonly do: "append"
      readonly stream: number
      readonly size: number
      readonly expected: "right" | "wrong" | "any"
    }
  | { readonly do: "repeat"; readonly append: number }
  | { readonly do: "page"; readonly after: number; readonly limit: number; readonly stream: number }
  | { readonly do: "subscribe"; readonly after: number }

const small = fc.nat({ max: 3 })
export const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    do: fc.constant("append" as const),
    stream: small,
    size: small,
    expected: fc.constantFrom("right" as const, "wrong" as const, "any" as const)
  }),
  fc.record({ do: fc.constant("repeat" as const), append: fc.nat({ max: 40 }) }),
  fc.record({
    do: fc.constant("page" as const),
    after: fc.nat(),
    limit: fc.integer({ min: 1, max: 9 }),
    stream: small
  }),
  fc.record({ do: fc.constant("subscribe" as const), after: fc.nat() })
)

interface ModelEvent {
  readonly id: string
  readonly stream: string
  readonly revision: number
  readonly position: number
}

/** The log as an array. Commands run one after another; subscriptions that they start run beside them to the end. */
export const runAgainstModel = (store: Store, category: string, commands: ReadonlyArray<Command>) =>
  Effect.gen(function* () {
    const begin = yield* store.head
    const log: Array<ModelEvent> = []
    const appends: Array<{
      stream: string
      batch: ReadonlyArray<ProposedEvent>
      expected: ExpectedRevision
      answer: object
    }> = []
    const subscriptions: Array<{ readonly after: number; readonly fiber: Fiber.Fiber<Array<Subscribed>, unknown> }> = []
    const last = event("the end")
    const positionOf = (choice: number) => [begin, ...log.map(({ position }) => position)][choice % (log.length + 1)]!
    const filter = { streamPrefixes: [`${category}-`] }
    const modelled = ({ id, stream, revision, position }: TestudoEvent): ModelEvent => ({
      id,
      stream,
      revision,
      position
    })

    for (const step of commands) {
      if (step.do === "append") {
        const stream = `${category}-${step.stream}`
        const actual = log.filter((known) => known.stream === stream).length - 1
        const batch = events(step.size)
        const expected = step.expected === "any" ? "any" : step.expected === "right" ? actual : actual + 1 + step.size
        const append = store.append(stream, batch, expected)
        if (step.expected === "wrong") {
          yield* conflict(append, actual)
          continue
        }
        const answer = yield* append
        const read = yield* store.readStream(stream, { from: actual + 1 })
        assert.deepStrictEqual(ids(read), ids(batch))
        log.push(...read.map(modelled))
        assert.strictEqual(answer.revision, actual + step.size)
        if (step.size > 0) appends.push({ stream, batch, expected: actual, answer })
      } else if (step.do === "repeat" && appends.length > 0) {
        const { stream, batch, expected, answer } = appends[step.append % appends.length]!
        assert.deepStrictEqual(yield* store.append(stream, batch, expected), answer)
      } else if (step.do === "page") {
        const after = positionOf(step.after)
        const page = yield* store.readAll({ after, limit: step.limit, filter })
        const rest = log.filter(({ position }) => position > after)
        assert.deepStrictEqual(page.map(modelled), rest.slice(0, step.limit))
        const stream = yield* store.readStream(`${category}-${step.stream}`, {
          direction: "backwards",
          limit: step.limit
        })
        const known = log.filter((known) => known.stream === `${category}-${step.stream}`).reverse()
        assert.deepStrictEqual(stream.map(modelled), known.slice(0, step.limit))
      } else if (step.do === "subscribe") {
        const after = positionOf(step.after)
        const fiber = yield* store.subscribe({ after, filter }).pipe(
          Stream.takeUntil((item) => item._tag === "Event" && item.event.id === last.id),
          Stream.runCollect,
          Effect.forkChild
        )
        subscriptions.push({ after, fiber })
      }
    }
    yield* store.append(`${category}-end`, [last], "no_stream")
    for (const { after, fiber } of subscriptions) {
      const given = yield* Fiber.join(fiber)
      assert.deepStrictEqual(eventIds(given), [...ids(log.filter(({ position }) => position > after)), last.id])
      assert.isAtMost(given.filter(isCaughtUp).length, 1)
    }
  })
