import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { activeAt } from "../../projections/active-bans.ts"
import { start } from "../../domain/decision/example.ts"
import { allowlistReplaced, decisionMade, decisionRetracted, overflowRaised } from "../../projections/example.ts"
import { EmbeddedEventStore } from "../event-store/embedded.ts"
import { EventStore } from "../event-store/event-store.ts"
import { Projections } from "./projections.ts"
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
            yield* projections.ready
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
          yield* projections.ready
          return yield* values()
        })
        yield* start({ directory }, life)
        const path = snapshotPath(directory, "active-bans")
        const saved = readFileSync(path, "utf8")
        assert.include(saved, "192.0.2.1")

        // A snapshot is believed: with another address in it (and the right checksum) that one is shown.
        const { createHash } = yield* Effect.promise(() => import("node:crypto"))
        const [header, body] = saved.replaceAll("192.0.2.1", "192.0.2.9").split("\n") as [string, string]
        const sha256 = createHash("sha256").update(body).digest("hex")
        const forged = `${JSON.stringify({ ...JSON.parse(header), sha256 })}\n${body}\n`
        writeFileSync(path, forged)
        assert.deepStrictEqual(yield* start({ directory, save: false }, life), ["192.0.2.9"])

        const foreign = forged.replace(/"event":"[^"]+"/, '"event":"00000000-0000-4000-8000-000000000000"')
        const otherVersion = forged.replace('"version":1', '"version":99')
        for (const damaged of [
          saved.replace("192.0.2.1", "192.0.2.8"),
          saved.slice(0, 200),
          "",
          "\n\n",
          foreign,
          otherVersion
        ]) {
          writeFileSync(path, damaged)
          assert.deepStrictEqual(yield* start({ directory, save: false }, life), ["192.0.2.1"])
        }
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
            yield* projections.ready
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
          })
        )
      })
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
          yield* projections.ready
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
