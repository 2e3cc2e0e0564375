/**
 * Runs the projections: one catch-up subscription feeds them all, snapshot files spare a start the whole log. One that has
 * to be rebuilt while the others have their snapshots catches up on a subscription of its own, and joins them then.
 *
 * A state is visible as soon as its events are folded; snapshots lag behind and never matter for what is true.
 */
import { mkdir } from "node:fs/promises"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as PubSub from "effect/PubSub"
import * as Schedule from "effect/Schedule"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { EventStore, type StoreUnavailable } from "../event-store/event-store.ts"
import { Feed } from "./feed.ts"
import type { Place } from "./place.ts"
import { type Change, type Places, Projections, ProjectionParked, places, statesOf } from "./projections.ts"
import { restore } from "./restore.ts"
import { retainSnapshot, writeSnapshot } from "./snapshot.ts"
import { stateLines } from "./state-lines.ts"

export interface RunnerOptions {
  /** Folder of the snapshot files, made when missing. Without one every start folds the whole log. */
  readonly directory?: string
  /** False for a reader beside a running node, which uses the snapshots but leaves them alone. Default true. */
  readonly save?: boolean
  /** A snapshot is due after so many folded events, at the next look. Default 10,000. */
  readonly snapshotEvents?: number
  /** A snapshot of what changed at all is due after so many seconds. Default 30. */
  readonly snapshotSeconds?: number
  /** The projections to run, at the beginning of the log. Default: all, as this version has them. */
  readonly places?: Places
}

type Store = (typeof EventStore)["Service"]
type Name = keyof Places

const pageSize = 1_000
const measureEvery = "5 seconds"

const metrics = {
  position: Metric.gauge("testudo_projection_position", {
    description: "Position of the log up to which the projection is folded"
  }),
  lag: Metric.gauge("testudo_projection_lag_seconds", {
    description: "How old what the projection does not show yet may be, in seconds"
  }),
  parked: Metric.gauge("testudo_projection_parked", {
    description: "1 when the projection stands still before an event that it cannot fold"
  })
}

const listOf = (all: Places): ReadonlyArray<Place> => Object.values(all)

const typesOf = (all: Places): ReadonlyArray<string> => [...new Set(listOf(all).flatMap(({ types }) => [...types]))]

/** Folds the log after what the places know, until `visit` says that it is enough. */
const foldUntil = Effect.fnUntraced(function* (
  store: Store,
  after: number,
  types: ReadonlyArray<string>,
  visit: (event: TestudoEvent) => boolean
) {
  let last = after
  for (;;) {
    const page: ReadonlyArray<TestudoEvent> = yield* store.readAll({ after: last, limit: pageSize, filter: { types } })
    for (const event of page) if (visit(event)) return
    if (page.length === 0) return
    last = page.at(-1)!.position
    yield* Effect.yieldNow
  }
})

/**
 * The states as of the events recorded up to a time, folded from the beginning of the log. An event that a projection
 * cannot fold ends that projection's fold there, as in the runner.
 */
const statesAt = Effect.fnUntraced(function* (store: Store, time: number) {
  const all = places()
  const list = listOf(all)
  yield* foldUntil(store, -1, typesOf(all), (event) => {
    if (event.recordedAt <= time) for (const each of list) each.fold(event)
    return false
  })
  return statesOf(all)
})

const make = Effect.fnUntraced(function* (options: RunnerOptions) {
  const { directory, save = true, snapshotEvents = 10_000, snapshotSeconds = 30 } = options
  const store = yield* EventStore
  const all = options.places ?? places()
  const list = listOf(all)
  const types = typesOf(all)
  const folded = new Map(
    yield* Effect.forEach(list, (each) => Effect.map(Deferred.make<void>(), (done) => [each, done] as const))
  )
  const changes = yield* PubSub.sliding<Change>(256)
  const broken = yield* Deferred.make<never>()
  const looking = yield* Semaphore.make(1)

  const rebuilt: Array<Place> = []
  if (directory !== undefined) {
    if (save) yield* Effect.promise(() => mkdir(directory, { recursive: true, mode: 0o700 }))
    for (const each of list) if (!(yield* restore(store, directory, each))) rebuilt.push(each)
  }
  // When none has a snapshot they all begin together.
  const apart = rebuilt.length < list.length ? rebuilt : []
  const main = new Feed(list.filter((each) => !apart.includes(each)))
  const feeds = apart.length === 0 ? [main] : [main, new Feed(apart)]
  const feedOf = (place: Place): Feed => feeds.find((feed) => feed.places.includes(place))!

  const saving = yield* Semaphore.make(1)
  /** Not before this moment of a clock that nobody sets: taking snapshots may cost a hundredth of the time. */
  let notBefore = 0n
  const saveOne = Effect.fnUntraced(function* (target: Place) {
    if (directory === undefined || !save) return
    const snapshot = target.snapshot()
    const { state, ...header } = snapshot
    // A copy, of which the fold changes nothing. Its text may be longer than any text can be, and bouncers wait meanwhile.
    yield* Effect.tryPromise(() =>
      writeSnapshot(directory, header, stateLines(state)).then(() => retainSnapshot(directory, snapshot))
    ).pipe(
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
      const began = yield* Clock.monotonicTimeNanos
      yield* Effect.forEach(list.filter(due), saveOne, { discard: true })
      const ended = yield* Clock.monotonicTimeNanos
      notBefore = ended + 100n * (ended - began)
    },
    saving.withPermits(1),
    Effect.uninterruptible
  )
  const saveDue = Effect.fnUntraced(function* (events: number) {
    if (!list.some((each) => each.unsaved() >= events)) return
    if ((yield* Clock.monotonicTimeNanos) >= notBefore) yield* saveThose((each) => each.unsaved() >= events)
  })

  /** Folds again up to the event that a projection failed at, so that it shows no half of it. */
  const heal = Effect.fnUntraced(function* (target: Place, before: number) {
    const again = target.again()
    if (again === undefined) return
    if (directory !== undefined) yield* restore(store, directory, again)
    yield* foldUntil(store, again.position(), [...again.types], (event) => {
      if (event.position < before) again.fold(event)
      return event.position >= before
    })
    target.heal()
  })

  const known = new Set<Place>()
  const withoutSome = new Set<Place>()
  /** Says which projections left something out, and which came to stand still, and mends what these show. */
  const complain = Effect.gen(function* () {
    for (const each of list) {
      const leftOut = each.leftOut()
      if (leftOut === undefined || withoutSome.has(each)) continue
      withoutSome.add(each)
      yield* Effect.logError(`${leftOut.message} (${leftOut.code})`)
    }
    const fresh = list.filter((each) => each.parked() !== undefined && !known.has(each))
    for (const each of fresh) known.add(each)
    yield* Effect.forEach(
      fresh,
      (each) =>
        Effect.gen(function* () {
          const { message, code, position } = each.parked()!
          yield* Effect.logError(`${message} (${code})`)
          yield* Effect.forkIn(Effect.ignore(heal(each, position)), scope)
        }),
      { discard: true }
    )
  })

  const run = (feed: Feed, joined: Deferred.Deferred<void>) =>
    Stream.suspend(() =>
      store.subscribe(feed.position < 0 ? { filter: { types } } : { after: feed.position, filter: { types } })
    ).pipe(
      Stream.runForEachArray((page) =>
        Effect.gen(function* () {
          const change = feed.take(page, yield* Clock.currentTimeMillis)
          yield* complain
          if (change !== undefined && feed.places.includes(all.activeBans)) yield* PubSub.publish(changes, change)
          feed.wake()
          if (feed.live) for (const each of feed.places) yield* Deferred.succeed(folded.get(each)!, undefined)
          if (feed !== main && main.joins(feed)) return yield* Deferred.succeed(joined, undefined)
          yield* saveDue(snapshotEvents)
        })
      ),
      Effect.tapError(({ message, code }) => {
        feed.lost()
        return Effect.logWarning(`The projections lost the event log and try again: ${message} (${code})`)
      }),
      Effect.retry(Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("5 seconds")])),
      Effect.raceFirst(Deferred.await(joined)),
      Effect.tapDefect((defect) => Deferred.die(broken, defect))
    )

  const progress = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const seen = list.map((each) => ({
      projection: each.projection,
      version: each.version,
      position: each.parked() === undefined ? Math.max(each.position(), feedOf(each).position) : each.position(),
      lagSeconds: feedOf(each).lag(each, now) / 1_000,
      parked: each.parked()
    }))
    for (const { projection, position, lagSeconds, parked } of seen) {
      const of = { projection }
      yield* Metric.update(Metric.withAttributes(metrics.position, of), position)
      yield* Metric.update(Metric.withAttributes(metrics.lag, of), lagSeconds)
      yield* Metric.update(Metric.withAttributes(metrics.parked, of), parked === undefined ? 0 : 1)
    }
    return seen
  })

  const scope = yield* Effect.scope
  yield* Effect.addFinalizer(() => saveThose((each) => each.unsaved() > 0))
  for (const feed of feeds) yield* Effect.forkScoped(run(feed, yield* Deferred.make<void>()))
  yield* saveDue(1).pipe(Effect.delay(snapshotSeconds * 1_000), Effect.forever, Effect.forkScoped)
  yield* progress.pipe(Effect.delay(measureEvery), Effect.forever, Effect.forkScoped)

  const placesOf = (names: ReadonlyArray<Name>): ReadonlyArray<Place> =>
    names.length === 0 ? list : names.map((name) => all[name])

  /** Waits until the feed's position is beyond `before`. */
  const moved = (feed: Feed, before: number) =>
    Effect.callback<void>((resume) => {
      if (feed.position > before) return resume(Effect.void)
      const takeBack = feed.onMove(() => resume(Effect.void))
      return Effect.sync(takeBack)
    })

  /** The subscription passes over events of no interest, so a position may never come: then there is nothing to wait for. */
  const settle = Effect.fnUntraced(function* (place: Place, target: number) {
    for (let feed = feedOf(place); feed.position < target; feed = feedOf(place)) {
      const before = feed.position
      const [first] = yield* store.readAll({ after: before, limit: 1, filter: { types } })
      if (first === undefined || first.position > target) return
      yield* moved(feed, before)
    }
  })

  return Projections.of({
    states: () => statesOf(all),
    position: (name) => feedOf(all[name]).position,
    parked: () => list.flatMap((each) => each.parked() ?? []),
    progress,
    ready: (...names) =>
      Effect.forEach(placesOf(names), (each) => Deferred.await(folded.get(each)!), { discard: true }),
    settled: Effect.fnUntraced(function* (target: number, ...names: ReadonlyArray<Name>) {
      const those = placesOf(names)
      for (const each of those) yield* settle(each, target)
      const parked = those.flatMap((each) => each.parked() ?? []).find((each) => each.position <= target)
      if (parked !== undefined) return yield* new ProjectionParked(parked)
    }),
    at: (time) => looking.withPermits(1)(statesAt(store, time)),
    changes: Stream.fromPubSub(changes),
    broken: Deferred.await(broken)
  })
})

/** The projections over the event log of this process. Starts folding at once; see `ready`. */
export const projectionsLayer = (options: RunnerOptions = {}): Layer.Layer<Projections, StoreUnavailable, EventStore> =>
  Layer.effect(Projections, make(options))
