/**
 * CrowdSec as Debian packages it: the program, and the hub and pattern library that come with it. Found where the package
 * is installed, or where `.ci/fetch-crowdsec` unpacked it. None of it is copied into this repository.
 */
import { spawnSync } from "node:child_process"
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"
import { freePort } from "../fixtures/free-port.ts"

export interface DebianCrowdSec {
  /** Such as `1.4.6`. */
  readonly version: string
  /** The unpacked package, or `/`. */
  readonly root: string
  readonly hub: string
  readonly patterns: string
}

const unpacked = fileURLToPath(new URL("../node_modules/.cache/crowdsec/package", import.meta.url))

export const howToFetch = "CrowdSec's Debian package is not here; .ci/fetch-crowdsec fetches it"

export const debianCrowdSec = (): DebianCrowdSec | undefined => {
  for (const root of [unpacked, "/"]) {
    const hub = join(root, "usr/share/crowdsec/hub")
    if (!existsSync(join(hub, ".index.json"))) continue
    const told = spawnSync(join(root, "usr/bin/crowdsec"), ["-version"], { encoding: "utf8" })
    const version = /version: v?([\d.]+)/.exec(`${told.stdout}${told.stderr}`)?.[1]
    if (version !== undefined) return { version, root, hub, patterns: join(root, "etc/crowdsec/patterns") }
  }
  return undefined
}

/** Two lists are called otherwise in the package than in the rules that look into them. */
const renamed = new Map([
  ["path_traversal.txt", "http_path_traversal.txt"],
  ["rnds_seo_bots.regex", "rdns_seo_bots.regex"]
])

/** Copies the package's data files into a folder, under the names that the rules know. */
export const copyData = ({ root }: DebianCrowdSec, folder: string): void => {
  const from = join(root, "usr/share/crowdsec/data")
  mkdirSync(folder, { recursive: true })
  for (const name of readdirSync(from)) copyFileSync(join(from, name), join(folder, renamed.get(name) ?? name))
}

interface IndexEntry {
  readonly path: string
  readonly parsers?: ReadonlyArray<string>
  readonly scenarios?: ReadonlyArray<string>
  readonly postoverflows?: ReadonlyArray<string>
  readonly collections?: ReadonlyArray<string>
}
type Index = Readonly<Record<string, Readonly<Record<string, IndexEntry>>>>

const kinds = ["parsers", "postoverflows", "scenarios", "collections"] as const

/** Paths within the hub of the rules of the collections. */
const pathsOf = (index: Index, collections: ReadonlyArray<string>): ReadonlySet<string> => {
  const paths = new Set<string>()
  for (const name of collections) {
    const entry = index["collections"]![name]
    if (entry === undefined) throw new Error(`the hub of Debian's package has no collection ${name}`)
    for (const kind of kinds) {
      if (kind === "collections") for (const path of pathsOf(index, entry.collections ?? [])) paths.add(path)
      else for (const item of entry[kind] ?? []) paths.add(index[kind]![item]!.path)
    }
  }
  return paths
}

/** One alert in CrowdSec's database. */
export interface RecordedAlert {
  readonly scenario: string
  readonly scope: string
  readonly value: string
  readonly events: number
  /** Whole seconds, as in `2026-03-02T09:00:15Z`. */
  readonly startAt: string
  readonly stopAt: string
}

type Command = readonly [command: string, ...args: ReadonlyArray<string>]

export interface Installation {
  /** Reads a log from beginning to end with a local API of its own. */
  readonly command: (log: string, type: string) => Command
  /** Follows logs, by their names or by a pattern, until it is stopped. */
  readonly follow: (logs: string, type: string) => Command
  /** What the local API has stored, in no particular order. */
  readonly alerts: () => ReadonlyArray<RecordedAlert>
}

/** Where a rule of a hub is active: `parsers/<stage>/<author>/x.yaml` as `parsers/<stage>/x.yaml`. */
export const activePath = (path: string): string => join(dirname(dirname(path)), basename(path))

/** What CrowdSec makes of a log. */
export const judged = ({ command, alerts }: Installation, log: string, type: string): ReadonlyArray<RecordedAlert> => {
  const [program, ...args] = command(log, type)
  const ended = spawnSync(program, args, { encoding: "utf8" })
  if (ended.status !== 0) throw new Error(`crowdsec failed: ${ended.stdout}${ended.stderr}`)
  return alerts()
}

/** Sets CrowdSec up in an empty folder: these collections, a database, a local API on a free port of the loopback. */
export const installCrowdSec = async (
  crowdsec: DebianCrowdSec,
  folder: string,
  collections: ReadonlyArray<string>
): Promise<Installation> => {
  const config = join(folder, "config")
  const data = join(folder, "data")
  const file = join(config, "config.yaml")
  const database = join(data, "crowdsec.db")
  mkdirSync(config, { recursive: true })
  copyData(crowdsec, data)
  symlinkSync(crowdsec.patterns, join(config, "patterns"))
  const index = JSON.parse(readFileSync(join(crowdsec.hub, ".index.json"), "utf8")) as Index
  for (const path of pathsOf(index, collections)) {
    const active = join(config, activePath(path))
    mkdirSync(dirname(active), { recursive: true })
    symlinkSync(join(crowdsec.hub, path), active)
  }
  copyFileSync(join(crowdsec.root, "etc/crowdsec/profiles.yaml"), join(config, "profiles.yaml"))
  writeFileSync(join(config, "simulation.yaml"), "simulation: off\n")
  writeFileSync(join(config, "acquis.yaml"), "{}\n")
  writeFileSync(join(config, "credentials.yaml"), "")
  // JSON is YAML.
  const settings = {
    common: { daemonize: false, log_media: "stdout", log_level: "warning", working_dir: folder },
    config_paths: {
      config_dir: config,
      data_dir: data,
      simulation_path: join(config, "simulation.yaml"),
      hub_dir: crowdsec.hub,
      index_path: join(crowdsec.hub, ".index.json")
    },
    crowdsec_service: { acquisition_path: join(config, "acquis.yaml"), parser_routines: 1 },
    db_config: {
      log_level: "warning",
      type: "sqlite",
      db_path: database,
      use_wal: true,
      flush: { max_items: 10_000_000, max_age: "3650d" }
    },
    api: {
      client: { credentials_path: join(config, "credentials.yaml") },
      server: {
        log_level: "warning",
        listen_uri: `127.0.0.1:${await freePort()}`,
        profiles_path: join(config, "profiles.yaml")
      }
    },
    prometheus: { enabled: false }
  }
  writeFileSync(file, JSON.stringify(settings))
  const added = spawnSync(
    join(crowdsec.root, "usr/bin/cscli"),
    ["-c", file, "machines", "add", "here", "--password", "here", "-f", join(config, "credentials.yaml")],
    { encoding: "utf8" }
  )
  if (added.status !== 0) throw new Error(`cscli machines add failed: ${added.stderr}`)
  const program = [join(crowdsec.root, "usr/bin/crowdsec"), "-c", file] as const
  return {
    command: (log, type) => [...program, "-dsn", `file://${log}`, "-type", type],
    follow: (logs, type) => {
      writeFileSync(join(config, "acquis.yaml"), JSON.stringify({ filenames: [logs], labels: { type } }))
      return program
    },
    alerts: () => {
      const db = new DatabaseSync(database, { readOnly: true })
      const rows = db
        .prepare(
          `select scenario, source_scope as scope, source_value as value, events_count as events,
             strftime('%Y-%m-%dT%H:%M:%SZ', started_at) as startAt, strftime('%Y-%m-%dT%H:%M:%SZ', stopped_at) as stopAt
           from alerts`
        )
        .all()
      db.close()
      return rows as unknown as ReadonlyArray<RecordedAlert>
    }
  }
}
