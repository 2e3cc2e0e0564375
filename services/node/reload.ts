/** Rules and allowlists that are edited while the node runs. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { formatProblem, type Problem } from "../../domain/document/problem.ts"
import type { Configuration } from "../configuration/configuration.ts"
import { Detection } from "../engine/detection.ts"
import { loadHub } from "../hub/hub.ts"
import { watchHub } from "../hub/watch.ts"
import { type AllowlistNames, allowlistsOf, replaceAllowlists } from "./allowlists.ts"

export const say = (problems: ReadonlyArray<Problem>) =>
  Effect.forEach(problems, (problem) => Console.error(formatProblem(problem)), { discard: true })

export const hubOptions = ({ rules }: Configuration) => ({
  hub: rules.hub,
  collections: rules.collections,
  patterns: rules.patterns,
  ...(rules.data === undefined ? {} : { data: rules.data }),
  ...(rules.profiles === undefined ? {} : { profiles: rules.profiles })
})

/** Whoever sends a daemon SIGHUP means that it shall read its files again, not that it shall end. */
const askedFor = (sign: () => void) =>
  Effect.acquireRelease(
    Effect.sync(() => process.on("SIGHUP", sign)),
    () => Effect.sync(() => process.off("SIGHUP", sign))
  )

/** A sign for every change below these folders from now on, and for SIGHUP; several in a row may be one. */
export const edits = Effect.fnUntraced(function* (folders: ReadonlyArray<string>) {
  const signs = yield* Queue.sliding<void>(1)
  yield* askedFor(() => Queue.offerUnsafe(signs, undefined))
  yield* Effect.forkScoped(
    Stream.runForEach(watchHub(folders), () => Queue.offer(signs, undefined)),
    { startImmediately: true }
  )
  return Stream.fromQueue(signs)
})

/** A rule edited while the node runs is used from then on; a broken one is named, and the old rules go on. */
export const reloadRules = (configuration: Configuration, edits: Stream.Stream<void>) =>
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
export const reloadAllowlists = (
  configuration: Configuration,
  edits: Stream.Stream<void>,
  options: {
    /** Reads the configuration again; undefined when it has errors, which it has said then. */
    readonly reread: Effect.Effect<Configuration | undefined>
    readonly names: AllowlistNames
  }
) =>
  Stream.runForEach(edits, () =>
    Effect.gen(function* () {
      const edited = yield* options.reread
      if (edited === undefined) return yield* Console.error("The configuration as it was before goes on.")
      const changed = yield* replaceAllowlists(allowlistsOf(edited, options.names))
      if (changed !== undefined) yield* Console.log("The edited allowlist is respected from here on.")
      const { allowlist: _now, protectOwnAddresses: _own, ...now } = edited
      const { allowlist: _before, protectOwnAddresses: _theirs, ...before } = configuration
      if (JSON.stringify(now) !== JSON.stringify(before)) {
        yield* Console.log("The other changes of the configuration count from the next start on.")
      }
    })
  )
