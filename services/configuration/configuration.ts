/** What the node is configured to do: `testudo.yaml`, read and checked. `docs/configuration.md` explains every key. */
import type * as Redacted from "effect/Redacted"
import type { Role } from "../engine/part.ts"

/** Where events are kept in a directory of this machine. */
export interface EmbeddedLocation {
  readonly kind: "embedded"
  /** Absolute path. */
  readonly directory: string
}

/** Where events are kept on a server or a cluster. */
export interface EventStoreDbLocation {
  readonly kind: "eventstoredb"
  /** As written: `esdb`, `kurrentdb+discover`… */
  readonly scheme: string
  /** `HOST:PORT` each. */
  readonly hosts: ReadonlyArray<string>
  readonly user: { readonly name: string; readonly password: Redacted.Redacted<string> } | undefined
  /** Options of the client by name. */
  readonly options: Readonly<Record<string, string>>
  /** For people: scheme and hosts, without user, password and options. */
  readonly shown: string
}

export type StoreLocation = EmbeddedLocation | EventStoreDbLocation

export interface AcquisitionConfiguration {
  /** Absolute paths or globs. */
  readonly files: ReadonlyArray<string>
  /** The label `type`: which log it is (`syslog`, `nginx`…). */
  readonly type: string
  /** Further labels. */
  readonly labels: Readonly<Record<string, string>>
  /** IANA name of the zone of time stamps that name none. */
  readonly timezone: string
  /** Where to begin with a file that was never read. */
  readonly start: "beginning" | "end"
}

export interface PlayConfiguration {
  /** Absolute path of the sample log. */
  readonly from: string
  /** Absolute path of the growing file. */
  readonly into: string
  /** Log seconds per second. */
  readonly speed: number
}

/** What the event log forgets; undefined: nothing. */
export interface RetentionConfiguration {
  /** Age of raw log lines, in milliseconds. */
  readonly linesAge: number | undefined
  /** Bytes of raw log lines, compressed. */
  readonly linesBytes: number | undefined
  /** Age of dossiers, in milliseconds. */
  readonly dossiersAge: number | undefined
}

export interface Configuration {
  /** Path as the person named it, for messages. */
  readonly file: string
  readonly eventStore: StoreLocation
  /**
   * Absolute path of the folder for snapshots and the admin socket: for what this machine keeps beside the store. Of an
   * embedded store, its directory.
   */
  readonly localFolder: string
  /** What this node does, where several share one event store. */
  readonly role: Role
  /** Name of this node among others; undefined: the machine's host name where one is needed. */
  readonly node: string | undefined
  /** How long a node that has gone keeps its role, in milliseconds. */
  readonly leaseMs: number
  readonly api: { readonly host: string; readonly port: number; readonly trustedProxies: ReadonlyArray<string> }
  readonly rules: {
    /** Absolute path of the hub folder. */
    readonly hub: string
    readonly data: string | undefined
    /** Empty: everything in the hub folder. */
    readonly collections: ReadonlyArray<string>
    /** Folders with pattern files. */
    readonly patterns: ReadonlyArray<string>
    /** Absolute path of the profiles file; undefined: ban for 4 h. */
    readonly profiles: string | undefined
  }
  readonly acquisition: ReadonlyArray<AcquisitionConfiguration>
  readonly allowlist: ReadonlyArray<{ readonly value: string; readonly comment: string }>
  /** Never ban loopback and this machine's own addresses. */
  readonly protectOwnAddresses: boolean
  readonly reverseDns: boolean
  readonly play: ReadonlyArray<PlayConfiguration>
  readonly retention: RetentionConfiguration
}
