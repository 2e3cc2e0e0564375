/** What a check says of a log, while it is written to and after somebody changed it. */
import { randomUUID } from "node:crypto"
import { DatabaseSync } from "node:sqlite"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { acceptLoss } from "./accept-loss.ts"
import { contentOf, linkOf, origin, type StoredEvent } from "./chain.ts"
import { events, type Store } from "./contract/sample.ts"
import { databaseFile, failing, filled, findingsOf, newDirectory, tamper, using, verified } from "./embedded.fixture.ts"
import { verifyEmbedded } from "./verify-embedded.ts"

const inStore = <A, E>(directory: string, use: (store: Store) => Effect.Effect<A, E>) =>
  Effect.runPromise(using(directory, use))

const twenty = () => Effect.runPromise(filled(20))

describe("a log that somebody changed", () => {
  const changes: ReadonlyArray<readonly [what: string, sql: string, position: number]> = [
    ["the data", `update events set data = replace(data, 'host-6', 'host-7') where position = 7`, 7],
    [
      "the type",
      `insert into kinds(category, type) values ('names', 'X'); update events set kind = 2 where position = 7`,
      7
    ],
    ["the time", "update events set recorded_at = recorded_at - 1 where position = 7", 7],
    ["the metadata", `update events set metadata = '{"version":1,"$causationId":"x"}' where position = 7`, 7],
    ["the id", `update events set id = '${randomUUID()}' where position = 7`, 7],
    ["the link", "update events set link = zeroblob(32) where position = 7", 7],
    ["the stream", "insert into streams(name) values ('other'); update events set stream = 2 where position = 7", 7],
    ["an event less", "delete from events where position = 7", 8],
    ["the first event less", "delete from events where position = 1", 2],
    [
      "an event hidden as dropped",
      "insert into gaps select 7, 7, 1, link from events where position = 7; delete from events where position = 7",
      8
    ],
    ["what readers look for it under", "update kinds set category = 'other' where kind = 1", 1],
    ["what counts as the original", "update events set content = zeroblob(32) where position = 7", 7]
  ]
  for (const [what, sql, position] of changes) {
    it(`${what}: the check names the place`, async () => {
      const directory = await twenty()
      tamper(directory, sql)
      const findings = await findingsOf(directory)
      expect(findings[0]?.position).toBe(position)
    })
  }

  it("and computed its chain anew: the head record tells, and so does a head kept elsewhere", async () => {
    const directory = await twenty()
    const { head } = await verified(directory)
    const db = new DatabaseSync(databaseFile(directory))
    db.exec(`update events set data = replace(data, 'host-6', 'host-7') where position = 7`)
    let link: Uint8Array = origin
    const rows = db.prepare(
      `select position, name as stream, revision, type, recorded_at as recordedAt, id, metadata, data
       from events join streams using (stream) join kinds using (kind) order by position`
    )
    for (const row of rows.all()) {
      link = linkOf(link, contentOf(row as unknown as StoredEvent))
      db.prepare("update events set link = ? where position = ?").run(link, (row as { position: number }).position)
    }
    db.close()
    expect((await findingsOf(directory))[0]).toEqual({
      position: 20,
      message: expect.stringContaining("the head record tells of: its chain was computed anew")
    })
    await Effect.runPromise(
      failing(
        "TST-STORE-LOST",
        using(directory, ({ head }) => head)
      )
    )
    await Effect.runPromise(acceptLoss(directory, "mallory"))
    expect(await findingsOf(directory)).toEqual([])
    expect((await findingsOf(directory, head!))[0]).toEqual({
      position: 20,
      message: expect.stringContaining("the given head tells of")
    })
  })

  it("is clean against every head that was ever printed", async () => {
    const directory = newDirectory()
    const heads: Array<string> = []
    for (let n = 0; n < 4; n++) {
      await inStore(directory, (store) => store.append("names", events(3), n * 3 - 1))
      heads.push((await verified(directory)).head!)
    }
    for (const head of heads) expect(await findingsOf(directory, head)).toEqual([])
    const later = `99-${heads[0]!.split("-")[1]}`
    expect((await findingsOf(directory, later))[0]?.message).toContain("the last events are missing")
  })

  it("in its tables: the check says so", async () => {
    const directory = await twenty()
    tamper(directory, "drop index events_by_kind")
    expect((await findingsOf(directory))[0]?.message).toContain("tables were changed")
  })
})

describe("the check", () => {
  it("runs beside a busy writer", async () => {
    const directory = newDirectory()
    await inStore(directory, (store) =>
      Effect.gen(function* () {
        const write = Effect.gen(function* () {
          for (let n = 0; n < 60; n++) yield* store.append(`names-${n % 3}`, events(20), "any")
        })
        const check = Effect.forEach(Array.from({ length: 8 }), () => verifyEmbedded(directory), { discard: false })
        const [results] = yield* Effect.all([check, write], { concurrency: "unbounded" })
        for (const { findings } of results) expect(findings).toEqual([])
      })
    )
    expect((await verified(directory)).events).toBe(1200)
  })
})
