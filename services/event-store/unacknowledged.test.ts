/** An append that is written, but of which the head record does not tell: the disk failed between the two. */
import { randomUUID } from "node:crypto"
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { afterAll } from "vitest"
import { memoryFolder } from "../../fixtures/memory-folder.ts"
import { NameResolved } from "../../domain/events/name-resolved.ts"
import { EmbeddedEventStore } from "./embedded.ts"
import { EventStore } from "./event-store.ts"

const directory = memoryFolder("testudo-unacknowledged-")
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const event = () => NameResolved.propose(randomUUID(), { address: "192.0.2.1", name: "", outcome: "none" })

/** The descriptors are those of all threads: the one of the writer's gets another file behind it. */
const swap = (from: string, to: string): void => {
  const descriptor = readdirSync("/proc/self/fd").find((each) => {
    try {
      return readlinkSync(`/proc/self/fd/${each}`) === from
    } catch {
      return false
    }
  })
  closeSync(Number(descriptor))
  assert.strictEqual(openSync(to, "r+"), Number(descriptor))
}

const positions = (): ReadonlyArray<number> => {
  const slots = readFileSync(join(directory, "head"))
  return [0, slots.length / 2].map((slot) => Number(slots.readBigInt64LE(slot)))
}

it.live.skipIf(!existsSync("/dev/full"))(
  "reaches those who follow, and is acknowledged when it is repeated; the last good record stays",
  () =>
    Effect.gen(function* () {
      const store = yield* EventStore
      const head = join(directory, "head")
      const [one, two] = [event(), event()]
      const followed = yield* store.subscribe().pipe(
        Stream.filterMap((item) => (item._tag === "Event" ? Result.succeed(item.event.id) : Result.fail(undefined))),
        Stream.take(2),
        Stream.runCollect,
        Effect.forkChild
      )
      const first = yield* store.append("names", [one], "no_stream")
      swap(head, "/dev/full")
      const error = yield* Effect.flip(store.append("names", [two], 0))
      assert.strictEqual(error._tag === "StoreUnavailable" ? error.code : error._tag, "TST-STORE-FULL")
      assert.deepStrictEqual([...(yield* Fiber.join(followed))], [one.id, two.id])
      swap("/dev/full", head)
      const second = yield* store.append("names", [two], 0)
      assert.strictEqual(second.revision, 1)
      assert.deepStrictEqual([...positions()].sort(), [first.position, second.position])
    }).pipe(Effect.provide(EmbeddedEventStore.layer({ directory, mode: "writer" })))
)
