/** The pipe at work: logs are read and appended, what is in the log is judged, what was decided is told. */
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { formatProblem } from "../../domain/document/problem.ts"
import { activeAt } from "../../projections/active-bans.ts"
import { acquire } from "../acquisition/acquisition.ts"
import { fileSource } from "../acquisition/file-source.ts"
import { play, touch } from "../acquisition/player.ts"
import { ApiServer } from "../api/server.ts"
import type { Configuration } from "../configuration/configuration.ts"
import { Detection } from "../engine/detection.ts"
import { Intake } from "../engine/intake.ts"
import type { Part } from "../engine/part.ts"
import { EventStore } from "../event-store/event-store.ts"
import { following } from "../event-store/following.ts"
import { loadHub } from "../hub/hub.ts"
import { foldersOf } from "../hub/watch.ts"
import { Projections } from "../projections/projections.ts"
import { Retention } from "../retention/retention.ts"
import { allowlistNames, allowlistsOf, replaceAllowlists } from "./allowlists.ts"
import { announce, announced } from "./announcement.ts"
import { edits, hubOptions, reloadAllowlists, reloadRules, say } from "./reload.ts"
import { sparingly } from "./sparingly.ts"
import { welcome, welcomeAgent } from "./welcome.ts"

/** How often old events are dropped. */
const forgetEvery = "10 minutes"

/**
 * How often the engine's state is kept while it runs, at most; also when it stops. It may take seconds, in which nothing is
 * judged: after an edit of parsers the lines that buckets hold are parsed for it once more, each time.
 */
const keepEvery = Duration.seconds(60)

export interface PipeOptions {
  readonly part: Part
  /** Reads the configuration again after an edit; undefined when it has errors, which it has said then. */
  readonly reread: Effect.Effect<Configuration | undefined>
}

/** Rules and allowlists into the log; what is left is to follow the log, and edits of both. */
const prepare = Effect.fnUntraced(function* (configuration: Configuration, { part, reread }: PipeOptions) {
  const detection = yield* Detection
  const names = allowlistNames(part)
  // Watched before they are read: an edit in between is seen.
  const ruleEdits = yield* edits(foldersOf(hubOptions(configuration)))
  const configurationEdits = yield* edits([configuration.file])
  const allowed = yield* replaceAllowlists(allowlistsOf(configuration, names))
  const loaded = yield* loadHub(hubOptions(configuration))
  const { problems, inventory } = yield* detection.activate(loaded.files)
  yield* say([...loaded.problems, ...problems])
  const work = [
    detection.follow,
    sparingly(detection.keep, keepEvery),
    reloadRules(configuration, ruleEdits),
    reloadAllowlists(configuration, configurationEdits, { reread, names })
  ]
  return { inventory, allowed, work }
})

/** Reads the logs that the configuration names, and plays its samples. */
const reading = Effect.fnUntraced(function* (configuration: Configuration, { node }: Part) {
  const detection = yield* Detection
  const intake = yield* Intake.make
  // Played files are there before they are looked for; what is wrong with one, the player says.
  yield* Effect.forEach(configuration.play, ({ into }) => Effect.ignore(touch(into)), { discard: true })
  const read = acquire({
    sources: configuration.acquisition.flatMap(({ files, type, labels, timezone, start }) =>
      files.map((path) => fileSource({ path, labels: { ...labels, type }, zone: timezone, start }))
    ),
    node,
    sink: { append: (batches) => detection.arriving(intake.append(batches)) },
    recent: (source, most) => intake.recent(source, most),
    timeOf: detection.timeOf,
    report: (problem) => console.error(formatProblem(problem))
  })
  const players = configuration.play.map(({ from, into, speed }) =>
    play({ from, into, pace: { speed } }).pipe(
      // A sample that cannot be played is no reason to leave the other logs unwatched.
      Effect.catchTag("NotPlayed", ({ code, message }) => Console.error(`${message} (${code})`)),
      Effect.andThen(Effect.never)
    )
  )
  return [read, ...players]
})

/** An agent: its own logs. Who is banned by them, the engine tells. */
export const agentPipe = Effect.fnUntraced(function* (
  configuration: Configuration,
  options: PipeOptions & { readonly node: string }
) {
  const detection = yield* Detection
  const { inventory, work } = yield* prepare(configuration, options)
  yield* Console.log(welcomeAgent(configuration, options.node, inventory))
  const read = yield* reading(configuration, options.part)
  yield* Effect.raceAllFirst([...read, ...work]).pipe(Effect.ensuring(detection.keep))
}, Effect.scoped)

/** A node that serves the API, with logs of its own or without. */
export const servingPipe = Effect.fnUntraced(function* (configuration: Configuration, options: PipeOptions) {
  const store = yield* EventStore
  const detection = yield* Detection
  const projections = yield* Projections
  const api = yield* ApiServer
  const isNew = (yield* store.head) < 0
  const { inventory, allowed, work } = yield* prepare(configuration, options)
  if (allowed !== undefined) yield* projections.settled(allowed, "activeBans")
  yield* projections.ready("activeBans", "bouncers")
  const head = yield* store.head
  const active = activeAt(projections.states().activeBans, yield* Clock.currentTimeMillis).length
  yield* Console.log(welcome(configuration, { part: options.part, inventory, active, isNew, url: api.url }))

  const read = options.part.role === "api" ? [] : yield* reading(configuration, options.part)
  const tell = following(store, { after: head, filter: { types: announced } }).pipe(
    Stream.runForEach((item) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const line = item._tag === "Event" ? announce(item.event, now) : undefined
        return line === undefined ? Effect.void : Console.log(line)
      })
    )
  )
  const all = [...read, ...work, tell, forget(configuration.retention, detection.release), projections.broken]
  yield* Effect.raceAllFirst(all).pipe(Effect.ensuring(detection.keep))
}, Effect.scoped)

/** Drops what is old, now and from time to time. What goes wrong with it costs nothing but disk. */
const forget = (rules: Configuration["retention"], release: typeof Detection.Service.release) => {
  const retention = new Retention(rules, release)
  return retention.apply.pipe(
    Effect.tap(({ batches, bytes, dossiers }) =>
      batches + dossiers.length === 0
        ? Effect.void
        : Console.log(
            `Forgotten: ${batches} batches of log lines (${Math.ceil(bytes / 1e6)} MB), ${dossiers.length} dossiers`
          )
    ),
    Effect.catch(({ message, code }) => Effect.logWarning(`Nothing was forgotten this time: ${message} (${code})`)),
    Effect.repeat(Schedule.spaced(forgetEvery))
  )
}
