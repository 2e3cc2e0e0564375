/**
 * The other process of the tests: `node other-process.fixture.ts hold|append|follow DIRECTORY`.
 *
 * - `hold` opens the store as its writer, announces a socket and says `held`.
 * - `append` appends numbered events to three streams for as long as it lives, and says what was acknowledged:
 *   `STREAM COUNT` means that the stream's first COUNT events are durable. It first reads where it was.
 * - `follow` reads beside the writer and says each event's id and when it is live.
 */
import { writeSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { derivedId } from "../../domain/events/derived-id.ts"
import { NameResolved } from "../../domain/events/name-resolved.ts"
import { EmbeddedEventStore } from "./embedded.ts"
import { EventStore, type StreamAppend } from "./event-store.ts"

/** Synchronous, so that what was said was acknowledged before, and nothing that was acknowledged goes unsaid for long. */
const say = (line: string): void => void writeSync(1, `${line}\n`)

const streams = ["names-a", "names-b", "names-c"] as const

const batch = (stream: string, from: number, count: number): StreamAppend => ({
  stream,
  expected: from === 0 ? "no_stream" : from - 1,
  events: Array.from({ length: count }, (_, index) =>
    NameResolved.propose(derivedId(stream, from + index), {
      address: "203.0.113.7",
      name: `${from + index} ${"x".repeat((from + index) % 700)}`,
      outcome: "answered"
    })
  )
})

const append = EventStore.use((store) =>
  Effect.gen(function* () {
    const counts = new Map<string, number>()
    for (const stream of streams) {
      const last = yield* store.readStream(stream, { direction: "backwards", limit: 1 })
      counts.set(stream, (last[0]?.revision ?? -1) + 1)
    }
    say("ready")
    for (let round = 0; ; round++) {
      const parts = streams.map((stream, index) =>
        batch(stream, counts.get(stream)!, 1 + ((round * 7 + index * 31) % 60))
      )
      const written = round % 2 === 0 ? parts : [parts[round % 3]!]
      yield* store.appendGroup(written)
      for (const { stream, events } of written) {
        counts.set(stream, counts.get(stream)! + events.length)
        say(`${stream} ${counts.get(stream)}`)
      }
      yield* Effect.yieldNow
    }
  })
)

const follow = EventStore.use((store) =>
  Stream.runForEach(store.subscribe(), (item) =>
    Effect.sync(() => say(item._tag === "Event" ? item.event.id : "caught up"))
  )
)

const [what, directory = ""] = process.argv.slice(2)

const hold = Effect.andThen(
  Effect.sync(() => say("held")),
  Effect.sleep("1 hour")
)

const layer = EmbeddedEventStore.layer({
  directory,
  mode: what === "follow" ? "reader" : "writer",
  announce: { socket: "/run/testudo.sock" }
})
const task = what === "hold" ? hold : what === "append" ? append : follow
await Effect.runPromise(Effect.provide(task, layer)).catch((error: unknown) => {
  say(`${(error as { code?: string }).code}: ${(error as Error).message}`)
  process.exitCode = 1
})
