/** A node with logs of its own, for tests that start and stop it and write its logs. */
import { appendFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect } from "vitest"
import { freePort } from "../fixtures/free-port.ts"
import { type Running, run, temporaryFolder, testudo, until } from "./process.ts"
import { recordedLines, recordedVerdicts, type Verdict, verdictsOf } from "./recorded.ts"
import { replayedBy } from "./replayed.ts"

export interface Log {
  /** Its name in the station's folder. */
  readonly file: string
  readonly type: "syslog" | "nginx"
  /** Default: UTC. */
  readonly timezone?: string
}

/** Two logs of one site. */
export const left: Log = { file: "left.log", type: "nginx" }
export const right: Log = { file: "right.log", type: "nginx" }

export const authLog: Log = { file: "auth.log", type: "syslog" }
export const accessLog: Log = { file: "access.log", type: "nginx" }

export interface Station {
  readonly folder: string
  /** The configuration. */
  readonly file: string
  readonly store: string
  readonly url: string
  readonly path: (log: Log) => string
  /** Appends whole lines. */
  readonly write: (log: Log, lines: ReadonlyArray<string>) => void
  /** Writes the configuration, with further keys behind the usual ones. */
  readonly configure: (more: string) => void
  /** Starts the node. */
  readonly start: () => Promise<Running>
  readonly verdicts: () => Promise<ReadonlyArray<Verdict>>
  /** Lines of a log in the store. */
  readonly lines: (log: Log) => Promise<ReadonlyArray<string>>
  /** Waits until the store has so many lines of a log. */
  readonly hasLines: (log: Log, count: number) => Promise<unknown>
  /** Every line of a log is in the store once, in its order. */
  readonly hasExactly: (log: Log, expected: ReadonlyArray<string>) => Promise<void>
  /** Waits for a ban. Of somebody who attacks last: whatever came before is judged then. */
  readonly bans: (address: string) => Promise<unknown>
}

export const station = async (...logs: ReadonlyArray<Log>): Promise<Station> => {
  const folder = temporaryFolder()
  const file = join(folder, "testudo.yaml")
  const store = join(folder, "store")
  const port = await freePort()
  const path = (log: Log) => join(folder, log.file)
  const lines = (log: Log) => recordedLines(store, `/${log.file}`)
  const sources = logs.map(
    (log) => `  - { files: [./${log.file}], type: ${log.type}, timezone: ${log.timezone ?? "UTC"} }\n`
  )
  const configure = (more: string) => {
    // As editors do it: nobody reads half of it.
    writeFileSync(
      `${file}~`,
      `eventStore: "embedded:./store"\napi: { listen: "127.0.0.1:${port}" }\nreverseDns: false\nacquisition:\n${sources.join("")}${more}`
    )
    renameSync(`${file}~`, file)
  }
  configure("")
  return {
    folder,
    file,
    store,
    url: `http://127.0.0.1:${port}`,
    path,
    configure,
    lines,
    write: (log, written) => appendFileSync(path(log), written.map((line) => `${line}\n`).join("")),
    start: async () => {
      const node = testudo("run", "--config", file)
      await node.says(/Ctrl-C ends it/, 60_000)
      return node
    },
    verdicts: () => recordedVerdicts(store),
    hasExactly: async (log, expected) => {
      const recorded = await lines(log)
      // Not the lines themselves: a difference of two long logs is no message for people.
      const differs = recorded.findIndex((line, n) => line !== expected[n])
      expect({ lines: recorded.length, differs }).toEqual({ lines: expected.length, differs: -1 })
    },
    bans: (address) =>
      until(
        `the ban of ${address}`,
        async () => (await recordedVerdicts(store)).some(({ value, banned }) => value === address && banned),
        { within: 180_000, every: 200 }
      ),
    hasLines: (log, count) =>
      until(`${count} lines of ${log.file}`, async () => (await lines(log).catch(() => [])).length >= count, {
        within: 120_000,
        every: 100
      })
  }
}

/** The verdicts of `testudo replay` on these files. */
export const replayed = async (
  type: Log["type"],
  now: number,
  ...files: ReadonlyArray<string>
): Promise<ReadonlyArray<Verdict>> =>
  verdictsOf(
    replayedBy(await run("replay", ...files, "--type", type, "--json", "--now", new Date(now).toISOString())).offenders
  )
