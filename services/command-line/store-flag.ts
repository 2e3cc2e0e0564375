/**
 * The event store of a command that looks at a node's log or changes it. Beside a running node every command works. An
 * embedded store has one writer: writes go through the node, and reads go beside it. A server takes both from everybody.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Flag from "effect/cli/Flag"
import { Administration } from "../api/administration.ts"
import type { StoreLocation } from "../configuration/configuration.ts"
import { parseStoreLocation, resolved } from "../configuration/store-location.ts"
import { DecisionNumbers } from "../engine/decision-numbers.ts"
import type { EventStore, StoreUnavailable } from "../event-store/event-store.ts"
import { storeAt } from "../event-store/located-store.ts"
import { readHolder } from "../event-store/writer-lock.ts"
import { projectionsLayer } from "../projections/runner.ts"
import { snapshotFolder } from "../projections/snapshot.ts"
import { configFlag, configurationOf } from "./configuration-flag.ts"
import { Failure } from "./failure.ts"
import { remoteAdministration } from "./remote-administration.ts"

const storeFlag = Flag.optional(
  Flag.String("store").pipe(
    Flag.withMetavar("STORE"),
    Flag.withDescription(
      "The event store, instead of the one that the configuration names: a directory, or esdb://HOST:PORT"
    )
  )
)

/** Flags of every command about a node's log. */
export const storeFlags = { config: configFlag, store: storeFlag }

interface StoreInput {
  readonly config: Option.Option<string>
  readonly store: Option.Option<string>
}

/** Where a store is, and the folder for snapshots beside it; undefined where there is none. */
export interface NamedStore {
  readonly location: StoreLocation
  readonly snapshots: string | undefined
}

/** The store that `--store` names. A server that is named so has no folder of this machine beside it. */
export const namedStore = (text: string): Effect.Effect<NamedStore, Failure> => {
  const parsed = parseStoreLocation(text)
  if ("problem" in parsed)
    return Effect.fail(new Failure({ code: "TST-CLI-STORE", message: `--store: ${parsed.problem}.` }))
  const location = resolved(parsed, ".")
  return Effect.succeed({
    location,
    snapshots: location.kind === "embedded" ? snapshotFolder(location.directory) : undefined
  })
}

/** The store that `--store` or the configuration names. */
export const storeOf = ({ config, store }: StoreInput): Effect.Effect<NamedStore, Failure> =>
  Option.isSome(store)
    ? namedStore(store.value)
    : Effect.map(configurationOf(config), ({ eventStore, localFolder }) => ({
        location: eventStore,
        snapshots: snapshotFolder(localFolder)
      }))

const projectionsOf = ({ snapshots }: NamedStore, save: boolean) =>
  projectionsLayer({ save, ...(snapshots === undefined ? {} : { directory: snapshots }) })

/** The store at a location such as `embedded:./data/store` or `esdb://host:2113`. */
export const storeNamed = (
  text: string,
  mode: "reader" | "writer"
): Layer.Layer<EventStore, StoreUnavailable | Failure> =>
  Layer.unwrap(Effect.map(namedStore(text), ({ location }) => storeAt(location, { mode, whenAway: "fail" })))

/** The log, read beside whoever writes. */
export const readingLog = (input: StoreInput, whenAway: "wait" | "fail" = "fail") =>
  Layer.unwrap(Effect.map(storeOf(input), ({ location }) => storeAt(location, { mode: "reader", whenAway })))

/** The projections as they are now, read beside whoever writes. */
export const reading = (input: StoreInput) =>
  Layer.unwrap(
    Effect.map(storeOf(input), (named) =>
      projectionsOf(named, false).pipe(
        Layer.provideMerge(storeAt(named.location, { mode: "reader", whenAway: "fail" }))
      )
    )
  )

/** The administration: the running node's of an embedded store, else this process's own. */
export const writing = (input: StoreInput) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const named = yield* storeOf(input)
      const { location } = named
      const holder = location.kind === "embedded" ? yield* readHolder(location.directory) : undefined
      const socket = holder?.announced["socket"]
      if (socket !== undefined) return remoteAdministration(socket)
      return Administration.layer({ by: "command line" }).pipe(
        Layer.provide([projectionsOf(named, location.kind === "embedded"), DecisionNumbers.layer]),
        Layer.provide(storeAt(location, { mode: "writer", whenAway: "fail" }))
      )
    })
  )
