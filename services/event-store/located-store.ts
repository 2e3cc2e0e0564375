/** The event store that a location names. */
import type * as Layer from "effect/Layer"
import type { EventStoreDbLocation, StoreLocation } from "../configuration/configuration.ts"
import { connectionString } from "../configuration/store-location.ts"
import { EmbeddedEventStore } from "./embedded.ts"
import type { EventStore, StoreUnavailable } from "./event-store.ts"
import { EventStoreDb, type EventStoreDbOptions } from "./eventstoredb.ts"

export interface LocatedStoreOptions {
  /** Whether this process appends. Only the embedded store makes a difference: it has one writer. */
  readonly mode: "writer" | "reader"
  /** What other processes can learn of the writer of an embedded store. */
  readonly announce?: Readonly<Record<string, string>>
  /** A server that is away: waited for as long as it takes, or given up after ten seconds. */
  readonly whenAway: "wait" | "fail"
}

/** A server as its client is told of it. */
export const serverAt = (
  location: EventStoreDbLocation,
  whenAway: LocatedStoreOptions["whenAway"]
): EventStoreDbOptions => ({
  connectionString: connectionString(location),
  shown: location.shown,
  patience: whenAway === "wait" ? Number.POSITIVE_INFINITY : 10_000
})

export const storeAt = (
  location: StoreLocation,
  { mode, announce, whenAway }: LocatedStoreOptions
): Layer.Layer<EventStore, StoreUnavailable> =>
  location.kind === "embedded"
    ? EmbeddedEventStore.layer({ ...location, mode, ...(announce === undefined ? {} : { announce }) })
    : EventStoreDb.layer(serverAt(location, whenAway))
