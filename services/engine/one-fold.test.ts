/**
 * The law of the engine: whatever happens to nodes, to the store and to snapshots, what the log holds of verdicts is what
 * one undisturbed fold of it gives, each once. `test/whole-life.test.ts` states it of whole nodes and of what people do.
 * `TESTUDO_SEEDS` says how many lives.
 */
import { mkdtempSync, readFileSync, rmSync, truncateSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { DecisionMade } from "../../domain/events/decision.ts"
import { LogBatchAppended } from "../../domain/events/log-batch.ts"
import { EmbeddedEventStore } from "../event-store/embedded.ts"
import { EventStore } from "../event-store/event-store.ts"
import { Names } from "../names/names.ts"
import { DecisionNumbers } from "./decision-numbers.ts"
import { Detection } from "./detection.ts"
import { Intake } from "./intake.ts"
import { breathe, folded, random, rulesets, shown, slowNames, someBatches, troubled } from "./one-fold.fixture.ts"
import { whole } from "./part.ts"

const seeds = Number(process.env["TESTUDO_SEEDS"] ?? 12)
const steps = 80

const lived = Effect.fnUntraced(function* (seed: number) {
  const next = random(seed)
  const upTo = (most: number) => Math.floor(next() * most)
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "tst-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const store = yield* EventStore
  const { state, over } = troubled(store, next)
  const names = slowNames(next)

  const start = Effect.fnUntraced(function* (snapshots: string) {
    const scope = yield* Scope.make()
    const layer = Detection.layer({
      snapshots,
      names: "asked",
      atHand: Effect.succeed([]),
      time: "passes",
      part: whole
    }).pipe(
      Layer.provide(DecisionNumbers.layer),
      Layer.provide(Layer.succeed(Names, names)),
      Layer.provide(Layer.succeed(EventStore, over))
    )
    const detection = Context.get(yield* Layer.buildWithScope(Layer.fresh(layer), scope), Detection)
    const following = yield* Effect.forkIn(detection.follow, scope)
    const intake = yield* Intake.make.pipe(Effect.provideService(EventStore, over))
    const work: Array<Fiber.Fiber<unknown, unknown>> = []
    const begin = <A, E>(effect: Effect.Effect<A, E>) =>
      Effect.map(Effect.forkIn(effect, scope), (fiber) => void work.push(fiber))
    const writing = new Map<string, Fiber.Fiber<void, unknown>>()
    return { snapshots, scope, detection, following, intake, begin, work, writing }
  })

  let node = yield* start(join(folder, "one"))
  /** It was stopped for a while, and does not know that another one has taken its role. */
  let former: typeof node | undefined
  const write = Effect.fnUntraced(function* (source: string) {
    const running = node.writing.get(source)
    if (running !== undefined && running.pollUnsafe() === undefined) return
    const last = yield* node.intake.last(source)
    const group = yield* someBatches(source, last?.range.to ?? 0, next)
    const { detection, intake, scope, writing } = node
    writing.set(source, yield* Effect.forkIn(detection.arriving(intake.append(group)), scope))
  })
  const end = (each: typeof node) => Scope.close(each.scope, Exit.void)
  const damage = (path: string) =>
    Effect.ignore(Effect.try(() => truncateSync(path, Math.floor(readFileSync(path).length * next()))))

  for (let step = 0; step < steps; step++) {
    const drawn = next()
    if (drawn < 0.45) yield* write(next() < 0.6 ? "live" : "late")
    else if (drawn < 0.55) yield* node.begin(node.detection.activate(rulesets[upTo(rulesets.length)]!))
    else if (drawn < 0.65) yield* node.begin(Effect.andThen(breathe(upTo(5)), node.detection.keep))
    else if (drawn < 0.72) {
      yield* end(node)
      if (next() < 0.1) yield* damage(join(node.snapshots, "engine.snapshot.json"))
      node = yield* start(node.snapshots)
    } else if (drawn < 0.75 && former === undefined) {
      former = node
      node = yield* start(join(folder, node.snapshots.endsWith("one") ? "two" : "one"))
    } else if (drawn < 0.78 && former !== undefined) {
      yield* end(former)
      former = undefined
    } else if (drawn < 0.8) {
      yield* Fiber.interrupt(node.following)
      yield* node.detection.keep
      yield* end(node)
      node = yield* start(node.snapshots)
    } else yield* TestClock.adjust(upTo(6_000))
    if (next() < 0.6) yield* breathe(upTo(3))
    const ended = [node.following, ...node.work].map((fiber) => fiber.pollUnsafe())
    for (const exit of ended) if (exit?._tag === "Failure") yield* Effect.failCause(exit.cause)
  }
  state.isTroubled = false
  if (former !== undefined) yield* end(former)
  const lines = yield* store.readLast(1, { filter: { types: [LogBatchAppended.type] } })
  const judged = yield* Effect.forkIn(node.detection.judged(lines[0]?.position ?? -1), node.scope)
  const pass = Effect.andThen(TestClock.adjust("3 seconds"), breathe(2))
  while (judged.pollUnsafe() === undefined) yield* pass
  // Names are answered, and counters end.
  yield* Effect.repeat(pass, { times: 60 })
  yield* end(node)
  return yield* store.readAll({ limit: 100_000 })
})

for (let seed = 0; seed < seeds; seed++)
  it.effect(`the log holds what one fold of it gives, through ${steps} troubles of two nodes (${seed})`, () =>
    Effect.gen(function* () {
      const log = yield* lived(seed)
      assert.deepStrictEqual(shown(log), shown(folded(log)))
      const numbers = log.filter(DecisionMade.is).map(({ data }) => data.number)
      assert.strictEqual(new Set(numbers).size, numbers.length)
    }).pipe(
      Effect.scoped,
      Effect.provide(Layer.fresh(EmbeddedEventStore.layerMemory)),
      Effect.provide(Logger.layer([]))
    )
  )
