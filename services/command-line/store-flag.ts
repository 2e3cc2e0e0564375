/**
 * The event store of a command that looks at a node's log or changes it. Beside a running node every command works:
 * writes go through the node, which is the one writer, and reads go beside it.
 */
import { join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Flag from "effect/cli/Flag"
import { Administration } from "../api/administration.ts"
import { parseStoreLocation } from "../configuration/store-location.ts"
import { DecisionNumbers } from "../engine/decision-numbers.ts"
import { EmbeddedEventStore } from "../event-store/embedded.ts"
import type { EventStore, StoreUnavailable } from "../event-store/event-store.ts"
import { readHolder } from "../event-store/writer-lock.ts"
import { projectionsLayer } from "../projections/runner.ts"
import { configFlag, configurationOf } from "./configuration-flag.ts"
import { Failure } from "./failure.ts"
import { remoteAdministration } from "./remote-administration.ts"

export const storeFlag = Flag.optional(
  Flag.String("store").pipe(
    Flag.withMetavar("PATH"),
    Flag.withDescription("The event store, instead of the one that the configuration names")
  )
)

/** Flags of every command about a node's log. */
export const storeFlags = { config: configFlag, store: storeFlag }

interface StoreInput {
  readonly config: Option.Option<string>
  readonly store: Option.Option<string>
}

/** Absolute path of the directory that `--store` or the configuration names. */
export const storeDirectory = ({ config, store }: StoreInput): Effect.Effect<string, Failure> =>
  Effect.gen(function* () {
    if (Option.isNone(store)) return (yield* configurationOf(config)).eventStore.directory
    const location = parseStoreLocation(store.value)
    if ("problem" in location)
      return yield* new Failure({ code: "TST-CLI-STORE", message: `--store: ${location.problem}.` })
    return resolve(location.directory)
  })

/** The store at a location such as `embedded:./data/store`. */
export const storeAt = (
  text: string,
  mode: "reader" | "writer"
): Layer.Layer<EventStore, StoreUnavailable | Failure> => {
  const location = parseStoreLocation(text)
  return "problem" in location
    ? Layer.unwrap(Effect.fail(new Failure({ code: "TST-CLI-STORE", message: `${text}: ${location.problem}.` })))
    : EmbeddedEventStore.layer({ directory: resolve(location.directory), mode })
}

/** The log, read beside whoever writes. */
export const readingLog = (input: StoreInput) =>
  Layer.unwrap(
    Effect.map(storeDirectory(input), (directory) => EmbeddedEventStore.layer({ directory, mode: "reader" }))
  )

/** Folder of the snapshots, beside the events. */
export const snapshotFolder = (directory: string): string => join(directory, "snapshots")

/** The projections as they are now, read beside whoever writes. */
export const reading = (input: StoreInput) =>
  Layer.unwrap(
    Effect.map(storeDirectory(input), (directory) =>
      projectionsLayer({ directory: snapshotFolder(directory), save: false }).pipe(
        Layer.provideMerge(EmbeddedEventStore.layer({ directory, mode: "reader" }))
      )
    )
  )

/** The administration: the running node's, or this process's own when no node runs. */
export const writing = (input: StoreInput) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const directory = yield* storeDirectory(input)
      const holder = yield* readHolder(directory)
      const socket = holder?.announced["socket"]
      if (socket !== undefined) return remoteAdministration(socket)
      return Administration.layer({ by: "command line" }).pipe(
        Layer.provide([projectionsLayer({ directory: snapshotFolder(directory) }), DecisionNumbers.layer]),
        Layer.provide(EmbeddedEventStore.layer({ directory, mode: "writer" }))
      )
    })
  )
