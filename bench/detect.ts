/**
 * How fast lines become verdicts: `npm run bench -- detect [--lines N] [--hub DIR [--data DIR]] [--log nginx|ssh]`.
 * How to read it: docs/benchmarks.md.
 *
 * For an nginx and an ssh log from the seeded generators, each in a process of its own, one after the other, in one run
 * (machines drift, so compare within one run only): a bare regular expression of V8 for the same format as yardstick; the
 * engine alone; `testudo replay` with the durable log; CrowdSec with a local API of its own, and fail2ban-regex, where
 * they are. Without `--hub` both engines judge by the hub that Debian packages with CrowdSec, if that is here (see
 * `.ci/fetch-crowdsec`). Then the lines that attackers would write to slow the engine down, beside ordinary ones.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import * as Effect from "effect/Effect"
import "../services/engine/garbage-collection.ts"
import "../services/engine/linear-regex.ts"
import type { Ruleset } from "../domain/detection/ruleset.ts"
import { take } from "../fixtures/generators/timeline.ts"
import { detect } from "../fixtures/detect.ts"
import { compileRules } from "../services/engine/rulebook.ts"
import { loadHub } from "../services/hub/hub.ts"
import { type DebianCrowdSec, debianCrowdSec, installCrowdSec } from "../test/debian-crowdsec.ts"
import { type Hub, hubFor } from "./measure/hub.ts"
import { type BenchLog, benchLogs } from "./measure/logs.ts"
import { table, thousands } from "./measure/table.ts"
import { type Taken, watched } from "./measure/watched.ts"

const here = fileURLToPath(import.meta.url)
const root = join(here, "../..")
const testudo = join(root, "bin/testudo")

const { values: flags } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "detect"),
  options: {
    lines: { type: "string", default: "1000000" },
    hub: { type: "string" },
    data: { type: "string" },
    log: { type: "string" },
    /** How long CrowdSec may take, about. It reads as many lines as it can until then. */
    "crowdsec-seconds": { type: "string", default: "60" },
    /** What a child measures, and of which file. */
    measure: { type: "string" },
    file: { type: "string", default: "" },
    author: { type: "string", default: "" },
    worst: { type: "string" }
  }
})

const collectionsOf = (log: BenchLog, author: string): ReadonlyArray<string> =>
  log.collections.map((name) => `${author}/${name}`)

interface Measured {
  readonly lines: number
  readonly seconds: number
  readonly cpuSeconds: number
}

/** Runs something in this process; for children. */
const measured = (lines: number, work: () => void): Measured => {
  const cpu = process.cpuUsage()
  const start = performance.now()
  work()
  const used = process.cpuUsage(cpu)
  return { lines, seconds: (performance.now() - start) / 1000, cpuSeconds: (used.user + used.system) / 1e6 }
}

const rulesFor = async (log: BenchLog): Promise<Ruleset> => {
  const collections = collectionsOf(log, flags.author)
  const data = flags.data === undefined ? {} : { data: flags.data }
  const { files } = await Effect.runPromise(loadHub({ hub: flags.hub!, collections, ...data }))
  return compileRules(files, { names: "off" }).rules.ruleset
}

const linesOf = (file: string): Array<string> => {
  const lines = readFileSync(file, "utf8").split("\n")
  lines.pop()
  return lines
}

const children: Readonly<Record<string, (log: BenchLog) => Promise<Measured>>> = {
  regex: async (log) => {
    const lines = linesOf(flags.file)
    let matched = 0
    const result = measured(lines.length, () => {
      for (const line of lines) matched += log.format.exec(line)?.[1]?.length ?? 0
    })
    if (lines.length > 0 && matched === 0) throw new Error("the yardstick matches nothing")
    return result
  },
  engine: async (log) => {
    const lines = linesOf(flags.file)
    const ruleset = await rulesFor(log)
    return measured(lines.length, () => detect(ruleset, log.type, lines))
  },
  /** Lines of one kind only, after as many to warm up. */
  worst: async (log) => {
    const ruleset = await rulesFor(log)
    const change = flags.worst === undefined ? (line: string) => line : log.worst[flags.worst]!
    const lines = linesOf(flags.file).map((line, number) => change(line, number))
    const half = Math.floor(lines.length / 2)
    detect(ruleset, log.type, lines.slice(0, half))
    return measured(lines.length - half, () => detect(ruleset, log.type, lines.slice(half)))
  }
}

/** What a run took beyond its start. */
const beyond = (taken: Taken, start: Taken | undefined): Pick<Taken, "seconds" | "cpuSeconds"> => ({
  seconds: taken.seconds - (start?.seconds ?? 0),
  cpuSeconds: taken.cpuSeconds - (start?.cpuSeconds ?? 0)
})

class Comparison {
  readonly rows = [["log", "what", "lines", "lines/s", "lines/CPU s", "× yardstick", "MB above idle"]]
  readonly worstRows = [["log", "all lines so", "lines/CPU s", "ns a line", "× ordinary"]]
  readonly #folder: string
  readonly #hub: Hub
  readonly #crowdsec: DebianCrowdSec | undefined
  readonly #fail2ban = spawnSync("fail2ban-regex", ["--version"], { stdio: "ignore" }).status === 0
  /** CPU seconds of a line. */
  #yardstick = 0

  constructor(folder: string, hub: Hub, crowdsec: DebianCrowdSec | undefined) {
    this.#folder = folder
    this.#hub = hub
    this.#crowdsec = crowdsec
  }

  async run(log: BenchLog): Promise<void> {
    const lines = take(log.lines(Number(flags.lines)), Number(flags.lines))
    const file = this.#write(`${log.name}.log`, lines)
    const empty = this.#write("empty.log", [])
    this.#yardstick = 0
    await this.#row(log, "bare regular expression", lines.length, this.#child("regex", log, file))
    await this.#row(
      log,
      "testudo, log off",
      lines.length,
      this.#child("engine", log, file),
      this.#child("engine", log, empty)
    )
    await this.#row(log, "testudo, durable log", lines.length, this.#replay(log, file), this.#replay(log, empty))
    if (this.#crowdsec !== undefined) await this.#compareCrowdSec(log, lines, empty)
    const filter = log.name === "ssh" ? "sshd" : "nginx-botsearch"
    if (this.#fail2ban) await this.#row(log, `fail2ban-regex ${filter}`, lines.length, ["fail2ban-regex", file, filter])
  }

  /** Few lines are enough: each kind runs alone. */
  async runWorst(log: BenchLog): Promise<void> {
    const file = this.#write(`${log.name}-ordinary.log`, take(log.ordinary(100_000), 100_000))
    let ordinary = 0
    for (const kind of [undefined, ...Object.keys(log.worst)]) {
      console.error(`${log.name}: ${kind ?? "ordinary"} …`)
      const taken = await watched(this.#child("worst", log, file, kind === undefined ? [] : ["--worst", kind]))
      const { lines, cpuSeconds } = JSON.parse(taken.output) as Measured
      const perLine = cpuSeconds / lines
      if (ordinary === 0) ordinary = perLine
      const ratio = (perLine / ordinary).toFixed(1)
      this.worstRows.push([
        log.name,
        kind ?? "ordinary",
        thousands(1 / perLine),
        thousands(perLine * 1e9),
        kind === undefined ? "" : ratio
      ])
    }
  }

  #write(name: string, lines: ReadonlyArray<string>): string {
    const file = join(this.#folder, name)
    writeFileSync(file, lines.length === 0 ? "" : `${lines.join("\n")}\n`)
    return file
  }

  get #rules(): ReadonlyArray<string> {
    return ["--hub", this.#hub.folder, ...(this.#hub.data === undefined ? [] : ["--data", this.#hub.data])]
  }

  #child(
    measure: string,
    log: BenchLog,
    file: string,
    more: ReadonlyArray<string> = []
  ): readonly [string, ...ReadonlyArray<string>] {
    const what = ["--measure", measure, "--log", log.name, "--file", file, "--author", this.#hub.author]
    return [process.execPath, "--disable-warning=ExperimentalWarning", here, ...what, ...this.#rules, ...more]
  }

  #replay(log: BenchLog, file: string): readonly [string, ...ReadonlyArray<string>] {
    const collections = collectionsOf(log, this.#hub.author).flatMap((name) => ["--collection", name])
    const store = mkdtempSync(join(this.#folder, "store-"))
    const what = ["replay", file, "--type", log.type, ...collections, ...this.#rules, "--store", store, "--json"]
    return [testudo, ...what]
  }

  /** As many lines as it can read in the time it is given; what starting costs is told by an empty log. */
  async #compareCrowdSec(log: BenchLog, lines: ReadonlyArray<string>, empty: string): Promise<void> {
    const folder = mkdtempSync(join(this.#folder, "crowdsec-"))
    const { command } = await installCrowdSec(this.#crowdsec!, folder, collectionsOf(log, "crowdsecurity"))
    const pilot = this.#write("pilot.log", lines.slice(0, 4_000))
    const started = await watched(command(empty, log.type))
    const piloted = await watched(command(pilot, log.type))
    const perSecond = 4_000 / Math.max(0.1, piloted.seconds - started.seconds)
    const count = Math.min(lines.length, Math.ceil((perSecond * Number(flags["crowdsec-seconds"])) / 1_000) * 1_000)
    const file = this.#write("crowdsec.log", lines.slice(0, count))
    const what = `crowdsec ${this.#crowdsec!.version}`
    await this.#row(log, what, count, command(file, log.type), command(empty, log.type))
  }

  /** A child of ours tells what its work alone took; for other programs their start is subtracted. */
  async #row(
    log: BenchLog,
    what: string,
    lines: number,
    command: readonly [string, ...ReadonlyArray<string>],
    idle?: readonly [string, ...ReadonlyArray<string>]
  ): Promise<void> {
    console.error(`${log.name}: ${what} …`)
    const taken = await watched(command)
    const resting = idle && (await watched(idle))
    const told = command.includes("--measure") ? (JSON.parse(taken.output) as Measured) : beyond(taken, resting)
    const perLine = told.cpuSeconds / lines
    if (this.#yardstick === 0) this.#yardstick = perLine
    const row = [
      log.name,
      what,
      thousands(lines),
      thousands(lines / told.seconds),
      thousands(1 / perLine),
      (perLine / this.#yardstick).toFixed(1),
      resting === undefined ? "" : thousands(taken.peak - resting.peak)
    ]
    this.rows.push(row)
    console.error(`  ${row.slice(2).join("  ")}`)
  }
}

const main = async (folder: string): Promise<void> => {
  const crowdsec = flags.hub === undefined ? debianCrowdSec() : undefined
  const hub = hubFor(flags, crowdsec, folder)
  console.log(`Rules: ${hub.folder}${crowdsec === undefined ? "" : ", for both engines"}`)
  const comparison = new Comparison(folder, hub, crowdsec)
  const logs = benchLogs.filter(({ name }) => flags.log === undefined || name === flags.log)
  for (const log of logs) await comparison.run(log)
  console.log(table(comparison.rows))
  for (const log of logs) await comparison.runWorst(log)
  console.log(`\n${table(comparison.worstRows)}`)
}

if (flags.measure === undefined) {
  const folder = mkdtempSync(join(tmpdir(), "testudo-bench-"))
  try {
    await main(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
} else console.log(JSON.stringify(await children[flags.measure]!(benchLogs.find(({ name }) => name === flags.log)!)))
