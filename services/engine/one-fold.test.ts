/**
 * The law of the engine: whatever happens to nodes, to the store and to snapshots, what the log holds of verdicts is what
 * one undisturbed fold of it gives, each once.
 */
import { mkdtempSync, readFileSync, rmSync, truncateSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { makeEngine } from "../../domain/detection/engine.ts"
import { plainParser, ruleFile, scenarioFile, wordStash } from "../../domain/detection/recorded.fixture.ts"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { type Decision, DecisionMade } from "../../domain/events/decision.ts"
import type { ProposedEvent } from "../../domain/events/event.ts"
import { LogBatchAppended } from "../../domain/events/log-batch.ts"
import { OverflowRaised } from "../../domain/events/overflow.ts"
import { RulesetActivated } from "../../domain/events/ruleset.ts"
import { batchOf } from "../acquisition/line-reader.ts"
import { EmbeddedEventStore } from "../event-store/embedded.ts"
import { EventStore, StoreUnavailable } from "../event-store/event-store.ts"
import { Names } from "../names/names.ts"
import { DecisionNumbers } from "./decision-numbers.ts"
import { Detection } from "./detection.ts"
import { Intake } from "./intake.ts"
import { Judge } from "./judge.ts"
import { whole } from "./part.ts"
import { compileRules } from "./rulebook.ts"

type Store = typeof EventStore.Service

const seeds = Number(process.env["TESTUDO_SEEDS"] ?? 12)
const steps = 80

const named = ruleFile(
  "postoverflows",
  "postoverflows/s00-enrich/test/rdns.yaml",
  `
name: test/rdns
filter: "evt.Overflow.Alert.Source.IP endsWith '2' || evt.Overflow.Alert.Source.IP endsWith '3'"
statics:
  - {method: reverse_dns, expression: evt.Overflow.Alert.Source.IP}
---
name: test/good
whitelist: {reason: good, expression: ["evt.Enriched.reverse_dns endsWith '.good.'"]}
`
)
const longer = ruleFile(
  "profiles",
  "profiles.yaml",
  `name: longer
filters: ["Alert.Remediation"]
decisions: [{type: ban, duration: 1h}]
duration_expr: Sprintf('%dm', GetDecisionsCount(Alert.GetValue()) + 1)
`
)
const extra = ruleFile(
  "parsers",
  "parsers/s00-raw/test/x.yaml",
  "name: test/x\nstatics:\n  - {meta: extra, value: x}\n"
)
const burst = scenarioFile("burst", "type: leaky\ncapacity: 2\nleakspeed: 10s\nreprocess: true")
const words = scenarioFile("words", "type: leaky\ncapacity: 1\nleakspeed: 20s\nblackhole: 30s\ndistinct: evt.Meta.word")
const before = scenarioFile(
  "before",
  "type: conditional\ncapacity: -1\nleakspeed: 40s\ncondition: any(queue.Queue, {.Meta.previous contains 'a'}) && len(queue.Queue) > 2"
)
const counted = scenarioFile("counted", "type: counter\nduration: 15s\noverflow_filter: leaky.Total_count >= 2")
const meta = ruleFile(
  "scenarios",
  "scenarios/test/meta.yaml",
  `type: counter
name: test/meta
description: test
filter: "evt.GetType() == 'overflow'"
duration: 25s
labels: {remediation: true}
---
type: leaky
name: test/several
description: test
filter: "evt.GetType() == 'overflow'"
distinct: evt.Overflow.Alert.Source.IP
capacity: 1
leakspeed: 1m
labels: {remediation: true}
`
)

const rulesets = [
  [plainParser, wordStash, named, longer, burst, words, before, counted, meta],
  [plainParser, wordStash, named, longer, words, before, meta],
  [plainParser, wordStash, extra, named, longer, burst, words, before, counted, meta],
  [plainParser, wordStash, longer, burst, words, counted, meta]
]

/** Numbers from 0 to 1 that follow from the seed (mulberry32). */
const random = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The time of tests stands still while files are written; this is real. */
const breathe = (milliseconds = 0) => Effect.promise(() => new Promise<void>((done) => setTimeout(done, milliseconds)))

/** Every third append fails before, after, or in the middle of what it writes; others are slow. */
const troubled = (store: Store, next: () => number) => {
  const state = { isTroubled: true }
  const away = Effect.fail(new StoreUnavailable({ code: "TST-STORE-AWAY", message: "away" }))
  const lot = () => (state.isTroubled ? next() : 1)
  const over: Store = {
    ...store,
    append: (...append) =>
      Effect.suspend(() => {
        const drawn = lot()
        if (drawn < 0.1) return away
        if (drawn < 0.2) return Effect.andThen(store.append(...append), away)
        return drawn < 0.4 ? Effect.andThen(breathe(), store.append(...append)) : store.append(...append)
      }),
    appendGroup: (group) =>
      Effect.suspend(() => {
        const drawn = lot()
        if (drawn < 0.1) return away
        if (drawn < 0.3) {
          const written = group.slice(0, Math.floor(next() * (group.length + 1)))
          return Effect.andThen(store.appendGroup(written), away)
        }
        return drawn < 0.5 ? Effect.andThen(breathe(), store.appendGroup(group)) : store.appendGroup(group)
      })
  }
  return { state, over }
}

const inputs: ReadonlySet<string> = new Set(["LogBatchAppended", "NameResolved", "TimePassed", "RulesetActivated"])

/** What one fold gives, as far as an overflow or a decision says it of itself. */
const folded = (log: ReadonlyArray<TestudoEvent>): ReadonlyArray<ProposedEvent> => {
  const known = new Map(
    [[], ...rulesets].map((files) => {
      const { rules } = compileRules(files, { names: "asked" })
      return [rules.hash, rules] as const
    })
  )
  const [rules] = known.values()
  const engine = (geo: Parameters<ConstructorParameters<typeof Judge>[0]["engine"]>[0]) =>
    makeEngine(rules!.ruleset, { geo })
  const judge = new Judge({ rules: rules!, known: new Set(), allowlists: [], poured: [], decisions: [], engine })
  return log
    .filter(({ type }) => inputs.has(type))
    .flatMap((event) => {
      if (RulesetActivated.is(event)) judge.use(known.get(event.data.hash)!)
      return judge.judge(event).verdicts.flatMap(({ events }) => events)
    })
}

/** Without what depends on the order in which decisions were numbered. */
const shown = (events: ReadonlyArray<Pick<ProposedEvent, "id" | "type" | "data">>): ReadonlyArray<string> =>
  events
    .filter(({ type }) => type === OverflowRaised.type || type === DecisionMade.type)
    .map(({ id, data }) => {
      const { number: _, ...rest } = data as Partial<Decision>
      return JSON.stringify([id, rest])
    })
    .sort()

const lived = Effect.fnUntraced(function* (seed: number) {
  const next = random(seed)
  const upTo = (most: number) => Math.floor(next() * most)
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "tst-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const store = yield* EventStore
  const { state, over } = troubled(store, next)
  const names = Names.of({
    reverse: (address) =>
      Effect.map(Effect.sleep(upTo(20_000)), () =>
        address.endsWith("2")
          ? { address, name: next() < 0.5 ? "a.good." : "a.bad.", outcome: "answered" }
          : { address, name: "", outcome: "none" }
      )
  })

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

  /** Lines of a source from where its stream ends; those of `late` come half a minute late. */
  const batches = Effect.fnUntraced(function* (source: string, from: number) {
    const now = yield* Clock.currentTimeMillis
    const reader = { source, path: source, labels: { type: "test" }, zone: "UTC" }
    const file = { device: 1, inode: 1, head: Buffer.from(source) }
    let at = from
    return Array.from({ length: 1 + upTo(3) }, () => {
      const lines = Array.from({ length: 1 + upTo(6) }, () => {
        const time = now - (source === "late" ? 30_000 : 0) - upTo(12_000)
        const stamp = next() < 0.3 ? "-" : new Date(time).toISOString()
        return `${stamp} 192.0.2.${1 + upTo(4)} ${"abcd"[upTo(4)]}\n`
      })
      const bytes = Buffer.from(lines.join(""))
      const piece = { from: at, to: at + bytes.length, bytes, lines: lines.length }
      at = piece.to
      return batchOf(reader, file, { ...piece, startsInsideLine: false, endsInsideLine: false }, "observed", now)
    })
  })

  let node = yield* start(join(folder, "one"))
  /** It was stopped for a while, and does not know that another one has taken its role. */
  let former: typeof node | undefined
  const write = Effect.fnUntraced(function* (source: string) {
    const running = node.writing.get(source)
    if (running !== undefined && running.pollUnsafe() === undefined) return
    const last = yield* node.intake.last(source)
    const group = yield* batches(source, last?.range.to ?? 0)
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
