/**
 * Runs the projections: one catch-up subscription feeds them all, snapshot files spare a start the whole log.
 *
 * A state is visible as soon as its events are folded; snapshots lag behind and never matter for what is true.
 */
import { mkdir } from "node:fs/promises"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Schedule from "effect/Schedule"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { EventStore, type StoreUnavailable, type Subscribed } from "../event-store/event-store.ts"
import type { Place } from "./place.ts"
import { type Change, type Places, Projections, ProjectionParked, places, statesOf } from "./projections.ts"
import { readSnapshot, type Snapshot, writeSnapshot } from "./snapshot.ts"

export interface RunnerOptions {
  /** Folder of the snapshot files, made when missing. Without one every start folds the whole log. */
  readonly directory?: string
  /** False for a reader beside a running node, which uses the snapshots but leaves them alone. Default true. */
  readonly save?: boolean
  /** A snapshot is due after so many folded events, at the next look. Default 10,000. */
  readonly snapshotEvents?: number
  /** A snapshot of what changed at all is due after so many seconds. Default 30. */
  readonly snapshotSeconds?: number
}

type Store = (typeof EventStore)["Service"]

const pageSize = 1_000

const listOf = (all: Places): ReadonlyArray<Place> => Object.values(all)

const typesOf = (all: Places): ReadonlyArray<string> => [...new Set(listOf(all).flatMap(({ types }) => [...types]))]

/**
 * The states as of the events recorded up to a time, folded from the beginning of the log. An event that a projection
 * cannot fold ends that projection's fold there, as in the runner.
 */
const statesAt = Effect.fnUntraced(function* (store: Store, time: number) {
  const all = places()
  const list = listOf(all)
  const filter = { types: typesOf(all) }
  let after = -1
  while (true) {
    const page: ReadonlyArray<TestudoEvent> = yield* store.readAll({ after, limit: pageSize, filter })
    for (const event of page) if (event.recordedAt <= time) for (const each of list) each.fold(event)
    const last = page.at(-1)
    if (last === undefined) return statesOf(all)
    after = last.position
    yield* Effect.yieldNow
  }
})

/** Whether a snapshot stands in this log: the event at its position is the one that it names. */
export const standsIn = (store: Store, { position, event }: Snapshot): Effect.Effect<boolean, StoreUnavailable> =>
  position < 0 ? Effect.succeed(true) : Effect.map(store.eventAt(position), (found) => found?.id === event)

const restore = Effect.fnUntraced(function* (store: Store, directory: string, target: Place) {
  const found = yield* Effect.promise(() => readSnapshot(directory, target.projection, target.version))
  if (found._tag === "None") return
  const refuse = (reason: string) =>
    Effect.logWarning(
      `The snapshot of projection ${target.projection} is not used: ${reason}. Folding the log anew. (TST-PROJECTION-SNAPSHOT)`
    )
  if (found._tag === "Unusable") return yield* refuse(found.reason)
  if (!(yield* standsIn(store, found.snapshot))) return yield* refuse("it belongs to another log")
  const restored = yield* Effect.try({ try: () => target.restore(found.snapshot), catch: () => "it is damaged" }).pipe(
    Effect.result
  )
  if (restored._tag === "Failure") yield* refuse(restored.failure)
})

const changeOf = (events: ReadonlyArray<TestudoEvent>): Change | undefined => {
  const decisions: Array<number> = []
  let allowlists = false
  for (const event of events) {
    if (event.type === "DecisionMade" || event.type === "DecisionRetracted") decisions.push(event.data.number)
    if (event.type === "AllowlistReplaced") allowlists = true
  }
  const last = events.at(-1)
  return last === undefined || (decisions.length === 0 && !allowlists)
    ? undefined
    : { position: last.position, decisions, allowlists }
}

const make = Effect.fnUntraced(function* (options: RunnerOptions) {
  const { directory, save = true, snapshotEvents = 10_000, snapshotSeconds = 30 } = options
  const store = yield* EventStore
  const all = places()
  const list = listOf(all)
  const types = typesOf(all)
  const ready = yield* Deferred.make<void>()
  const changes = yield* PubSub.sliding<Change>(256)
  const looking = yield* Semaphore.make(1)
  const waiting = new Set<() => void>()
  let position = -1

  if (directory !== undefined) {
    if (save) yield* Effect.promise(() => mkdir(directory, { recursive: true, mode: 0o700 }))
    for (const each of list) yield* restore(store, directory, each)
  }
  position = Math.min(...list.map((each) => each.position()))

  const saving = yield* Semaphore.make(1)
  /** Not before this time (milliseconds since 1970): taking snapshots may cost a hundredth of the time. */
  let notBefore = 0
  const saveOne = Effect.fnUntraced(function* (target: Place) {
    if (directory === undefined || !save) return
    const snapshot = target.snapshot()
    yield* Effect.tryPromise(() => writeSnapshot(directory, snapshot)).pipe(
      Effect.tap(() => Effect.sync(() => target.saved(snapshot))),
      Effect.catch(({ cause }) =>
        Effect.logWarning(
          `The snapshot of projection ${target.projection} could not be written to ${directory}: ` +
            `${cause instanceof Error ? cause.message : String(cause)}. The next start takes longer. (TST-PROJECTION-SNAPSHOT)`
        )
      )
    )
  })
  /** One at a time and never half: two writers of one file would spoil it. */
  const saveThose = Effect.fnUntraced(
    function* (due: (each: Place) => boolean) {
      const began = yield* Clock.currentTimeMillis
      yield* Effect.forEach(list.filter(due), saveOne, { discard: true })
      const ended = yield* Clock.currentTimeMillis
      notBefore = ended + 100 * (ended - began)
    },
    saving.withPermits(1),
    Effect.uninterruptible
  )
  const saveDue = Effect.fnUntraced(function* (events: number) {
    if (!list.some((each) => each.unsaved() >= events)) return
    if ((yield* Clock.currentTimeMillis) >= notBefore) yield* saveThose((each) => each.unsaved() >= events)
  })

  /** Folds a page; whether the history ends with it. */
  const take = (page: ReadonlyArray<Subscribed>): { readonly change: Change | undefined; readonly live: boolean } => {
    const events: Array<TestudoEvent> = []
    let live = false
    for (const item of page) {
      if (item._tag === "CaughtUp") {
        live = true
        position = Math.max(position, item.position)
        continue
      }
      for (const each of list) each.fold(item.event)
      position = Math.max(position, item.event.position)
      events.push(item.event)
    }
    return { change: changeOf(events), live }
  }

  const parkedBefore = new Set<string>()
  const complain = Effect.suspend(() => {
    const fresh = list.flatMap((each) => each.parked() ?? []).filter(({ projection }) => !parkedBefore.has(projection))
    for (const { projection } of fresh) parkedBefore.add(projection)
    return Effect.forEach(fresh, ({ message, code }) => Effect.logError(`${message} (${code})`), { discard: true })
  })

  const run = Stream.suspend(() =>
    store.subscribe(position < 0 ? { filter: { types } } : { after: position, filter: { types } })
  ).pipe(
    Stream.runForEachArray((page) =>
      Effect.gen(function* () {
        const { change, live } = take(page)
        yield* complain
        if (change !== undefined) yield* PubSub.publish(changes, change)
        // Whoever is woken may wait again at once, so the set is emptied first.
        const woken = [...waiting]
        waiting.clear()
        for (const wake of woken) wake()
        if (live) yield* Deferred.succeed(ready, undefined)
        yield* saveDue(snapshotEvents)
      })
    ),
    Effect.tapError(({ message, code }) =>
      Effect.logWarning(`The projections lost the event log and try again: ${message} (${code})`)
    ),
    Effect.retry(Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("5 seconds")]))
  )

  yield* Effect.addFinalizer(() => saveThose((each) => each.unsaved() > 0))
  yield* Effect.forkScoped(run)
  yield* saveDue(1).pipe(Effect.delay(snapshotSeconds * 1_000), Effect.forever, Effect.forkScoped)

  /** Waits until the position is beyond `before`. */
  const moved = (before: number) =>
    Effect.callback<void>((resume) => {
      const wake = () => resume(Effect.void)
      if (position > before) return wake()
      waiting.add(wake)
      return Effect.sync(() => void waiting.delete(wake))
    })

  /** The subscription passes over events of no interest, so a position may never come: then there is nothing to wait for. */
  const settle = Effect.fnUntraced(function* (target: number) {
    while (position < target) {
      const before = position
      const [first] = yield* store.readAll({ after: before, limit: 1, filter: { types } })
      if (first === undefined || first.position > target) return
      yield* moved(before)
    }
  })

  return Projections.of({
    states: () => statesOf(all),
    position: () => position,
    parked: () => list.flatMap((each) => each.parked() ?? []),
    ready: Deferred.await(ready),
    settled: Effect.fnUntraced(function* (target: number) {
      yield* settle(target)
      const parked = list.flatMap((each) => each.parked() ?? []).find((each) => each.position <= target)
      if (parked !== undefined) return yield* new ProjectionParked(parked)
    }),
    at: (time) => looking.withPermits(1)(statesAt(store, time)),
    changes: Stream.fromPubSub(changes)
  })
})

/** The projections over the event log of this process. Starts folding at once; see `ready`. */
export const projectionsLayer = (options: RunnerOptions = {}): Layer.Layer<Projections, StoreUnavailable, EventStore> =>
  Layer.effect(Projections, make(options))
