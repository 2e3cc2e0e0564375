import { randomUUID } from "node:crypto"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { ProposedEvent } from "../../domain/events/event.ts"
import { NameResolved } from "../../domain/events/name-resolved.ts"
import { EventStore } from "../event-store/event-store.ts"
import { losing, onStore, type Store } from "../event-store/store.fixture.ts"
import type { Verdict } from "./judge.ts"
import { OffenderLog } from "./offender-log.ts"

const event = (): ProposedEvent =>
  NameResolved.propose(randomUUID(), { address: "192.0.2.1", name: "", outcome: "none" })

const verdict = (stream: string): Verdict => ({ stream, events: [event(), event()] })

const idsOf = (all: ReadonlyArray<Verdict>, stream: string): ReadonlyArray<string> =>
  all.flatMap((verdict) => (verdict.stream === stream ? verdict.events.map(({ id }) => id) : []))

const recorded = (store: Store, stream: string) =>
  Effect.map(store.readStored(-1, 100_000), (rows) => rows.filter((row) => row.stream === stream).map(({ id }) => id))

const [one, two] = ["offender-Ip:192.0.2.1", "offender-Ip:192.0.2.2"]

describe("verdicts", () => {
  for (const parts of [0, 1, 2, 3, 4])
    onStore(`are written once, in their order, when the answer about ${parts} of four is lost`, (store) =>
      Effect.gen(function* () {
        yield* store.append(two, [event()], "no_stream")
        const log = new OffenderLog({ after: -1 })
        const append = (all: ReadonlyArray<Verdict>, over: Store) =>
          log.append(all).pipe(Effect.provideService(EventStore, over))
        const first = [verdict(one), verdict(one), verdict(two), verdict(one)]
        const second = [verdict(two), verdict(one), verdict(two), verdict(one)]
        yield* append(first, losing(store, Math.min(parts, 2)))
        yield* append(second, losing(store, parts))
        assert.deepStrictEqual(yield* recorded(store, one), idsOf([...first, ...second], one))
        assert.deepStrictEqual((yield* recorded(store, two)).slice(1), idsOf([...first, ...second], two))
      })
    )

  onStore(
    "of one who ran over very often are written once, when another's dossier is elsewhere than thought",
    (store) =>
      Effect.gen(function* () {
        yield* store.append(two, [event()], "no_stream")
        const many = Array.from({ length: 1_800 }, () => verdict(one))
        const all = [...many.slice(0, 900), verdict(two), ...many.slice(900)]
        yield* new OffenderLog({ after: -1 }).append(all).pipe(Effect.provideService(EventStore, store))
        assert.deepStrictEqual(yield* recorded(store, one), idsOf(all, one))
        assert.strictEqual((yield* recorded(store, two)).length, 3)
      })
  )

  onStore("that another process, which was further, wrote too late are found, also those of later batches", (store) =>
    Effect.gen(function* () {
      const all = [verdict(one), verdict(two), verdict(one), verdict(one)]
      const append = (log: OffenderLog, some: ReadonlyArray<Verdict>) =>
        log.append(some).pipe(Effect.provideService(EventStore, store))
      yield* store.append(one, [event()], "no_stream")
      yield* append(new OffenderLog({ after: -1 }), all)
      const log = new OffenderLog({ after: 1 })
      for (const each of [...all, verdict(one)]) yield* append(log, [each])
      assert.deepStrictEqual((yield* recorded(store, one)).slice(1, 7), idsOf(all, one))
      assert.strictEqual((yield* recorded(store, one)).length, 9)
      assert.deepStrictEqual(yield* recorded(store, two), idsOf(all, two))
    })
  )

  onStore("stand behind events of a newer version, which this one cannot read", (store) =>
    Effect.gen(function* () {
      const later = { ...event(), type: "ofTomorrow" }
      yield* store.append(one, [event(), later], "no_stream")
      const given = verdict(one)
      yield* new OffenderLog({ after: -1 }).append([given]).pipe(Effect.provideService(EventStore, store))
      assert.deepStrictEqual((yield* recorded(store, one)).slice(2), idsOf([given], one))
    })
  )
})
