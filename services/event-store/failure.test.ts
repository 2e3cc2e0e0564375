import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { isUnreadable } from "../../domain/events/unreadable.ts"
import { event, isCaughtUp } from "./contract/sample.ts"
import { databaseFile, failing, filled, newDirectory, tamper, using } from "./embedded.fixture.ts"
import { makeDirectory } from "./layout.ts"

describe("embedded store that cannot be used", () => {
  it.live("missing: a reader names the directory and makes nothing", () =>
    Effect.gen(function* () {
      const directory = newDirectory()
      const read = using(directory, (store) => store.head, "reader")
      assert.include(yield* failing("TST-STORE-MISSING", read), directory)
      assert.throws(() => statSync(directory))
      mkdirSync(directory)
      writeFileSync(databaseFile(directory), "")
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
      const path = newDirectory()
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
      writeFileSync(
        databaseFile(garbage),
        "a text of somebody else's, longer than the header of a database. ".repeat(20)
      )
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
          assert.include(message, databaseFile(directory))
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
      truncateSync(databaseFile(truncated), 40_960)
      const overwritten = yield* filled(500)
      const content = readFileSync(databaseFile(overwritten))
      writeFileSync(databaseFile(overwritten), content.fill(0xee, 8192 * 5, 8192 * 20))
      for (const directory of [truncated, overwritten]) {
        const read = using(directory, (store) => store.readAll())
        assert.include(yield* failing("TST-STORE-DAMAGED", read), databaseFile(directory))
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
          writeFileSync(databaseFile(directory), "")
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
          const shell = new DatabaseSync(databaseFile(directory))
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
