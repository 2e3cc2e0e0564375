/**
 * The pipe wired together: what `testudo run` starts.
 *
 * The layers close in reverse order, so a stop goes with the stream: first nothing more is read, then what was read is
 * judged, then the snapshots are kept, and the store is closed last.
 */
import { join, resolve } from "node:path"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { formatProblem, type Problem } from "../../domain/rules/problem.ts"
import { activeAt } from "../../projections/active-bans.ts"
import { acquire } from "../acquisition/acquisition.ts"
import { play, touch } from "../acquisition/player.ts"
import { fileSource } from "../acquisition/file-source.ts"
import { adminLayer } from "../api/admin.ts"
import { Administration } from "../api/administration.ts"
import { ApiServer } from "../api/server.ts"
import type { Configuration } from "../configuration/configuration.ts"
import { DecisionNumbers } from "../engine/decision-numbers.ts"
import { Detection } from "../engine/detection.ts"
import { Intake } from "../engine/intake.ts"
import { EventStore } from "../event-store/event-store.ts"
import { storeAt } from "../event-store/located-store.ts"
import { loadHub } from "../hub/hub.ts"
import { foldersOf, watchHub } from "../hub/watch.ts"
import { Names } from "../names/names.ts"
import { Projections } from "../projections/projections.ts"
import { projectionsLayer } from "../projections/runner.ts"
import { allowlistsOf, replaceAllowlists } from "./allowlists.ts"
import { Retention } from "../retention/retention.ts"
import { announce, announced } from "./announcement.ts"

/** How often the engine's state is kept while it runs; also when it stops. */
const keepEvery = "60 seconds"

/** How often old events are dropped. */
const forgetEvery = "10 minutes"

export interface NodeOptions {
  /** Reads the configuration again after an edit; undefined when it has errors, which it has said then. */
  readonly reread: Effect.Effect<Configuration | undefined>
}

export const runNode = (configuration: Configuration, options: NodeOptions) => {
  const { eventStore, localFolder } = configuration
  const snapshots = join(localFolder, "snapshots")
  const socket = join(localFolder, "node.sock")
  const store = storeAt(eventStore, { mode: "writer", announce: { socket }, whenAway: "wait" })
  const services = Layer.mergeAll(
    ApiServer.layer(configuration.api),
    Detection.layer({
      snapshots,
      names: configuration.reverseDns ? "asked" : "off",
      atHand: Effect.orElseSucceed(
        Effect.map(loadHub(hubOptions(configuration)), ({ files }) => files),
        () => []
      ),
      time: "passes"
    }),
    // Commands write to a server themselves.
    eventStore.kind === "embedded" ? adminLayer({ path: socket }) : Layer.empty
  ).pipe(
    Layer.provide(Administration.layer({ by: "command line" })),
    Layer.provide(configuration.reverseDns ? Names.layerSystem : Names.layerOff),
    Layer.provideMerge(projectionsLayer({ directory: snapshots })),
    Layer.provide(DecisionNumbers.layer),
    Layer.provideMerge(store)
  )
  return main(configuration, options).pipe(Effect.provide(services))
}

const say = (problems: ReadonlyArray<Problem>) =>
  Effect.forEach(problems, (problem) => Console.error(formatProblem(problem)), { discard: true })

const hubOptions = ({ rules }: Configuration) => ({
  hub: rules.hub,
  collections: rules.collections,
  patterns: rules.patterns,
  ...(rules.data === undefined ? {} : { data: rules.data }),
  ...(rules.profiles === undefined ? {} : { profiles: rules.profiles })
})

const main = Effect.fnUntraced(function* (configuration: Configuration, options: NodeOptions) {
  const store = yield* EventStore
  const detection = yield* Detection
  const projections = yield* Projections
  const api = yield* ApiServer
  const intake = yield* Intake.make

  // Watched before they are read: an edit in between is seen.
  const ruleEdits = yield* edits(foldersOf(hubOptions(configuration)))
  const configurationEdits = yield* edits([configuration.file])
  const isNew = (yield* store.head) < 0
  yield* replaceAllowlists(allowlistsOf(configuration))
  const loaded = yield* loadHub(hubOptions(configuration))
  const { problems, inventory } = yield* detection.activate(loaded.files)
  yield* say([...loaded.problems, ...problems])

  yield* projections.ready
  const head = yield* store.head
  const active = activeAt(projections.states().activeBans, yield* Clock.currentTimeMillis).length
  yield* Console.log(welcome(configuration, { inventory, active, isNew, host: api.host, port: api.port }))

  // Played files are there before they are looked for; what is wrong with one, the player says.
  yield* Effect.forEach(configuration.play, ({ into }) => Effect.ignore(touch(into)), { discard: true })
  const read = acquire({
    sources: configuration.acquisition.flatMap(({ files, type, labels, timezone, start }) =>
      files.map((path) => fileSource({ path, labels: { ...labels, type }, zone: timezone, start }))
    ),
    sink: intake,
    last: (source) => intake.last(source),
    timeOf: detection.timeOf,
    report: (problem) => console.error(formatProblem(problem))
  })
  const tell = store.subscribe({ after: head, filter: { types: announced } }).pipe(
    Stream.runForEach((item) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const line = item._tag === "Event" ? announce(item.event, now) : undefined
        return line === undefined ? Effect.void : Console.log(line)
      })
    )
  )
  const keep = Effect.repeat(detection.keep, Schedule.spaced(keepEvery))
  const parts = [
    detection.follow,
    tell,
    keep,
    forget(configuration.retention),
    reloadRules(configuration, ruleEdits),
    reloadAllowlists(configuration, configurationEdits, options.reread),
    ...configuration.play.map(({ from, into, speed }) =>
      play({ from, into, pace: { speed } }).pipe(
        // A sample that cannot be played is no reason to leave the other logs unwatched.
        Effect.catchTag("NotPlayed", ({ code, message }) => Console.error(`${message} (${code})`)),
        Effect.andThen(Effect.never)
      )
    )
  ]
  yield* Effect.raceAllFirst([read, ...parts]).pipe(Effect.ensuring(detection.keep))
}, Effect.scoped)

/** Drops what is old, now and from time to time. What goes wrong with it costs nothing but disk. */
const forget = (rules: Configuration["retention"]) => {
  const retention = new Retention(rules)
  return retention.apply.pipe(
    Effect.tap(({ batches, bytes, dossiers }) =>
      batches + dossiers === 0
        ? Effect.void
        : Console.log(`Forgotten: ${batches} batches of log lines (${Math.ceil(bytes / 1e6)} MB), ${dossiers} dossiers`)
    ),
    Effect.catch(({ message, code }) => Effect.logWarning(`Nothing was forgotten this time: ${message} (${code})`)),
    Effect.repeat(Schedule.spaced(forgetEvery))
  )
}

/** A sign for every change below these folders from now on; several changes in a row may be one. */
const edits = Effect.fnUntraced(function* (folders: ReadonlyArray<string>) {
  const signs = yield* Queue.sliding<void>(1)
  yield* Effect.forkScoped(
    Stream.runForEach(watchHub(folders), () => Queue.offer(signs, undefined)),
    { startImmediately: true }
  )
  return Stream.fromQueue(signs)
})

/** A rule edited while the node runs is used from then on; a broken one is named, and the old rules go on. */
const reloadRules = (configuration: Configuration, edits: Stream.Stream<void>) =>
  Stream.runForEach(edits, () =>
    Effect.gen(function* () {
      const detection = yield* Detection
      const loaded = yield* loadHub(hubOptions(configuration))
      const broken = loaded.problems.filter((problem) => problem.severity === "error")
      const { activated, problems } =
        broken.length > 0
          ? { activated: false, problems: [] }
          : yield* detection.activate(loaded.files, { keepOnError: true })
      yield* say([...loaded.problems, ...problems])
      const wrong = [...broken, ...problems].some((problem) => problem.severity === "error")
      if (wrong) yield* Console.error("The rules as they were before go on.")
      else if (activated) yield* Console.log("The edited rules judge from here on.")
    }).pipe(
      Effect.catchTag("HubUnreadable", (error) => Console.error(`${error.message} The rules go on. (${error.code})`))
    )
  )

/** An allowlist edited in the configuration is respected at once. Other keys wait for the next start. */
const reloadAllowlists = (configuration: Configuration, edits: Stream.Stream<void>, reread: NodeOptions["reread"]) =>
  Stream.runForEach(edits, () =>
    Effect.gen(function* () {
      const edited = yield* reread
      if (edited === undefined) return yield* Console.error("The configuration as it was before goes on.")
      const changed = yield* replaceAllowlists(allowlistsOf(edited))
      if (changed) yield* Console.log("The edited allowlist is respected from here on.")
      const { allowlist: _now, protectOwnAddresses: _own, ...now } = edited
      const { allowlist: _before, protectOwnAddresses: _theirs, ...before } = configuration
      if (JSON.stringify(now) !== JSON.stringify(before)) {
        yield* Console.log("The other changes of the configuration count from the next start on.")
      }
    })
  )

const welcome = (
  { acquisition, file, rules }: Configuration,
  facts: {
    readonly inventory: { readonly parsers: number; readonly scenarios: number }
    readonly active: number
    readonly isNew: boolean
    readonly host: string
    readonly port: number
  }
): string => {
  const url = `http://${facts.host.includes(":") ? `[${facts.host}]` : facts.host}:${facts.port}`
  const files = acquisition.flatMap((entry) => entry.files)
  // The other terminal may be in another folder.
  const config = file === "testudo.yaml" ? "" : ` --config ${resolve(file)}`
  return [
    `Testudo watches ${files.length === 0 ? "no log (the configuration names none)" : files.join(", ")}`,
    `with ${facts.inventory.parsers} parsers and ${facts.inventory.scenarios} scenarios from ${rules.hub}.`,
    facts.isNew
      ? "The log is new."
      : `The log goes on; ${facts.active} ${facts.active === 1 ? "ban is" : "bans are"} active.`,
    `API: ${url}`,
    "",
    "Try in another terminal:",
    `  npx testudo decisions list${config}`,
    `  curl -s ${url}/projections/active-bans`,
    `  curl -s ${url}/projections/targeted-attacks`,
    `  npx testudo decisions delete VALUE${config}`,
    `  npx testudo bouncers add nginx${config}        # then see bouncers/nginx/README.md`,
    "Ctrl-C ends it.",
    ""
  ].join("\n")
}
