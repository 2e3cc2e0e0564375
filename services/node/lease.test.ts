import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { randomUUID } from "node:crypto"
import { adjustable } from "../../fixtures/adjustable-clock.ts"
import { LeaseRenewed, LeaseTaken } from "../../domain/events/lease.ts"
import { NameResolved } from "../../domain/events/name-resolved.ts"
import { EmbeddedEventStore } from "../event-store/embedded.ts"
import { EventStore, StoreUnavailable } from "../event-store/event-store.ts"
import { newer } from "../event-store/store.fixture.ts"
import { fenced, takeLease } from "./lease.ts"

type Store = (typeof EventStore)["Service"]

/** Of a lease: long enough that a machine which is busy does not lose it by itself. */
const milliseconds = 1_000

const event = () =>
  NameResolved.propose(randomUUID(), { address: "192.0.2.1", name: "host.example.", outcome: "answered" })

/** A store that can be taken away from one process: its appends then wait until it is given back, or fail. */
const unreliable = (store: Store) => {
  const state = { away: false }
  const away = new StoreUnavailable({ code: "TST-STORE-IO", message: "The store is away." })
  const check = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.suspend((): Effect.Effect<A, E | StoreUnavailable> => (state.away ? Effect.fail(away) : effect))
  return {
    state,
    store: EventStore.of({
      ...store,
      append: (stream, events, expected) => check(store.append(stream, events, expected)),
      readStream: (stream, options) => check(store.readStream(stream, options))
    })
  }
}

/** One process: takes the role in a scope of its own. */
const holder = Effect.fnUntraced(function* (node: string, store: Store) {
  const scope = yield* Scope.make()
  const standing = yield* Deferred.make<string>()
  const lease = yield* takeLease({
    role: "api",
    node,
    milliseconds,
    onStandby: (other) => Effect.asVoid(Deferred.succeed(standing, other.node))
  }).pipe(Effect.provideService(EventStore, store), Scope.provide(scope), Effect.forkChild({ startImmediately: true }))
  return { lease, scope, standing: Deferred.await(standing), stop: Scope.close(scope, Exit.void) }
})

/** One holds the role by a network of its own, and two stands by. */
const heldAndWaitedFor = Effect.fnUntraced(function* (store: Store) {
  const network = unreliable(store)
  const one = yield* holder("one", network.store)
  const lease = yield* Fiber.join(one.lease)
  const two = yield* holder("two", store)
  yield* two.standing
  return { network, one, lease, two }
})

const withStore = <A, E>(use: (store: Store) => Effect.Effect<A, E>) =>
  EventStore.use(use).pipe(Effect.provide(Layer.fresh(EmbeddedEventStore.layerMemory)))

const takers = (store: Store) =>
  Effect.map(store.readStream("lease-api"), (events) =>
    events.flatMap((each) => (LeaseTaken.is(each) ? [each.data.node] : []))
  )

describe("a role by lease", () => {
  it.live("has one holder; the other stands by, and takes over at once when it is released", () =>
    withStore((store) =>
      Effect.gen(function* () {
        const one = yield* holder("one", store)
        yield* (yield* Fiber.join(one.lease)).guard
        const two = yield* holder("two", store)
        assert.strictEqual(yield* two.standing, "one")
        yield* Effect.sleep(milliseconds * 3) // renewed all the time
        assert.deepStrictEqual(yield* takers(store), ["one"])
        const began = performance.now()
        yield* one.stop
        yield* (yield* Fiber.join(two.lease)).guard
        assert.isBelow(performance.now() - began, milliseconds)
        assert.deepStrictEqual(yield* takers(store), ["one", "two"])
        yield* two.stop
      })
    )
  )

  it.live("passes on from a holder that is cut off, whose appends wait, and fail when it comes back", () =>
    withStore((store) =>
      Effect.gen(function* () {
        const { network, one, lease, two } = yield* heldAndWaitedFor(store)
        network.state.away = true
        yield* Effect.sleep(milliseconds)
        // In doubt: nothing is appended, whatever the store would say.
        const append = yield* fenced(store, lease)
          .append("names", [event()], "any")
          .pipe(Effect.exit, Effect.forkChild({ startImmediately: true }))
        yield* (yield* Fiber.join(two.lease)).guard
        assert.deepStrictEqual(yield* store.readStream("names"), [])
        network.state.away = false
        const lost = yield* Effect.flip(lease.lost)
        assert.include(lost.message, "to two")
        assert.isTrue(Exit.isFailure(yield* Fiber.join(append)))
        assert.deepStrictEqual(yield* store.readStream("names"), [])
        yield* Effect.all([one.stop, two.stop])
        assert.deepStrictEqual(yield* takers(store), ["one", "two"])
      })
    )
  )

  it.live("passes on in time, and is in doubt in time, when the clock is set back", () =>
    withStore((store) =>
      Effect.gen(function* () {
        const { state: set, clock } = adjustable(yield* Clock.Clock)
        yield* Effect.gen(function* () {
          const { network, one, lease, two } = yield* heldAndWaitedFor(store)
          network.state.away = true
          set.ahead = -3_600_000
          yield* Effect.sleep(milliseconds * 0.6)
          assert.isTrue((yield* Effect.timeoutOption(lease.guard, 30))._tag === "None")
          yield* Fiber.join(two.lease)
          network.state.away = false
          yield* Effect.all([one.stop, two.stop])
        }).pipe(Effect.provideService(Clock.Clock, clock))
      })
    )
  )

  it.live("stays with a holder whose store was away for everybody", () =>
    withStore((store) =>
      Effect.gen(function* () {
        const network = unreliable(store)
        const one = yield* holder("one", network.store)
        const lease = yield* Fiber.join(one.lease)
        network.state.away = true
        yield* Effect.sleep(milliseconds * 2)
        const append = yield* fenced(network.store, lease)
          .append("names", [event()], "any")
          .pipe(Effect.forkChild({ startImmediately: true }))
        network.state.away = false
        yield* Fiber.join(append)
        assert.deepStrictEqual(yield* takers(store), ["one"])
        yield* one.stop
      })
    )
  )

  it.live("nobody appends after the next holder has, whoever is cut off when and for how long", () =>
    withStore((store) =>
      Effect.gen(function* () {
        const networks = Array.from({ length: 3 }, () => unreliable(store))
        // Whoever loses it, the law holds.
        const milliseconds = 300
        let appends = 0
        /** Takes the role, appends as long as it holds it, each append with the number of its term, and begins again. */
        const process = (network: ReturnType<typeof unreliable>, node: string): Effect.Effect<never> =>
          Effect.scoped(
            Effect.gen(function* () {
              const lease = yield* takeLease({ role: "api", node, milliseconds }).pipe(
                Effect.provideService(EventStore, network.store)
              )
              const term = (yield* Effect.orDie(store.readStream("lease-api"))).filter((each) =>
                LeaseTaken.is(each)
              ).length
              const held = fenced(network.store, lease)
              const work = Effect.suspend(() => {
                const told = { address: node, name: String(term), outcome: "answered" } as const
                return held.append("names", [NameResolved.propose(randomUUID(), told)], "any")
              }).pipe(
                Effect.tap(() => Effect.sync(() => (appends += 1))),
                Effect.andThen(Effect.sleep("2 millis")),
                Effect.retry({ while: (error) => !("code" in error) || error.code !== "TST-LEASE-LOST" }),
                Effect.forever,
                Effect.ignore
              )
              return yield* Effect.raceFirst(work, Effect.ignore(lease.lost))
            })
          ).pipe(Effect.andThen(Effect.suspend(() => process(network, node))))
        /** Whoever holds the role is cut off, for a moment or for longer than the lease. */
        const outages = Effect.forever(
          Effect.gen(function* () {
            const [last] = yield* Effect.orDie(store.readStream("lease-api", { direction: "backwards", limit: 1 }))
            const isHeld = last !== undefined && (LeaseTaken.is(last) || LeaseRenewed.is(last))
            const network = networks[isHeld ? Number(last.data.node) : 0]!
            network.state.away = true
            yield* Effect.sleep((0.2 + 1.8 * Math.random()) * milliseconds)
            network.state.away = false
            yield* Effect.sleep(Math.random() * milliseconds)
          })
        )
        yield* Effect.all([...networks.map((network, n) => process(network, String(n))), outages], {
          concurrency: "unbounded"
        }).pipe(Effect.timeoutOption(milliseconds * 25))
        const terms = (yield* store.readStream("names", { limit: 100_000 })).map((each) =>
          NameResolved.is(each) ? Number(each.data.name) : -1
        )
        assert.isAbove(appends, 100)
        assert.isAbove(new Set(terms).size, 2)
        assert.deepStrictEqual(
          terms,
          terms.toSorted((a, b) => a - b)
        )
      })
    )
  )

  it.effect("cuts its stream, so that renewals do not fill the store", () =>
    withStore((store) =>
      Effect.gen(function* () {
        const one = yield* holder("one", store)
        yield* Fiber.join(one.lease)
        for (let renewals = 0; renewals < 2_600; renewals += 1) yield* TestClock.adjust(milliseconds / 4)
        const kept = yield* store.readStream("lease-api", { limit: 10_000 })
        assert.isAbove(kept.at(-1)!.revision, 2_500)
        assert.isBelow(kept.length, 2_001)
        yield* one.stop
      })
    )
  )

  it.live("is respected when a newer version holds it, and taken when that has gone", () =>
    withStore((store) =>
      Effect.gen(function* () {
        yield* newer(store, "lease-api", LeaseRenewed)
        const one = yield* holder("one", store)
        assert.strictEqual(yield* one.standing, "a node of a newer version")
        for (let renewals = 0; renewals < 5; renewals++) {
          yield* newer(store, "lease-api", LeaseRenewed)
          yield* Effect.sleep(milliseconds / 2)
        }
        assert.deepStrictEqual(yield* takers(store), [])
        yield* (yield* Fiber.join(one.lease)).guard
        yield* Effect.sleep(milliseconds)
        assert.deepStrictEqual(yield* takers(store), ["one"])
        yield* one.stop
      })
    )
  )

  it.live("goes to one of many who try at the same moment", () =>
    withStore((store) =>
      Effect.gen(function* () {
        const all = yield* Effect.forEach(["a", "b", "c", "d"], (node) => holder(node, store), {
          concurrency: "unbounded"
        })
        yield* Effect.sleep(milliseconds)
        assert.lengthOf(yield* takers(store), 1)
        yield* Effect.forEach(all, ({ lease }) => Fiber.interrupt(lease))
        yield* Effect.forEach(all, ({ stop }) => stop)
      })
    )
  )
})
