import { randomUUID } from "node:crypto"
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { afterAll } from "vitest"
import { memoryFolder } from "../../fixtures/memory-folder.ts"
import type { ProposedEvent } from "../../domain/events/event.ts"
import { NameResolved } from "../../domain/events/name-resolved.ts"
import { isUnreadable } from "../../domain/events/unreadable.ts"
import { eventStoreContract } from "./contract.ts"
import { isCaughtUp } from "./contract/sample.ts"
import { EmbeddedEventStore } from "./embedded.ts"
import { EventLog } from "./event-log.ts"
import { EventStore, type StoreUnavailable } from "./event-store.ts"
import { storeFailureOf } from "./failure.ts"
import { makeDirectory, openForWriting } from "./layout.ts"
import { LogWriter } from "./log-writer.ts"

const base = memoryFolder("testudo-event-store-")
chmodSync(base, 0o755)
afterAll(() => rmSync(base, { recursive: true, force: true }))

let made = 0
const newDirectory = (): string => join(base, String(made++))

eventStoreContract("embedded store in a directory", () =>
  EmbeddedEventStore.layer({ directory: newDirectory(), mode: "writer" })
)
eventStoreContract("embedded store in memory", () => Layer.fresh(EmbeddedEventStore.layerMemory))

const event = (name = "host.example."): ProposedEvent =>
  NameResolved.propose(randomUUID(), { address: "203.0.113.7", name, outcome: "answered" })
const events = (count: number): ReadonlyArray<ProposedEvent> => Array.from({ length: count }, () => event())

type Store = typeof EventStore.Service

const using = <A, E>(
  directory: string,
  use: (store: Store) => Effect.Effect<A, E>,
  mode: "writer" | "reader" = "writer"
): Effect.Effect<A, E | StoreUnavailable> =>
  EventStore.use(use).pipe(Effect.provide(EmbeddedEventStore.layer({ directory, mode })))

/** Fails unless the effect does, with this code, and gives the message. */
const failing = <A, E>(code: string, effect: Effect.Effect<A, E>): Effect.Effect<string, A> =>
  Effect.flip(effect).pipe(
    Effect.map((error) => {
      const { code: actual, message } = error as unknown as StoreUnavailable
      assert.strictEqual(actual, code, message)
      return message
    })
  )

const file = (directory: string): string => join(directory, "events.sqlite")

/** Changes the database by hand, as nobody should. */
const tamper = (directory: string, sql: string): void => {
  const db = new DatabaseSync(file(directory))
  db.exec(sql)
  db.close()
}

const filled = (count = 3): Effect.Effect<string, unknown> => {
  const directory = newDirectory()
  return Effect.as(
    using(directory, (store) => store.append("names", events(count), "no_stream")),
    directory
  )
}

describe("embedded store", () => {
  it.live("keeps its events", () =>
    Effect.gen(function* () {
      const directory = newDirectory()
      const batch = events(5)
      const appended = yield* using(directory, (store) => store.append("names", batch, "no_stream"))
      yield* using(directory, (store) =>
        Effect.gen(function* () {
          const read = yield* store.readStream("names")
          assert.deepStrictEqual(
            read.map(({ id }) => id),
            batch.map(({ id }) => id)
          )
          assert.deepStrictEqual(yield* store.append("names", batch, "no_stream"), appended)
          assert.strictEqual((yield* store.append("names", [event()], 4)).revision, 5)
        })
      )
    })
  )

  it.live("knows an id for ever, whatever is expected of the stream", () =>
    Effect.gen(function* () {
      const directory = newDirectory()
      const [a, b, c] = [event(), event(), event()]
      const appended = yield* using(directory, (store) => store.append("names", [a, b, c], "any"))
      yield* using(directory, (store) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* store.append("names", [a, b, c], "any"), appended)
          assert.deepStrictEqual(yield* store.append("names", [b, c], "stream_exists"), appended)
          const refused: ReadonlyArray<readonly [ReadonlyArray<ProposedEvent>, "any" | number]> = [
            [[a], 2],
            [[c, a], "any"],
            [[event(), a], "any"],
            [[event(), a], 2]
          ]
          for (const [batch, expected] of refused) {
            assert.strictEqual((yield* Effect.flip(store.append("names", batch, expected)))._tag, "AppendRefused")
          }
          assert.lengthOf(yield* store.readStream("names"), 3)
        })
      )
    })
  )

  it.live("leaves nothing of a part that fails and nothing of a transaction that fails", () =>
    Effect.gen(function* () {
      const path = file(newDirectory())
      mkdirSync(join(path, ".."))
      const { db } = openForWriting(path)
      const log = new EventLog(db, path)
      const writer = new LogWriter(db, path)
      const append = (size: number, stream = "names") => {
        const events = [event("x".repeat(size)), event()].map(({ data, metadata, ...rest }) => ({
          ...rest,
          metadata: JSON.stringify(metadata),
          data: JSON.stringify(data)
        }))
        const [answer] = writer.commit([{ parts: [{ stream, events, expected: "any" }], recordedAt: 0 }])
        if ("error" in answer!) throw answer.error
      }
      append(10)
      const head = log.head()
      const pages = Number(Object.values(db.prepare("pragma page_count").get()!)[0])
      db.exec(`pragma max_page_count = ${pages + 5}`)
      const error = yield* Effect.try({
        try: () => append(500_000, "other"),
        catch: (error) => storeFailureOf(error, path)
      }).pipe(Effect.flip)
      assert.strictEqual(error.code, "TST-STORE-FULL")
      assert.include(error.message, path)
      assert.strictEqual(log.head(), head)
      append(10)
      assert.lengthOf(log.readStream("names", {}), 4)
      assert.lengthOf(log.readStream("other", {}), 0)
      db.exec("pragma max_page_count = 1000000")
      append(500_000, "other")
      assert.lengthOf(log.readStream("other", {}), 2)
      log.close()
    })
  )

  it.live("takes back the beginning of an append that fails half-way", () =>
    Effect.gen(function* () {
      const directory = yield* filled(3)
      yield* using(directory, (store) =>
        Effect.gen(function* () {
          const head = yield* store.head
          tamper(
            directory,
            `create trigger spoilt before insert on events when new.revision = 4
             begin select raise(abort, 'spoilt'); end`
          )
          const batch = events(3)
          yield* failing("TST-STORE-DAMAGED", store.append("names", batch, 2))
          assert.strictEqual(yield* store.head, head)
          tamper(directory, "drop trigger spoilt")
          assert.strictEqual((yield* store.append("names", batch, 2)).revision, 5)
          assert.lengthOf(yield* store.readStream("names"), 6)
        })
      )
    })
  )

  it.live("takes back new streams and kinds with a group that fails", () =>
    Effect.gen(function* () {
      const directory = yield* filled(3)
      yield* using(directory, (store) =>
        Effect.gen(function* () {
          tamper(
            directory,
            `create trigger spoilt before insert on events when new.revision = 4
             begin select raise(abort, 'spoilt'); end`
          )
          const group = [
            { stream: "new-1", events: events(2), expected: "no_stream" as const },
            { stream: "newer-1", events: events(2), expected: "no_stream" as const },
            { stream: "names", events: events(3), expected: 2 }
          ]
          yield* failing("TST-STORE-DAMAGED", store.appendGroup(group))
          tamper(directory, "drop trigger spoilt")
          const again = [{ stream: "newest-1", events: events(1), expected: "no_stream" as const }, ...group]
          assert.deepStrictEqual(
            (yield* store.appendGroup(again)).map(({ revision }) => revision),
            [0, 1, 1, 5]
          )
          for (const { stream, events } of again) {
            const filter = { streamPrefixes: [stream] }
            const ids = (yield* store.readAll({ filter })).map(({ id }) => id).slice(-events.length)
            assert.deepStrictEqual(
              ids,
              events.map(({ id }) => id)
            )
          }
        })
      )
    })
  )

  it.live("keeps the write-ahead log small, under load and when idle", () =>
    Effect.gen(function* () {
      const directory = newDirectory()
      yield* using(directory, (store) =>
        Effect.gen(function* () {
          const written = () => statSync(`${file(directory)}-wal`).size
          for (let n = 0; n < 120; n++) yield* store.append("names", [event("x".repeat(400_000))], n - 1)
          assert.isBelow(written(), 30_000_000)
          yield* Effect.sleep("600 millis")
          const before = statSync(file(directory)).size
          yield* store.append("names", [event("x".repeat(900_000))], 119)
          assert.strictEqual(statSync(file(directory)).size, before)
          while (statSync(file(directory)).size === before) yield* Effect.sleep("50 millis")
        })
      )
      assert.throws(() => statSync(`${file(directory)}-wal`))
    })
  )

  it.live("ends subscriptions when it closes, and answers nothing any more", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(EmbeddedEventStore.layerMemory, scope)
      const store = Context.get(context, EventStore)
      const waiting = yield* Effect.forkChild(failing("TST-STORE-CLOSED", Stream.runDrain(store.subscribe())))
      yield* Effect.sleep("20 millis")
      yield* Scope.close(scope, Exit.void)
      yield* Fiber.join(waiting)
      yield* failing("TST-STORE-CLOSED", store.append("names", [event()], "any"))
      yield* failing("TST-STORE-CLOSED", store.readAll())
    })
  )
})

describe("a fault of the caller's program", () => {
  it.live("is a defect of that call, and hurts nobody else", () =>
    using(newDirectory(), (store) =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(store.append("names", undefined as never, "any"))
        assert.isTrue(Exit.isFailure(exit) && exit.cause.reasons.every(({ _tag }) => _tag === "Die"))
        assert.strictEqual((yield* store.append("names", [event()], "no_stream")).revision, 0)
      })
    )
  )
})

describe("embedded store that cannot be used", () => {
  it.live("missing: a reader names the directory and makes nothing", () =>
    Effect.gen(function* () {
      const directory = newDirectory()
      const read = using(directory, (store) => store.head, "reader")
      assert.include(yield* failing("TST-STORE-MISSING", read), directory)
      assert.throws(() => statSync(directory))
      mkdirSync(directory)
      writeFileSync(file(directory), "")
      yield* failing("TST-STORE-MISSING", read)
    })
  )

  it.live("a reader does not append", () =>
    Effect.gen(function* () {
      const directory = yield* filled()
      const append = using(directory, (store) => store.append("names", [event()], "any"), "reader")
      yield* failing("TST-STORE-READER", append)
    })
  )

  it.live("a file where the directory should be", () =>
    Effect.gen(function* () {
      const path = join(base, "file")
      writeFileSync(path, "x")
      for (const directory of [path, join(path, "below"), "/\u0000"]) {
        yield* failing(
          "TST-STORE-DIRECTORY",
          using(directory, (store) => store.head)
        )
      }
    })
  )

  it.live("read-only: names the place", () =>
    Effect.gen(function* () {
      const [closed, store] = [newDirectory(), yield* filled()]
      mkdirSync(closed, { mode: 0o555 })
      const names = ["events.sqlite", "writer.lock"]
      for (const name of names) chmodSync(join(store, name), 0o444)
      chmodSync(store, 0o555)
      const isRoot = process.geteuid!() === 0
      if (isRoot) process.seteuid!(65_534) // to root nothing is read-only
      const restore = Effect.sync(() => {
        if (isRoot) process.seteuid!(0)
        chmodSync(store, 0o755)
      })
      yield* Effect.gen(function* () {
        for (const directory of [join(closed, "deeper"), closed, store]) {
          const message = yield* failing(
            "TST-STORE-READ-ONLY",
            using(directory, (store) => store.head)
          )
          assert.include(message, directory)
        }
        const message = yield* failing(
          "TST-STORE-READ-ONLY",
          using(store, (store) => store.head, "reader")
        )
        assert.include(message, "as the user that runs the node")
      }).pipe(Effect.ensuring(restore))
    })
  )

  it.runIf(existsSync("/proc/self"))("a directory where none can be made is refused, and not tried for ever", () => {
    assert.throws(() => makeDirectory("/proc/testudo/events"), "ENOENT")
  })

  it.live("not a database, another program's database, an impossible or a newer layout", () =>
    Effect.gen(function* () {
      const garbage = newDirectory()
      mkdirSync(garbage)
      writeFileSync(file(garbage), "a text of somebody else's, longer than the header of a database. ".repeat(20))
      const foreign = newDirectory()
      mkdirSync(foreign)
      tamper(foreign, "create table cookies(name text)")
      const impossible = yield* filled()
      tamper(impossible, "pragma user_version = 0")
      const incomplete = yield* filled()
      tamper(incomplete, "drop table kinds")
      for (const mode of ["writer", "reader"] as const) {
        for (const directory of [garbage, foreign, impossible, incomplete]) {
          const message = yield* failing(
            "TST-STORE-DAMAGED",
            using(directory, (store) => store.head, mode)
          )
          assert.include(message, file(directory))
        }
      }
      const newer = yield* filled()
      tamper(newer, "pragma user_version = 3")
      assert.include(
        yield* failing(
          "TST-STORE-NEWER",
          using(newer, (store) => store.head)
        ),
        "layout 3"
      )
      yield* failing(
        "TST-STORE-NEWER",
        using(newer, (store) => store.head, "reader")
      )
    })
  )

  it.live("a truncated file, an overwritten page", () =>
    Effect.gen(function* () {
      const truncated = yield* filled(500)
      truncateSync(file(truncated), 40_960)
      const overwritten = yield* filled(500)
      const content = readFileSync(file(overwritten))
      writeFileSync(file(overwritten), content.fill(0xee, 8192 * 5, 8192 * 20))
      for (const directory of [truncated, overwritten]) {
        const read = using(directory, (store) => store.readAll())
        assert.include(yield* failing("TST-STORE-DAMAGED", read), file(directory))
      }
    })
  )

  it.live("an event that was changed by hand: gives an `Unreadable` in its place, and reads the others", () =>
    Effect.gen(function* () {
      const changes = ["data = '{'", "data = '{\"address\": 1}'", "metadata = '[]'", 'metadata = \'{"version": "1"}\'']
      for (const change of changes) {
        const directory = yield* filled(3)
        tamper(directory, `update events set ${change} where position = 2`)
        yield* using(directory, (store) =>
          Effect.gen(function* () {
            const [, broken] = yield* store.readAll()
            assert.isTrue(broken !== undefined && isUnreadable(broken) && broken.data.type === "NameResolved")
            assert.deepStrictEqual((yield* store.readStream("names"))[1], broken)
            const given = yield* store.subscribe().pipe(Stream.takeUntil(isCaughtUp), Stream.runCollect)
            assert.deepStrictEqual(given[1], { _tag: "Event", event: broken! })
            assert.lengthOf(yield* store.readAll({ after: 2 }), 1)
            assert.strictEqual((yield* store.append("names", [event()], 2)).revision, 3)
          })
        )
      }
    })
  )

  it.live("deleted or replaced under its feet: acknowledges nothing", () =>
    Effect.gen(function* () {
      const directory = yield* filled()
      yield* using(directory, (store) =>
        Effect.gen(function* () {
          yield* store.append("names", [event()], 2)
          rmSync(directory, { recursive: true })
          yield* failing("TST-STORE-MOVED", store.append("names", [event()], 3))
          mkdirSync(directory)
          writeFileSync(file(directory), "")
          yield* failing("TST-STORE-MOVED", store.append("names", [event()], 3))
        })
      )
    })
  )

  it.live("locked by a database shell: says so, and goes on when it is closed", () =>
    Effect.gen(function* () {
      const directory = yield* filled()
      yield* using(directory, (store) =>
        Effect.gen(function* () {
          const shell = new DatabaseSync(file(directory))
          shell.exec("begin immediate")
          yield* failing("TST-STORE-BUSY", store.append("names", [event()], 2))
          assert.lengthOf(yield* store.readAll(), 3)
          shell.close()
          assert.strictEqual((yield* store.append("names", [event()], 2)).revision, 3)
        })
      )
    })
  )
})
