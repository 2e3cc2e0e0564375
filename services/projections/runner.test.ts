import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import type { Json } from "effect/Schema"
import * as Stream from "effect/Stream"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { activeAt, activeBans } from "../../projections/active-bans.ts"
import { start } from "../../domain/decision/example.fixture.ts"
import {
  allowlistReplaced,
  bouncerRegistered,
  decisionMade,
  decisionRetracted,
  overflowRaised
} from "../../projections/example.fixture.ts"
import { reputation } from "../../projections/reputation.ts"
import { EmbeddedEventStore } from "../event-store/embedded.ts"
import { EventStore } from "../event-store/event-store.ts"
import { place } from "./place.ts"
import { Projections, places } from "./projections.ts"
import { projectionsLayer, type RunnerOptions } from "./runner.ts"
import { snapshotPath } from "./snapshot.ts"

const append = Effect.fnUntraced(function* (...events: ReadonlyArray<TestudoEvent>) {
  const store = yield* EventStore
  let position = -1
  for (const { id, type, data, metadata, stream } of events)
    position = (yield* store.append(stream, [{ id, type, data, metadata }], "any")).position
  return position
})

const values = Effect.fnUntraced(function* () {
  const { states } = yield* Projections
  return activeAt(states().activeBans, start).map(({ value }) => value)
})

const made = (number: number, value: string, position = number) => decisionMade({ number, value }, { position })

/** Runs over one store; each `start` is one life of the runner. */
const lives = (
  use: (
    start: <A, E>(
      options: RunnerOptions,
      life: Effect.Effect<A, E, Projections | EventStore>
    ) => Effect.Effect<A, unknown, EventStore>,
    directory: string
  ) => Effect.Effect<void, unknown, EventStore>
) => {
  const directory = mkdtempSync(join(tmpdir(), "projections-"))
  return use((options, life) => life.pipe(Effect.provide(projectionsLayer(options), { local: true })), directory).pipe(
    Effect.provide(EmbeddedEventStore.layerMemory),
    Effect.ensuring(Effect.sync(() => rmSync(directory, { recursive: true })))
  )
}

describe("the runner of the projections", () => {
  it.live("folds the history, then what is appended, and tells of changes", () =>
    lives((start) =>
      Effect.gen(function* () {
        yield* append(made(1, "192.0.2.1"))
        yield* start(
          {},
          Effect.gen(function* () {
            const projections = yield* Projections
            yield* projections.ready()
            assert.deepStrictEqual(yield* values(), ["192.0.2.1"])
            const change = yield* projections.changes.pipe(Stream.runHead, Effect.forkChild({ startImmediately: true }))
            const position = yield* append(made(2, "192.0.2.2"))
            yield* projections.settled(position)
            assert.deepStrictEqual(yield* values(), ["192.0.2.1", "192.0.2.2"])
            const first = yield* Fiber.join(change)
            assert.deepStrictEqual(first._tag === "Some" ? first.value.decisions : [], [2])
          })
        )
      })
    )
  )

  it.live("settles on a position whose event it does not fold", () =>
    lives((start) =>
      start(
        {},
        Effect.gen(function* () {
          const store = yield* EventStore
          const { position } = yield* store.append(
            "names",
            [
              {
                id: "0b5e9f0e-0000-4000-8000-000000000001",
                type: "NameResolved",
                data: { address: "192.0.2.1", name: "", outcome: "none" },
                metadata: { version: 1 }
              }
            ],
            "any"
          )
          yield* (yield* Projections).settled(position).pipe(Effect.timeout("5 seconds"))
        })
      )
    )
  )

  it.live("goes on from its snapshots, and folds anew when one is damaged, foreign or of another version", () =>
    lives((start, directory) =>
      Effect.gen(function* () {
        yield* append(made(1, "192.0.2.1"), overflowRaised({}, { position: 2 }))
        const life = Effect.gen(function* () {
          const projections = yield* Projections
          yield* projections.ready()
          return yield* values()
        })
        yield* start({ directory }, life)
        const path = snapshotPath(directory, "active-bans")
        const saved = readFileSync(path, "utf8")
        assert.include(saved, "192.0.2.1")

        // A snapshot is believed: with another address in it (and the right checksum) that one is shown.
        const { createHash } = yield* Effect.promise(() => import("node:crypto"))
        const [header, ...lines] = saved.replaceAll("192.0.2.1", "192.0.2.9").split("\n") as [string, ...Array<string>]
        const body = lines.join("\n")
        const sha256 = createHash("sha256").update(body).digest("hex")
        const forged = `${JSON.stringify({ ...JSON.parse(header), sha256 })}\n${body}`
        writeFileSync(path, forged)
        assert.deepStrictEqual(yield* start({ directory, save: false }, life), ["192.0.2.9"])

        const foreign = forged.replace(/"event":"[^"]+"/, '"event":"00000000-0000-4000-8000-000000000000"')
        const otherVersion = forged.replace('"version":1', '"version":99')
        const otherLayout = forged.replace('"layout":2', '"layout":1')
        for (const damaged of [
          saved.replace("192.0.2.1", "192.0.2.8"),
          saved.slice(0, 200),
          "",
          "\n\n",
          foreign,
          otherVersion,
          otherLayout
        ]) {
          writeFileSync(path, damaged)
          assert.deepStrictEqual(yield* start({ directory, save: false }, life), ["192.0.2.1"])
        }
      })
    )
  )

  it.live("writes a snapshot piece by piece: its whole text may be longer than a text can be", () =>
    lives((start, directory) =>
      Effect.gen(function* () {
        const reason = "x".repeat(2_000)
        for (let number = 1; number <= 200; number++)
          yield* append(decisionMade({ number, value: `192.0.2.${number}`, reason }, { position: number }))
        let written = 0
        const watched: typeof activeBans = {
          ...activeBans,
          encode: (state) => {
            const { lastNumber, ...encoded } = activeBans.encode(state) as Record<string, Json>
            return Object.defineProperty({ ...encoded }, "lastNumber", {
              enumerable: true,
              get: () => {
                written = Math.max(...readdirSync(directory).map((name) => statSync(join(directory, name)).size))
                return lastNumber
              }
            }) as Json
          }
        }
        const life = Effect.gen(function* () {
          yield* (yield* Projections).ready()
          return (yield* values()).length
        })
        assert.strictEqual(yield* start({ directory, places: { ...places(), activeBans: place(watched) } }, life), 200)
        assert.isAbove(written, 300_000)
        assert.strictEqual(yield* start({ directory, save: false }, life), 200)
      })
    )
  )

  it.live("parks a projection that cannot fold an event, and no other", () =>
    lives((start) =>
      Effect.gen(function* () {
        yield* start(
          {},
          Effect.gen(function* () {
            const projections = yield* Projections
            yield* projections.ready()
            yield* projections.settled(yield* append(made(1, "192.0.2.1")))
            Object.defineProperty(projections.states().activeBans, "allowlists", {
              get: () => {
                throw new Error("the state is broken")
              }
            })
            const position = yield* append(made(2, "192.0.2.2"), overflowRaised({}, { position: 3 }))
            const error = yield* projections.settled(position).pipe(Effect.flip)
            assert.strictEqual(error._tag === "ProjectionParked" ? error.code : "", "TST-PROJECTION-PARKED")
            assert.include(error.message, "the state is broken")
            assert.deepStrictEqual(
              projections.parked().map(({ projection }) => projection),
              ["active-bans"]
            )
            assert.strictEqual(projections.states().reputation.offenders.size, 3)
            // It shows what was before the event, and no half of it.
            while ((yield* values()).length !== 1) yield* Effect.sleep("2 millis")
            assert.deepStrictEqual(yield* values(), ["192.0.2.1"])
          })
        )
      })
    )
  )

  it.live("tells when it is broken itself: a node must not go on with what stands still", () =>
    lives((start) => {
      const activeBansPlace = places().activeBans
      const fault = new Error("a fault of our own")
      const leftOut = () => {
        if (activeBansPlace.position() < 0) return undefined
        throw fault
      }
      return start(
        { places: { ...places(), activeBans: { ...activeBansPlace, leftOut } } },
        Effect.gen(function* () {
          const { broken, ready } = yield* Projections
          yield* ready()
          const told = yield* Effect.forkChild(Effect.exit(broken))
          yield* append(made(1, "192.0.2.1"))
          const exit = yield* Fiber.join(told)
          assert.isTrue(Exit.isFailure(exit) && Cause.squash(exit.cause) === fault)
        })
      )
    })
  )

  it.live("lets a parked projection go on after a restart with a version that can fold the event", () =>
    lives((start, directory) =>
      Effect.gen(function* () {
        yield* append(made(1, "192.0.2.1"))
        yield* start(
          { directory },
          Effect.flatMap(Projections, ({ ready }) => ready())
        )
        const bad = made(2, "192.0.2.2")
        yield* append(bad, made(3, "192.0.2.3"))
        const limited: typeof activeBans = {
          ...activeBans,
          evolve: (state, event) => {
            if (event.id === bad.id) throw new Error("what is this?")
            return activeBans.evolve(state, event)
          }
        }
        const life = Effect.gen(function* () {
          const projections = yield* Projections
          yield* projections.ready()
          return { values: yield* values(), progress: yield* projections.progress }
        })
        for (let restart = 0; restart < 2; restart += 1) {
          const stuck = yield* start({ directory, places: { ...places(), activeBans: place(limited) } }, life)
          assert.deepStrictEqual(stuck.values, ["192.0.2.1"])
          const [bans, reputations] = stuck.progress
          assert.strictEqual(bans?.parked?.event, bad.id)
          assert.isAbove(reputations!.position, bans!.position)
        }
        const mended = yield* start({ directory }, life)
        assert.deepStrictEqual(mended.values, ["192.0.2.1", "192.0.2.2", "192.0.2.3"])
        assert.strictEqual(mended.progress[0]!.parked, undefined)
      })
    )
  )

  it.live("leaves out an event that is not readable, says so, and saves nothing behind it", () => {
    const folder = mkdtempSync(join(tmpdir(), "projections-"))
    const store = EmbeddedEventStore.layer({ directory: folder, mode: "writer" })
    const said: Array<string> = []
    return Effect.gen(function* () {
      yield* append(
        bouncerRegistered("one", "a".repeat(128), { position: 0 }),
        made(2, "192.0.2.2"),
        made(3, "192.0.2.3")
      )
      yield* append(bouncerRegistered("two", "b".repeat(128), { position: 1 }))
      const database = new DatabaseSync(join(folder, "events.sqlite"))
      database.exec("update events set data = '{}' where position = 2")
      database.close()
      yield* Effect.gen(function* () {
        const projections = yield* Projections
        yield* projections.ready()
        const { bouncers, activeBans } = projections.states()
        assert.deepStrictEqual([...bouncers.byName.keys()], ["one", "two"])
        assert.deepStrictEqual(
          [...activeBans.decisions.all()].map(({ number }) => number),
          [3]
        )
        assert.deepStrictEqual(projections.parked(), [])
        yield* projections.settled(4)
      }).pipe(
        Effect.provide(projectionsLayer({ directory: join(folder, "snapshots") })),
        Effect.provide(Logger.layer([Logger.make(({ message }) => void said.push(String(message)))]))
      )
      assert.deepStrictEqual(
        said.map((line) => /^The projection ([\w-]+) leaves out event .* \(DecisionMade, position 2\)/.exec(line)?.[1]),
        ["active-bans", "reputation"]
      )
      assert.deepStrictEqual(
        readdirSync(join(folder, "snapshots")).filter((name) => /^(?:active-bans|reputation)/.test(name)),
        []
      )
    }).pipe(Effect.provide(store), Effect.ensuring(Effect.sync(() => rmSync(folder, { recursive: true }))))
  })

  it.live("rebuilds a projection of another version, while those with snapshots wait for nobody", () =>
    lives((start, directory) =>
      Effect.gen(function* () {
        yield* append(made(1, "192.0.2.1"), made(2, "192.0.2.2"))
        yield* start(
          { directory },
          Effect.flatMap(Projections, ({ ready }) => ready())
        )
        yield* append(made(3, "192.0.2.3"))
        let folded: Array<number> = []
        const newer = (reads: ReadonlyArray<number>): typeof reputation => ({
          ...reputation,
          version: 2,
          reads,
          evolve: (state, event) => {
            folded.push(event.position)
            return reputation.evolve(state, event)
          }
        })
        const life = Effect.gen(function* () {
          const projections = yield* Projections
          yield* projections.ready("activeBans")
          yield* projections.ready()
          const position = yield* append(made(4 + folded.length, "192.0.2.9"))
          yield* projections.settled(position)
          assert.strictEqual(projections.position("reputation"), projections.position("activeBans"))
          return [...folded]
        })
        const anew = { ...places(), reputation: place(newer([])) }
        assert.deepStrictEqual(yield* start({ directory, save: false, places: anew }, life), [1, 2, 3, 4])
        folded = []
        const fromOldest = { ...places(), reputation: place(newer([1])) }
        assert.deepStrictEqual(yield* start({ directory, places: fromOldest }, life), [3, 4, 5])
        folded = []
        const again = { ...places(), reputation: place(newer([1])) }
        assert.deepStrictEqual(yield* start({ directory, places: again }, life), [6])
      })
    )
  )

  it.live("tells how far the projections are behind", () =>
    lives((start) =>
      start(
        {},
        Effect.gen(function* () {
          const projections = yield* Projections
          const position = yield* append(made(1, "192.0.2.1"))
          yield* projections.settled(position)
          const progress = yield* projections.progress
          assert.lengthOf(progress, 4)
          for (const { lagSeconds, position: at } of progress) {
            assert.isAtMost(lagSeconds, 5)
            assert.isAtLeast(at, position)
          }
        })
      )
    )
  )

  it.live("shows the states as of a past time", () =>
    lives((start) =>
      start(
        {},
        Effect.gen(function* () {
          const projections = yield* Projections
          const first = made(1, "192.0.2.1")
          yield* append(first)
          yield* Effect.sleep("20 millis")
          const between = Date.now()
          yield* Effect.sleep("20 millis")
          yield* append(
            made(2, "192.0.2.2"),
            decisionRetracted(first, { position: 9 }),
            allowlistReplaced("machine", ["198.51.100.1"], { position: 10 })
          )
          const active = (time: number) =>
            projections.at(time).pipe(Effect.map(({ activeBans }) => activeAt(activeBans, 0).map(({ value }) => value)))
          assert.deepStrictEqual(yield* active(between), ["192.0.2.1"])
          assert.deepStrictEqual(yield* active(Date.now() + 1), ["192.0.2.2"])
          assert.deepStrictEqual(yield* active(0), [])
        })
      )
    )
  )

  it.live("keeps nothing of one life but the snapshots", () =>
    lives((start, directory) =>
      Effect.gen(function* () {
        const life = Effect.gen(function* () {
          const projections = yield* Projections
          yield* projections.ready()
          return [...(yield* values())]
        })
        for (let number = 1; number <= 5; number += 1) {
          yield* append(made(number, `192.0.2.${number}`))
          const expected = Array.from({ length: number }, (_, index) => `192.0.2.${index + 1}`)
          assert.deepStrictEqual(yield* start({ directory }, life), expected)
        }
      })
    )
  )
})
