/** Truncation and deletion leave a log that still verifies, and nothing else may take an event away. */
import { DatabaseSync } from "node:sqlite"
import { randomUUID } from "node:crypto"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { NameResolved } from "../../domain/events/name-resolved.ts"
import type { Store } from "./contract/sample.ts"
import { databaseFile, newDirectory, using } from "./embedded.fixture.ts"
import { verifyEmbedded } from "./verify-embedded.ts"

const event = () => NameResolved.propose(randomUUID(), { address: "203.0.113.7", name: "", outcome: "none" })

const writing = <A, E>(directory: string, use: (store: Store) => Effect.Effect<A, E>) =>
  Effect.runPromise(using(directory, use))

const verified = (directory: string) => Effect.runPromise(verifyEmbedded(directory))

const sql = (directory: string, statement: string): unknown => {
  const db = new DatabaseSync(databaseFile(directory))
  try {
    return Object.values(db.prepare(statement).get() ?? {})[0]
  } finally {
    db.close()
  }
}

const streams = ["names-a", "names-b", "names-c"]
const command = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      stream: fc.nat({ max: 2 }),
      count: fc.integer({ min: 1, max: 4 })
    })
  },
  fc.record({ do: fc.constant("truncate" as const), stream: fc.nat({ max: 2 }), before: fc.nat({ max: 12 }) }),
  fc.record({ do: fc.constant("delete" as const), stream: fc.nat({ max: 2 }) })
)

it("whatever is dropped in whatever order, the rest verifies and what is missing is accounted for", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 25 }), async (commands) => {
      const directory = newDirectory()
      let appended = 0
      await writing(directory, (store) =>
        Effect.gen(function* () {
          for (const step of commands) {
            const stream = streams[step.stream]!
            if (step.do === "append") {
              yield* store.append(stream, Array.from({ length: step.count }, event), "any")
              appended += step.count
            } else yield* step.do === "truncate" ? store.truncate(stream, step.before) : store.deleteStream(stream)
          }
        })
      )
      const { findings, events, dropped } = await verified(directory)
      expect(findings).toEqual([])
      const audits = Number(
        sql(directory, "select count(*) from events join streams using (stream) where name = 'audit'")
      )
      expect(events - audits + dropped).toBe(appended)
      // Neighbouring gaps are one.
      expect(
        sql(
          directory,
          `select count(*) from gaps a join gaps b on b.first > a.last and not exists
             (select * from events where position > a.last and position < b.first)
             and not exists (select * from gaps c where c.last > a.last and c.first < b.first and c.last <> b.last)`
        )
      ).toBe(0)
    }),
    { numRuns: 25 }
  )
}, 600_000)

it("an event that somebody hides among the dropped ones is missed", async () => {
  const hidden = async (counted: number) => {
    const directory = newDirectory()
    await writing(directory, (store) =>
      Effect.gen(function* () {
        for (let n = 0; n < 10; n++) yield* store.append("names-a", [event()], "any")
        yield* store.truncate("names-a", 4)
      })
    )
    expect((await verified(directory)).findings).toEqual([])
    const db = new DatabaseSync(databaseFile(directory))
    db.exec(`
      update gaps set last = 5, events = events + ${counted}, link = (select link from events where position = 5);
      delete from events where position = 5;
      update streams set first = 5 where name = 'names-a'`)
    db.close()
    return (await verified(directory)).findings
  }
  expect(await hidden(1)).toEqual([
    { position: null, message: "5 events were dropped, but the stream audit tells of 4" }
  ])
  expect(await hidden(0)).toEqual([
    { position: 5, message: "5 events are missing here, but only 4 are said to be dropped" }
  ])
})

it("many drops at once are told of in few events", async () => {
  const directory = newDirectory()
  const told = await writing(directory, (store) =>
    Effect.gen(function* () {
      for (let n = 0; n < 60; n++) yield* store.append(`names-${n}`, [event(), event()], "no_stream")
      yield* Effect.all(
        Array.from({ length: 60 }, (_, n) => store.deleteStream(`names-${n}`)),
        { concurrency: "unbounded" }
      )
      return yield* store.readStream("audit")
    })
  )
  expect(told.length).toBeLessThan(10)
  const counts = told.map((event) => (event.type === "EventsDropped" ? event.data.events : 0))
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(120)
  expect((await verified(directory)).findings).toEqual([])
})
