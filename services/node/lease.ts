/**
 * A role that one process has at a time, by lease in the log.
 *
 * The holder appends `LeaseRenewed` four times in the lease's time; whoever stands by takes it over when nothing has come
 * on the stream for nine tenths of it, so that it has begun to work when the time is over. Each event stands at an exact
 * revision, so that of several who try one succeeds, and a holder that was overtaken learns it with its next renewal. How
 * long nothing has come everybody measures with a clock of his own: clocks need not agree.
 *
 * The holder counts from before it asked for the renewal, and begins no append after half of the time, nor waits for one
 * for longer than a quarter: what was on its way has arrived before anybody takes over. While the store is away the lease
 * is in doubt: appends wait, and go on when the renewal succeeds, because then nobody has taken it.
 *
 * No clock can tell a process that it was stopped between looking at the clock and sending. What comes late all the same
 * stands at an exact revision with an id that follows from what it says, so that the new holder finds it, or is found.
 */
import { randomUUID } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { derivedId } from "../../domain/events/derived-id.ts"
import { type Lease, LeaseReleased, LeaseRenewed, LeaseTaken } from "../../domain/events/lease.ts"
import { leaseStream } from "../../domain/events/stream-name.ts"
import { endOf, expectedBehind } from "../event-store/at-end.ts"
import { EventStore, StoreUnavailable } from "../event-store/event-store.ts"

type Store = (typeof EventStore)["Service"]

export interface LeaseOptions {
  /** `api`, or `agent-` and the name of a node. */
  readonly role: string
  /** Name of this node, for people. */
  readonly node: string
  /** How long a holder that has gone keeps others waiting: 100 to 3,600,000. */
  readonly milliseconds: number
  /** Somebody else holds it: this process stands by. Runs once for each holder. */
  readonly onStandby?: (holder: Lease) => Effect.Effect<void>
}

/** Another process holds the role now. */
export class LeaseLost extends Data.TaggedError("LeaseLost")<{
  /** `TST-LEASE-LOST` */
  readonly code: string
  readonly message: string
}> {}

export interface HeldLease {
  /** Passes while the lease is surely held, waits while that is in doubt, fails with `TST-LEASE-LOST` when it is lost. */
  readonly guard: Effect.Effect<void, StoreUnavailable>
  readonly milliseconds: number
  /** Fails when it is lost. */
  readonly lost: Effect.Effect<never, LeaseLost>
}

/**
 * Shares of the lease's time: how long the holder is sure after a renewal, how long it waits for an append that it began
 * when it was sure, how often it renews, and after how long others take over. What is between the sum of the first two
 * and the last is for clocks that do not go equally fast, and for what is on its way.
 */
const share = { sure: 1 / 2, append: 1 / 4, renewal: 1 / 4, taken: 9 / 10 }
/** How long the last words of a holder may take. */
const releaseTime = "2 seconds"
/** The stream is cut after so many renewals, and so many events of it stay. */
const cutEvery = 1_000

/** Who holds it by the last event of the stream. */
const heldBy = (last: TestudoEvent | undefined): Lease | undefined =>
  last !== undefined && (LeaseTaken.is(last) || LeaseRenewed.is(last)) ? last.data : undefined

/** A moment on two clocks: one that never goes back, and the wall's, which goes on while the machine is suspended. */
interface Moment {
  readonly nanos: bigint
  readonly wall: number
}

const momentOf = (clock: Clock.Clock): Moment => ({
  nanos: clock.monotonicTimeNanosUnsafe(),
  wall: clock.currentTimeMillisUnsafe()
})

const isPast = (clock: Clock.Clock, from: Moment, milliseconds: number): boolean => {
  const now = momentOf(clock)
  return now.nanos - from.nanos >= BigInt(Math.round(milliseconds * 1e6)) || now.wall - from.wall >= milliseconds
}

/** Waits until the role is free, and holds it while the scope is open. A store that is away is waited for. */
export const takeLease = (options: LeaseOptions): Effect.Effect<HeldLease, never, EventStore | Scope.Scope> =>
  Effect.gen(function* () {
    const store = yield* EventStore
    const clock = yield* Clock.Clock
    const { role, node, milliseconds } = options
    const stream = leaseStream(role)
    const lease: Lease = { role, node, holder: randomUUID(), milliseconds }
    const taken = yield* take(store, clock, stream, lease, options.onStandby)

    let { revision, since } = taken
    let lostBecause: LeaseLost | undefined
    const lost = yield* Deferred.make<never, LeaseLost>()
    const isSure = () => !isPast(clock, since, milliseconds * share.sure)

    const loseTo = (other: Lease | undefined) => {
      lostBecause = new LeaseLost({
        code: "TST-LEASE-LOST",
        message:
          `This process (${node}) has lost the role ${role}` +
          `${other === undefined ? "" : ` to ${other.node}`}: its lease was not renewed in time. It stands by from now on.`
      })
      return Deferred.fail(lost, lostBecause)
    }

    /** Renews once; false when the store did not take it for now. A repetition says the same at the same place. */
    const renew = Effect.gen(function* () {
      const began = momentOf(clock)
      const event = LeaseRenewed.propose(derivedId("lease", lease.holder, revision + 1), lease)
      const settle = () => {
        revision += 1
        since = began
      }
      for (;;) {
        const outcome = yield* store.append(stream, [event], revision).pipe(
          Effect.timeout(milliseconds * share.append),
          Effect.as("renewed" as const),
          Effect.catchTag("WrongExpectedRevision", () => Effect.succeed("overtaken" as const)),
          Effect.catch(() => Effect.succeed("unknown" as const))
        )
        if (outcome === "renewed") return settle()
        if (outcome === "overtaken") {
          const end = yield* Effect.option(endOf(store, stream))
          if (end._tag === "Some") {
            if (end.value.last?.id === event.id) return settle()
            return yield* loseTo(heldBy(end.value.last))
          }
        }
        yield* Effect.sleep(milliseconds / 10)
      }
    })
    const cut = Effect.suspend(() =>
      revision % cutEvery === 0 ? Effect.ignore(store.truncate(stream, revision - cutEvery)) : Effect.void
    )

    const release = Effect.gen(function* () {
      const { last } = yield* endOf(store, stream)
      if (last === undefined || heldBy(last)?.holder !== lease.holder) return
      const event = LeaseReleased.propose(derivedId("lease", lease.holder, "released"), lease)
      yield* store.append(stream, [event], last.revision)
    })
    // Added before the renewals begin, so it runs after they have ended.
    yield* Effect.addFinalizer(() => Effect.ignore(Effect.timeout(Effect.interruptible(release), releaseTime)))
    yield* Effect.sleep(milliseconds * share.renewal).pipe(
      Effect.andThen(renew),
      Effect.andThen(cut),
      Effect.repeat({ while: () => lostBecause === undefined }),
      Effect.forkScoped
    )

    const guard: Effect.Effect<void, StoreUnavailable> = Effect.suspend(() => {
      if (lostBecause !== undefined) {
        const { code, message } = lostBecause
        return Effect.fail(new StoreUnavailable({ code, message }))
      }
      if (isSure()) return Effect.void
      // A stop need not wait for a store that is away, whatever it may not interrupt.
      return Effect.andThen(Effect.interruptible(Effect.sleep(Math.min(50, milliseconds / 20))), guard)
    })
    return { guard, milliseconds, lost: Deferred.await(lost) }
  })

const take = Effect.fnUntraced(function* (
  store: Store,
  clock: Clock.Clock,
  stream: string,
  lease: Lease,
  onStandby: LeaseOptions["onStandby"]
) {
  /** Revision of the last event that was seen, and since when nothing came after it. */
  let seen: { readonly revision: number; readonly since: Moment } | undefined
  /** Revision of the last event, as the store told when another was expected. */
  let known = -1
  let told = ""
  let complained = false
  for (;;) {
    const read = yield* Effect.result(endOf(store, stream, known))
    if (read._tag === "Failure") {
      if (!complained) {
        const { message, code } = read.failure
        yield* Effect.logWarning(`${message} Waiting for it to take the role ${lease.role}. (${code})`)
      }
      complained = true
    } else {
      complained = false
      const { last, revision } = read.success
      // What a newer version wrote is not shown here: somebody may hold the role by it, for as long as a lease lasts.
      const isShown = revision === (last?.revision ?? -1)
      const holder = isShown
        ? heldBy(last)
        : { ...(heldBy(last) ?? lease), holder: "newer", node: "a node of a newer version" }
      if (revision >= 0 && seen?.revision !== revision) seen = { revision, since: momentOf(clock) }
      if (holder !== undefined && holder.holder !== lease.holder && told !== holder.holder) {
        told = holder.holder
        if (onStandby !== undefined) yield* onStandby(holder)
      }
      if (holder === undefined || isPast(clock, seen!.since, holder.milliseconds * share.taken)) {
        const since = momentOf(clock)
        const event = LeaseTaken.propose(derivedId("lease", lease.holder, revision + 1), lease)
        const appended = yield* store.append(stream, [event], expectedBehind({ revision })).pipe(
          Effect.tapError((error) =>
            Effect.sync(() => {
              if (error._tag === "WrongExpectedRevision") known = error.actual
            })
          ),
          Effect.timeout(lease.milliseconds),
          Effect.option
        )
        // When the answer was lost, what stands there tells.
        const isTaken =
          appended._tag === "Some" ||
          (yield* endOf(store, stream).pipe(
            Effect.map(({ last }) => last?.id === event.id),
            Effect.orElseSucceed(() => false)
          ))
        if (isTaken) return { revision: revision + 1, since }
      }
    }
    yield* Effect.sleep(Math.min(Math.max(lease.milliseconds / 20, 20), 1_000))
  }
})

/**
 * The store for whoever holds a role: it takes nothing from one that may have been overtaken. A call that is not answered
 * is given up before the lease can be over, so that no repetition of it comes late.
 */
export const fenced = (store: Store, { guard, milliseconds }: HeldLease): Store => {
  const inTime = <A, E>(call: Effect.Effect<A, E>): Effect.Effect<A, E | StoreUnavailable> =>
    Effect.andThen(
      guard,
      Effect.timeoutOrElse(Effect.interruptible(call), {
        duration: milliseconds * share.append,
        orElse: () =>
          Effect.fail(
            new StoreUnavailable({
              code: "TST-LEASE-DOUBT",
              message: "The event store does not answer within a quarter of the lease's time."
            })
          )
      })
    )
  return EventStore.of({
    append: (stream, events, expected) => inTime(store.append(stream, events, expected)),
    appendGroup: (group) => inTime(store.appendGroup(group)),
    readStream: (stream, read) => store.readStream(stream, read),
    readAll: (read) => store.readAll(read),
    subscribe: (from) => store.subscribe(from),
    eventAt: (position) => store.eventAt(position),
    readLast: (limit, options) => store.readLast(limit, options),
    readStored: (after, limit) => store.readStored(after, limit),
    storedAt: (position) => store.storedAt(position),
    head: store.head,
    truncate: (stream, before) => inTime(store.truncate(stream, before)),
    deleteStream: (stream, options) => inTime(store.deleteStream(stream, options))
  })
}
