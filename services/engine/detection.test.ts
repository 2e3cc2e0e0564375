import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { plainParser, scenarioFile } from "../../domain/detection/recorded.fixture.ts"
import { OverflowRaised } from "../../domain/events/overflow.ts"
import type { RuleFile } from "../../domain/rules/rule.ts"
import { batchOf } from "../acquisition/line-reader.ts"
import { EmbeddedEventStore } from "../event-store/embedded.ts"
import { EventStore, StoreUnavailable } from "../event-store/event-store.ts"
import { Names } from "../names/names.ts"
import { DecisionNumbers } from "./decision-numbers.ts"
import { Detection } from "./detection.ts"
import { Intake } from "./intake.ts"
import { whole } from "./part.ts"

type Store = typeof EventStore.Service

/** A log in memory, what nodes on it said, and a folder for their snapshots. */
const site = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "tst-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const store = yield* EventStore
  const snapshots = join(folder, "snapshots")
  const said: Array<string> = []
  const logger = Logger.make(({ message }) => void said.push(String(message)))
  let read = 0
  const node = (over: Store = store, time: "passes" | "stands" = "stands") =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const layer = Detection.layer({
        snapshots,
        names: "off",
        atHand: Effect.succeed([]),
        time,
        part: whole
      }).pipe(
        Layer.provide(DecisionNumbers.layer),
        Layer.provide(Names.layerOff),
        Layer.provide(Layer.succeed(EventStore, over))
      )
      const detection = Context.get(yield* Layer.buildWithScope(Layer.fresh(layer), scope), Detection)
      const fiber = yield* Effect.forkIn(detection.follow, scope)
      const intake = yield* Intake.make.pipe(Effect.provideService(EventStore, over))
      return {
        detection,
        fiber,
        write: (...lines: ReadonlyArray<string>) =>
          Effect.gen(function* () {
            const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""))
            const piece = { from: read, to: read + bytes.length, bytes, lines: lines.length }
            read += bytes.length
            const now = yield* Clock.currentTimeMillis
            const reader = { source: "a", path: "a", labels: { type: "test" }, zone: "UTC" }
            yield* detection.arriving(
              intake.append([
                batchOf(
                  reader,
                  { device: 1, inode: 1, head: Buffer.from("a") },
                  { ...piece, startsInsideLine: false, endsInsideLine: false },
                  "own",
                  now
                )
              ])
            )
            yield* detection.judged(intake.position)
          }),
        rules: (...files: ReadonlyArray<RuleFile>) =>
          Effect.gen(function* () {
            yield* detection.activate([plainParser, ...files])
            yield* detection.judged(yield* over.head)
          }),
        stop: Fiber.interrupt(fiber).pipe(
          Effect.andThen(detection.keep),
          Effect.andThen(Scope.close(scope, Exit.void))
        ),
        /** Ends it without a last word. */
        kill: Scope.close(scope, Exit.void)
      }
    })
  const overflows = Effect.map(store.readAll({ filter: { types: [OverflowRaised.type] } }), (events) =>
    events.filter(OverflowRaised.is).map(({ data }) => [data.scenario.name, data.source.value, data.eventsCount])
  )
  return { store, snapshots, said, logger, node, overflows }
})

const onSite = (title: string, test: (at: Effect.Success<typeof site>) => Effect.Effect<void, unknown, Scope.Scope>) =>
  it.live(title, () =>
    site.pipe(
      Effect.flatMap((at) => test(at).pipe(Effect.provide(Logger.layer([at.logger])))),
      Effect.scoped,
      Effect.provide(Layer.fresh(EmbeddedEventStore.layerMemory))
    )
  )

const burst = scenarioFile("burst", "type: leaky\ncapacity: 2\nleakspeed: 1h")
const other = scenarioFile("other", "type: leaky\ncapacity: 9\nleakspeed: 1h")

describe("an engine that starts again", () => {
  onSite("goes on from its snapshot when its rules were swapped and swapped back", (at) =>
    Effect.gen(function* () {
      const one = yield* at.node()
      yield* one.rules(burst)
      yield* one.write("- 192.0.2.1 x", "- 192.0.2.1 x")
      yield* one.rules(burst, other)
      yield* one.detection.keep
      yield* one.rules(burst)
      yield* one.stop
      const two = yield* at.node()
      yield* two.write("- 192.0.2.1 x")
      yield* two.stop
      assert.deepStrictEqual(at.said, [])
      assert.deepStrictEqual(yield* at.overflows, [["test/burst", "192.0.2.1", 3]])
    })
  )

  onSite("counts nothing twice that it judged while a snapshot was given up", (at) =>
    Effect.gen(function* () {
      const one = yield* at.node()
      yield* one.rules(burst)
      for (let batch = 0; batch < 10; batch++)
        yield* one.write(...Array.from({ length: 2_000 }, (_, n) => `- 10.0.${batch}.${n} x`))
      const keeping = yield* Effect.forkChild(one.detection.keep)
      yield* Effect.sleep(1)
      yield* Fiber.interrupt(keeping)
      yield* one.write("- 192.0.2.1 x", "- 192.0.2.1 x")
      yield* Effect.sleep(300)
      yield* one.kill
      const two = yield* at.node()
      yield* two.rules(burst)
      yield* two.write("- 192.0.2.2 x")
      yield* two.stop
      assert.deepStrictEqual(at.said, [])
      assert.deepStrictEqual(yield* at.overflows, [])
    })
  )

  onSite(
    "has a snapshot that was written after the disk was full for a while, and nothing is left of the half of one",
    (at) =>
      Effect.gen(function* () {
        const one = yield* at.node()
        yield* one.rules(burst)
        yield* one.write("- 192.0.2.1 x", "- 192.0.2.1 x")
        mkdirSync(at.snapshots)
        symlinkSync("/dev/full", join(at.snapshots, "engine.snapshot.json.new"))
        yield* one.detection.keep
        assert.deepStrictEqual(readdirSync(at.snapshots), [])
        yield* one.detection.keep
        assert.deepStrictEqual(readdirSync(at.snapshots), ["engine.snapshot.json"])
        assert.match(at.said.join(), /^The engine's snapshot cannot be written to [^,]*ENOSPC[^,]*, write. [^,]*$/)
        yield* one.kill
      })
  )
})

/** Takes nothing for the first attempts, or takes what it is given and loses the answer. */
const failing = (store: Store, attempts: number, outcome: "refused" | "taken"): Store => {
  let left = attempts
  const away = Effect.fail(new StoreUnavailable({ code: "TST-STORE-FULL", message: "The disk is full." }))
  return {
    ...store,
    append: (...append) =>
      Effect.suspend(() => {
        if (left-- <= 0) return store.append(...append)
        return outcome === "taken" ? Effect.andThen(store.append(...append), away) : away
      })
  }
}

describe("lines that the log is about to forget", () => {
  const forget = (at: Effect.Success<typeof site>, detection: typeof Detection.Service) =>
    Effect.gen(function* () {
      const batches = yield* at.store.readStream("log-a")
      const until = batches.at(-2)!
      assert.strictEqual(yield* detection.release(until.position), until.position)
      yield* at.store.truncate("log-a", until.revision + 1)
    })

  onSite("stay in the snapshot, as long as a bucket holds them", (at) =>
    Effect.gen(function* () {
      const one = yield* at.node()
      yield* one.rules(burst)
      yield* one.write("- 192.0.2.1 x", "- 192.0.2.1 x")
      yield* one.write("- 192.0.2.2 x")
      yield* forget(at, one.detection)
      yield* one.kill
      const two = yield* at.node()
      yield* two.write("- 192.0.2.3 x")
      yield* two.stop
      const three = yield* at.node()
      yield* three.write("- 192.0.2.1 x")
      assert.deepStrictEqual(yield* at.overflows, [["test/burst", "192.0.2.1", 3]])
      const [overflow] = (yield* at.store.readAll({ filter: { types: [OverflowRaised.type] } })).filter(
        OverflowRaised.is
      )
      assert.deepStrictEqual(
        overflow!.data.evidence.entries.map(({ text }) => text),
        Array.from({ length: 3 }, () => "- 192.0.2.1 x")
      )
      assert.deepStrictEqual(at.said, [])
      yield* three.kill
    })
  )

  onSite("may not go before they are judged", (at) =>
    Effect.gen(function* () {
      const one = yield* at.node()
      yield* one.rules(burst)
      yield* one.write("- 192.0.2.1 x")
      const judged = yield* at.store.head
      yield* Fiber.interrupt(one.fiber)
      yield* Effect.forkChild(one.write("- 192.0.2.1 x"), { startImmediately: true })
      while ((yield* at.store.head) === judged) yield* Effect.sleep("1 millis")
      assert.strictEqual(yield* one.detection.release(yield* at.store.head), judged)
      yield* one.kill
    })
  )
})

describe("overflows that the log has forgotten", () => {
  onSite("do not come back with a snapshot that is lost, of lines that are still there", (at) =>
    Effect.gen(function* () {
      const one = yield* at.node()
      yield* one.rules(burst)
      yield* one.write("- 192.0.2.1 x", "- 192.0.2.1 x", "- 192.0.2.1 x")
      assert.lengthOf(yield* at.overflows, 1)
      yield* one.kill
      yield* at.store.deleteStream("offender-Ip:192.0.2.1")
      yield* Effect.sleep("2 millis")
      const two = yield* at.node()
      yield* two.write("- 192.0.2.2 x", "- 192.0.2.2 x", "- 192.0.2.2 x")
      assert.deepStrictEqual(yield* at.overflows, [["test/burst", "192.0.2.2", 3]])
      yield* two.kill
    })
  )
})

describe("rules that are swapped", () => {
  for (const outcome of ["refused", "taken"] as const)
    onSite(`wait for a store that cannot take them now (${outcome})`, (at) =>
      Effect.gen(function* () {
        const one = yield* at.node(failing(at.store, 3, outcome))
        const { activated } = yield* one.detection.activate([plainParser, burst])
        assert.isTrue(activated)
        yield* one.write("- 192.0.2.1 x", "- 192.0.2.1 x", "- 192.0.2.1 x")
        assert.deepStrictEqual(yield* at.overflows, [["test/burst", "192.0.2.1", 3]])
        const activations = yield* at.store.readStream("ruleset")
        assert.strictEqual(activations.length, 1)
        yield* one.kill
      })
    )
})

/** Cannot take log batches while it is away. */
const takingNoBatches = (store: Store) => {
  const state = { isAway: false }
  const away = Effect.fail(new StoreUnavailable({ code: "TST-STORE-FULL", message: "The disk is full." }))
  const over: Store = {
    ...store,
    appendGroup: (group) => Effect.suspend(() => (state.isAway ? away : store.appendGroup(group)))
  }
  return { state, over }
}

describe("the passing of time", () => {
  it.effect("waits for lines that the store cannot take now", () =>
    Effect.gen(function* () {
      const at = yield* site
      const { state, over } = takingNoBatches(at.store)
      const pass = (seconds: number) => Effect.repeat(TestClock.adjust("500 millis"), { times: 2 * seconds })
      const one = yield* at.node(over, "passes")
      yield* one.rules(scenarioFile("count", "type: counter\nduration: 3s"))
      yield* pass(12)
      yield* one.write("- 192.0.2.1 x")
      state.isAway = true
      yield* pass(1)
      const late = yield* Effect.forkChild(one.write("- 192.0.2.1 x"))
      yield* pass(30)
      assert.deepStrictEqual(yield* at.overflows, [])
      state.isAway = false
      yield* pass(30)
      yield* Fiber.join(late)
      assert.deepStrictEqual(yield* at.overflows, [["test/count", "192.0.2.1", 2]])
      yield* one.kill
    }).pipe(Effect.scoped, Effect.provide(Layer.fresh(EmbeddedEventStore.layerMemory)))
  )
})
