import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type LogBatch, LogBatchAppended } from "../../domain/events/log-batch.ts"
import { logStream } from "../../domain/events/stream-name.ts"
import { batchOf } from "../acquisition/line-reader.ts"
import { EmbeddedEventStore } from "../event-store/embedded.ts"
import { EventStore } from "../event-store/event-store.ts"
import { losing, newer, onStore, type Store } from "../event-store/store.fixture.ts"
import { Intake } from "./intake.ts"

const bytes = Buffer.from("one\ntwo\n")

/** The numbered piece of a file; which machine's file, and when it was read, is told besides. */
const piece = (source: string, number: number, { inode = 1, now = 0 } = {}): LogBatch =>
  batchOf(
    { source, path: source, labels: { type: "test" }, zone: "UTC" },
    { device: 1, inode, head: bytes },
    {
      from: number * bytes.length,
      to: (number + 1) * bytes.length,
      bytes,
      lines: 2,
      startsInsideLine: false,
      endsInsideLine: false
    },
    "own",
    now
  )

const intakeOf = (store: Store) => Intake.make.pipe(Effect.provideService(EventStore, store))

/** What stands on the stream of a source. */
const recorded = (store: Store, source: string) =>
  Effect.map(store.readStream(logStream(source)), (events) =>
    events.filter(LogBatchAppended.is).map(({ id, data }) => ({ id, from: data.range.from }))
  )

const froms = (store: Store, source: string) =>
  Effect.map(recorded(store, source), (batches) => batches.map(({ from }) => from / bytes.length))

describe("what is read", () => {
  for (const parts of [1, 2, 3, 4, 5])
    onStore(`is recorded once when the answer about ${parts} of five batches is lost`, (store) =>
      Effect.gen(function* () {
        const intake = yield* intakeOf(losing(store, parts))
        yield* intake.append([piece("a", 0), piece("a", 1), piece("b", 0), piece("a", 2), piece("b", 1)])
        yield* intake.append([piece("a", 3), piece("b", 2)])
        assert.deepStrictEqual(yield* froms(store, "a"), [0, 1, 2, 3])
        assert.deepStrictEqual(yield* froms(store, "b"), [0, 1, 2])
        assert.strictEqual(intake.position, yield* store.head)
      })
    )

  onStore("is refused where a newer version has read on", (store) =>
    Effect.gen(function* () {
      const intake = yield* intakeOf(store)
      yield* intake.append([piece("a", 0)])
      yield* newer(store, logStream("a"), LogBatchAppended)
      const error = yield* Effect.flip((yield* intakeOf(store)).append([piece("a", 1)]))
      assert.deepInclude(error, { _tag: "StoreUnavailable", code: "TST-STORE-NEWER" })
    })
  )

  onStore("is refused where another reader wrote to the same source", (store) =>
    Effect.gen(function* () {
      const [one, other] = [yield* intakeOf(store), yield* intakeOf(store)]
      yield* one.append([piece("a", 0)])
      yield* other.append([piece("a", 5)])
      const error = yield* Effect.flip(one.append([piece("a", 1), piece("a", 2)]))
      assert.strictEqual(error._tag, "WrongExpectedRevision")
      assert.deepStrictEqual(yield* froms(store, "a"), [0, 5])
    })
  )

  onStore("has the same ids on another machine and under another clock, and others where it is read again", (store) =>
    Effect.gen(function* () {
      const again = yield* Layer.build(Layer.fresh(EmbeddedEventStore.layerMemory))
      const elsewhere = yield* EventStore.use(Effect.succeed).pipe(Effect.provide(again))
      const intake = yield* intakeOf(store)
      yield* intake.append([piece("a", 0), piece("a", 1), piece("a", 0)])
      yield* Effect.flatMap(intakeOf(elsewhere), (other) =>
        other.append([0, 1, 0].map((number) => piece("a", number, { inode: 7, now: 1e12 })))
      )
      const batches = yield* recorded(store, "a")
      assert.deepStrictEqual(yield* recorded(elsewhere, "a"), batches)
      assert.strictEqual(new Set(batches.map(({ id }) => id)).size, 3)
    }).pipe(Effect.scoped)
  )
})
