/**
 * An installation of Testudo that lives through what may befall one: nodes that stop and start, a store in trouble, damaged
 * snapshots, clocks that are set, and people (allowlists, rules, decisions of their own, retention, erasure, a move to another
 * store).
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync } from "node:fs"
import { join } from "node:path"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as TestClock from "effect/testing/TestClock"
import { adjustable } from "../fixtures/adjustable-clock.ts"
import { memoryFolder } from "../fixtures/memory-folder.ts"
import { StandIn } from "../fixtures/eventstoredb/stand-in.ts"
import { ruleFile } from "../domain/detection/recorded.fixture.ts"
import type { TestudoEvent } from "../domain/events/catalogue.ts"
import type { Decision } from "../domain/events/decision.ts"
import { LogBatchAppended } from "../domain/events/log-batch.ts"
import { sourceOf } from "../domain/events/stream-name.ts"
import { activeAt } from "../projections/active-bans.ts"
import { Administration } from "../services/api/administration.ts"
import { DecisionNumbers } from "../services/engine/decision-numbers.ts"
import { Detection } from "../services/engine/detection.ts"
import { Intake } from "../services/engine/intake.ts"
import { breathe, random, rulesets, slowNames, someBatches, troubled } from "../services/engine/one-fold.fixture.ts"
import { type Part, whole } from "../services/engine/part.ts"
import { eraseOffender } from "../services/erasure/erase-embedded.ts"
import { copyLog } from "../services/event-store/copy-log.ts"
import { EmbeddedEventStore } from "../services/event-store/embedded.ts"
import { EventStore, type StoreUnavailable } from "../services/event-store/event-store.ts"
import { EventStoreDb } from "../services/event-store/eventstoredb.ts"
import { Names } from "../services/names/names.ts"
import { replaceAllowlists } from "../services/node/allowlists.ts"
import { places } from "../services/projections/projections.ts"
import { projectionsLayer } from "../services/projections/runner.ts"
import { Retention } from "../services/retention/retention.ts"

export const steps = 90

const agent = (node: string): Part => ({ role: "agent", node, shared: true })
const api: Part = { role: "api", node: "hall", shared: true }

/** What befalls an installation beside the ordinary. */
export type Kind = "moved" | "forgetful" | "erased" | "shared"

const broken = ruleFile("scenarios", "scenarios/test/broken.yaml", "type: leaky\nname: test/broken\ncapacity: many\n")

const base = memoryFolder("testudo-lives-")

/** Lives through the steps that follow from the seed, and tells what came of it. */
export const lived = Effect.fnUntraced(function* (seed: number, kind: Kind) {
  const next = random(seed)
  const upTo = (most: number) => Math.floor(next() * most)
  const one = <A>(of: ReadonlyArray<A>): A => of[upTo(of.length)]!
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(base, "life-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const { state: set, clock } = adjustable(yield* Clock.Clock)
  const onClock = Effect.provideService(Clock.Clock, clock)

  const directory = join(folder, "store")
  const open = Effect.fnUntraced(function* (layer: Layer.Layer<EventStore, StoreUnavailable>) {
    const scope = yield* Scope.make()
    const store = Context.get(yield* onClock(Layer.buildWithScope(Layer.fresh(layer), scope)), EventStore)
    return { store, scope, ...troubled(store, next) }
  })
  const close = ({ scope }: { readonly scope: Scope.Closeable }) => Scope.close(scope, Exit.void)
  const embedded = EmbeddedEventStore.layer({ directory, mode: "writer" })
  let home = yield* open(kind === "erased" ? embedded : EmbeddedEventStore.layerMemory)

  let moves = 0
  const names = slowNames(next)
  const start = Effect.fnUntraced(function* (part: Part, snapshots: string) {
    const scope = yield* Scope.make()
    const states = places()
    const { over } = home
    const layer = Layer.mergeAll(
      Detection.layer({ snapshots, names: "asked", atHand: Effect.succeed([]), time: "passes", part }),
      Administration.layer({ by: "test" })
    ).pipe(
      Layer.provide(projectionsLayer({ directory: snapshots, places: states, snapshotEvents: 20, snapshotSeconds: 5 })),
      Layer.provide(DecisionNumbers.layer),
      Layer.provide(Layer.succeed(Names, names)),
      Layer.provide(Layer.succeed(EventStore, over))
    )
    const context = yield* onClock(Layer.buildWithScope(Layer.fresh(layer), scope))
    const detection = Context.get(context, Detection)
    const following = yield* Effect.forkIn(onClock(detection.follow), scope)
    const intake = yield* Intake.make.pipe(Effect.provideService(EventStore, over))
    const work: Array<Fiber.Fiber<unknown, unknown>> = []
    const begin = <A, E>(effect: Effect.Effect<A, E>) =>
      Effect.map(Effect.forkIn(onClock(effect), scope), (fiber) => void work.push(fiber))
    const writing = new Map<string, Fiber.Fiber<void, unknown>>()
    const administration = Context.get(context, Administration)
    const inTurn = (yield* Semaphore.make(1)).withPermits(1)
    return {
      part,
      snapshots,
      scope,
      states,
      detection,
      administration,
      following,
      intake,
      begin,
      work,
      writing,
      inTurn
    }
  })
  type Node = Effect.Success<ReturnType<typeof start>>

  const parts = kind === "shared" ? [agent("a"), agent("b"), api] : [whole]
  const folderOf = (part: Part, name: string) =>
    kind === "erased"
      ? join(directory, "snapshots")
      : join(folder, `${moves}`, `${part.role}-${part.node ?? ""}-${name}`)
  const nodes: Array<Node> = []
  for (const part of parts) nodes.push(yield* start(part, folderOf(part, "one")))
  const reader = () => one(nodes.filter(({ part }) => part.role !== "api"))
  const servingAt = nodes.length - 1
  /** It was stopped for a while, and does not know that another one has taken its role. */
  let former: Node | undefined

  // What was acknowledged, and so has to be in the log.
  const banned: Array<Decision> = []
  const lifted: Array<number> = []
  /** The last list that was acknowledged, and those that were tried since. */
  let allowed: ReadonlyArray<ReadonlyArray<string>> = [[]]
  /** Events that retention has dropped. */
  const forgotten = new Map<string, TestudoEvent>()
  const all = () => home.store.readAll({ limit: 100_000 })

  const write = Effect.fnUntraced(function* (node: Node) {
    const source = sourceOf(node.part.node, next() < 0.6 ? "live" : "late")
    const running = node.writing.get(source)
    if (running !== undefined && running.pollUnsafe() === undefined) return
    const last = yield* node.intake.last(source)
    const group = yield* onClock(someBatches(source, last?.range.to ?? 0, next))
    const { detection, intake, scope, writing } = node
    writing.set(source, yield* Effect.forkIn(onClock(detection.arriving(intake.append(group))), scope))
  })
  const end = (each: Node) => onClock(Scope.close(each.scope, Exit.void))
  const restart = Effect.fnUntraced(function* (at: number, snapshots = nodes[at]!.snapshots) {
    nodes[at] = yield* start(nodes[at]!.part, snapshots)
  })
  const stopInOrder = (each: Node) =>
    Fiber.interrupt(each.following).pipe(Effect.andThen(onClock(each.detection.keep)), Effect.andThen(end(each)))
  const damage = (path: string) =>
    Effect.ignore(Effect.try(() => truncateSync(path, Math.floor(readFileSync(path).length * next()))))
  const address = () => `192.0.2.${1 + upTo(4)}`
  const ban = (node: Node) =>
    node.administration.addDecision({ value: address(), duration: one(["90s", "10m", "4h"]) }).pipe(
      Effect.tap((decision) => Effect.sync(() => banned.push(decision))),
      Effect.ignore
    )
  const lift = (node: Node) =>
    Effect.suspend(() => {
      const { states } = node
      const chosen = activeAt(states.activeBans.state(), clock.currentTimeMillisUnsafe())
      if (chosen.length === 0) return Effect.void
      const { number } = one(chosen)
      return node.administration.deleteDecisions({ id: number }).pipe(
        Effect.tap(({ deleted }) => Effect.sync(() => deleted > 0 && lifted.push(number))),
        Effect.ignore
      )
    })
  const allow = (node: Node) =>
    Effect.suspend(() => {
      const values = [1, 2, 3, 4].filter(() => next() < 0.2).map((n) => `192.0.2.${n}`)
      const list = { name: "configuration", entries: values.map((value) => ({ value, comment: "" })) }
      allowed = [...allowed, values]
      return Effect.andThen(
        Effect.provideService(replaceAllowlists([list]), EventStore, home.over),
        Effect.sync(() => {
          allowed = [values]
        })
      )
    }).pipe(node.inTurn)

  /** Waits, while time passes, for what real files and threads take. */
  const patience = Effect.fnUntraced(function* <A, E>(effect: Effect.Effect<A, E>) {
    const fiber = yield* Effect.forkChild(onClock(effect))
    while (fiber.pollUnsafe() === undefined) yield* Effect.andThen(TestClock.adjust("1 second"), breathe(1))
    return yield* Fiber.join(fiber)
  })

  const rare: Readonly<Record<Kind, Effect.Effect<void, unknown, Scope.Scope>>> = {
    moved: Effect.gen(function* () {
      if (former !== undefined) return
      yield* end(nodes[0]!)
      const target = one([EmbeddedEventStore.layerMemory, yield* server])
      const moved = yield* patience(open(target))
      yield* Effect.promise(() => Effect.runPromise(copyLog(home.store, moved.store)))
      yield* close(home)
      home = moved
      // Projections tell when events were recorded, and that is another time there.
      const { snapshots } = nodes[0]!
      moves += 1
      const carried = folderOf(whole, "one")
      mkdirSync(carried, { recursive: true })
      const kept = join(snapshots, "engine.snapshot.json")
      if (next() < 0.5 && existsSync(kept)) copyFileSync(kept, join(carried, "engine.snapshot.json"))
      yield* restart(0, carried)
    }),
    forgetful: Effect.gen(function* () {
      yield* stopInOrder(nodes[0]!)
      yield* TestClock.adjust(`${20 + upTo(50)} minutes`)
      yield* restart(0)
      for (const event of yield* all()) forgotten.set(event.id, event)
      const hour = 3_600_000
      const rules = { linesAge: 2 * hour, linesBytes: one([undefined, 1]), dossiersAge: 2 * hour }
      const retention = new Retention(rules, nodes[0]!.detection.release)
      yield* patience(Effect.provideService(retention.apply, EventStore, home.store))
    }),
    erased: Effect.gen(function* () {
      const value = address()
      const deletion = yield* patience(Effect.result(nodes[0]!.administration.deleteDecisions({ value })))
      if (Result.isFailure(deletion)) return
      yield* end(nodes[0]!)
      yield* close(home)
      yield* Effect.exit(onClock(eraseOffender(directory, value, "test")))
      home = yield* open(embedded)
      yield* restart(0)
    }),
    shared: Effect.void
  }

  for (let step = 0; step < steps; step++) {
    const drawn = next()
    const at = upTo(nodes.length)
    const node = nodes[at]!
    if (drawn < 0.35) yield* write(reader())
    else if (drawn < 0.4) yield* node.begin(node.inTurn(node.detection.activate(one(rulesets))))
    else if (drawn < 0.42)
      yield* node.begin(node.inTurn(node.detection.activate([...one(rulesets), broken], { keepOnError: true })))
    else if (drawn < 0.5) yield* node.begin(Effect.andThen(breathe(upTo(5)), node.detection.keep))
    else if (drawn < 0.55) {
      yield* end(node)
      if (next() < 0.1 && kind !== "forgetful")
        yield* damage(join(node.snapshots, `${one(["engine", "active-bans"])}.snapshot.json`))
      yield* restart(at)
    } else if (drawn < 0.57 && former === undefined && (kind === "moved" || kind === "shared")) {
      former = node
      yield* restart(at, folderOf(node.part, node.snapshots.endsWith("one") ? "two" : "one"))
    } else if (drawn < 0.6 && former !== undefined) {
      yield* end(former)
      former = undefined
    } else if (drawn < 0.62) {
      yield* stopInOrder(node)
      yield* restart(at)
    } else if (drawn < 0.67) yield* nodes[servingAt]!.begin(ban(nodes[servingAt]!))
    else if (drawn < 0.71) yield* nodes[servingAt]!.begin(lift(nodes[servingAt]!))
    else if (drawn < 0.75) yield* nodes[servingAt]!.begin(allow(nodes[servingAt]!))
    else if (drawn < 0.77) set.ahead += 1_000 * (upTo(121) - 60)
    else if (drawn < 0.8) yield* rare[kind]
    else yield* TestClock.adjust(upTo(6_000))
    if (next() < 0.6) yield* breathe(upTo(3))
    for (const each of nodes)
      for (const exit of [each.following, ...each.work].map((fiber) => fiber.pollUnsafe()))
        if (exit?._tag === "Failure") yield* Effect.failCause(exit.cause)
  }
  home.state.isTroubled = false
  if (former !== undefined) yield* end(former)
  const pass = Effect.andThen(TestClock.adjust("3 seconds"), breathe(2))
  const [last] = yield* home.store.readLast(1, { filter: { types: [LogBatchAppended.type] } })
  for (const { detection } of nodes.filter(({ part }) => part.role !== "api")) {
    const judged = yield* Effect.forkChild(detection.judged(kind === "shared" ? -1 : (last?.position ?? -1)))
    while (judged.pollUnsafe() === undefined) yield* pass
  }
  // Names are answered, counters end, and the projections fold what came of it.
  for (let quiet = 0, head = -1; quiet < 80; quiet++) {
    yield* pass
    const now = yield* home.store.head
    if (now !== head) quiet = 0
    head = now
  }
  const log = yield* all()
  const now = clock.currentTimeMillisUnsafe()
  const { states } = nodes[servingAt]!
  for (const each of nodes) yield* end(each)
  yield* close(home)
  for (const { id } of log) forgotten.delete(id)
  return { log, forgotten: [...forgotten.values()], parts, states, now, banned, lifted, allowed }
})

const server = Effect.map(
  Effect.acquireRelease(
    Effect.promise(() => StandIn.start()),
    (standIn) => Effect.promise(() => standIn.stop())
  ),
  ({ location }) => EventStoreDb.layer({ connectionString: location, shown: "the stand-in", patience: 15_000 })
)
