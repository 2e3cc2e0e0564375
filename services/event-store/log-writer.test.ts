import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { event, events } from "./contract/sample.ts"
import { databaseFile, failing, filled, newDirectory, tamper, using } from "./embedded.fixture.ts"
import { EventLog } from "./event-log.ts"
import { storeFailureOf } from "./failure.ts"
import { openForWriting } from "./layout.ts"
import { LogWriter } from "./log-writer.ts"

describe("what cannot be written", () => {
  it.live("leaves nothing of a part that fails and nothing of a transaction that fails", () =>
    Effect.gen(function* () {
      const path = databaseFile(newDirectory())
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
})
