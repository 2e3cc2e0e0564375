/**
 * What it takes to watch nginx logs while they grow: `npm run bench -- live [--seconds N] [--hub DIR [--data DIR]]`.
 * How to read it: docs/benchmarks.md.
 *
 * Lines of the seeded generator, each with the time of its writing, are written one by one as nginx does it. `testudo run`
 * and, where they are, CrowdSec and fail2ban-server watch them in turn.
 */
import { spawn } from "node:child_process"
import {
  cpSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { freePort } from "../fixtures/free-port.ts"
import { botnet } from "../fixtures/generators/botnet.ts"
import { debianCrowdSec, installCrowdSec } from "../test/debian-crowdsec.ts"
import { hubFor } from "./measure/hub.ts"
import { table, thousands } from "./measure/table.ts"
import { type Usage, usageOf } from "./measure/usage.ts"

const root = fileURLToPath(new URL("..", import.meta.url))

const { values: flags } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "live"),
  options: {
    /** How long each is watched, after half of that to warm up. */
    seconds: { type: "string", default: "20" },
    hub: { type: "string" },
    data: { type: "string" }
  }
})
const seconds = Number(flags.seconds)

/** `rate`: lines a second, over all logs. */
const loads = [
  { logs: 1, rate: 0 },
  { logs: 1, rate: 10 },
  { logs: 1, rate: 200 },
  { logs: 1, rate: 2_000 },
  { logs: 50, rate: 200 }
]

/** Sets itself up in an empty folder; gives the command that watches the logs that a pattern finds. */
type Watcher = (folder: string, logs: string) => Promise<readonly [string, ...ReadonlyArray<string>]>

const crowdsec = flags.hub === undefined ? debianCrowdSec() : undefined
const collections = ["linux", "nginx"]

const testudo: Watcher = async (folder, logs) => {
  const { author, folder: hub, data } = hubFor(flags, crowdsec, folder)
  const configuration = {
    eventStore: `embedded:${join(folder, "store")}`,
    api: { listen: `127.0.0.1:${await freePort()}` },
    rules: { hub, data, collections: collections.map((name) => `${author}/${name}`) },
    acquisition: [{ files: [logs], type: "nginx" }],
    reverseDns: false
  }
  const file = join(folder, "testudo.yaml")
  writeFileSync(file, JSON.stringify(configuration))
  return [join(root, "bin/testudo"), "run", "--config", file]
}

const realCrowdSec: Watcher = async (folder, logs) => {
  const names = collections.map((name) => `crowdsecurity/${name}`)
  const { follow } = await installCrowdSec(crowdsec!, folder, names)
  return follow(logs, "nginx")
}

const configured = "/etc/fail2ban"
const fail2ban: Watcher = async (folder, logs) => {
  const config = join(folder, "config")
  cpSync(configured, config, { recursive: true })
  rmSync(join(config, "jail.d"), { recursive: true, force: true })
  writeFileSync(join(config, "jail.local"), `[nginx-botsearch]\nenabled = true\nlogpath = ${logs}\naction =\n`)
  const files = ["-s", join(folder, "socket"), "-p", join(folder, "pid")]
  const toldTo = ["--logtarget", join(folder, "log"), "--loglevel", "WARNING"]
  writeFileSync(join(config, "fail2ban.local"), "[Definition]\ndbfile = None\n")
  return ["fail2ban-server", "-f", "-c", config, ...files, ...toldTo, "start"]
}

/** Writes lines into the logs in turn, each by itself, so many a second until the time is over. */
const feed = async (
  logs: ReadonlyArray<number>,
  lines: Iterator<string>,
  rate: number,
  until: number
): Promise<void> => {
  const begun = performance.now()
  for (let written = 0; performance.now() < until; await sleep(1)) {
    const due = Math.floor(((performance.now() - begun) / 1000) * rate)
    const now = new Date().toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/, "[$1/$2/$3:$4 +0000]")
    for (; written < due; written++)
      writeSync(logs[written % logs.length]!, `${(lines.next().value as string).replace(/\[[^\]]+\]/, now)}\n`)
  }
}

const measured = async (watcher: Watcher, { logs, rate }: (typeof loads)[number]): Promise<Usage> => {
  const folder = mkdtempSync(join(tmpdir(), "testudo-live-"))
  const site = join(folder, "logs")
  mkdirSync(site)
  const files = Array.from({ length: logs }, (_, log) => openSync(join(site, `${log}.access.log`), "a"))
  const [program, ...args] = await watcher(folder, join(site, "*.access.log"))
  const running = spawn(program, args, { stdio: "ignore", detached: true })
  const ended = new Promise<void>((resolve) => running.once("exit", () => resolve()))
  const look = (): Usage => {
    const usage = usageOf(running.pid!)
    if (usage === undefined) throw new Error(`${program} ended early`)
    return usage
  }
  try {
    await sleep(8_000)
    const lines = botnet({ seed: 7 }).lines[Symbol.iterator]()
    await feed(files, lines, rate, performance.now() + seconds * 500)
    const before = look()
    await feed(files, lines, rate, performance.now() + seconds * 1_000)
    const after = look()
    return { cpuSeconds: after.cpuSeconds - before.cpuSeconds, peak: after.peak }
  } finally {
    running.kill()
    await ended
    for (const file of files) closeSync(file)
    rmSync(folder, { recursive: true, force: true })
  }
}

const watchers: ReadonlyArray<readonly [what: string, watcher: Watcher]> = [
  ["testudo run", testudo],
  ...(crowdsec === undefined ? [] : ([[`crowdsec ${crowdsec.version}`, realCrowdSec]] as const)),
  ...(existsSync(configured) ? ([["fail2ban-server nginx-botsearch", fail2ban]] as const) : [])
]
const rows = [["what", "logs", "lines/s", "CPU %", "MB peak"]]
for (const load of loads) {
  for (const [what, watcher] of watchers) {
    const { cpuSeconds, peak } = await measured(watcher, load)
    const percent = ((100 * cpuSeconds) / seconds).toFixed(1)
    rows.push([what, String(load.logs), thousands(load.rate), percent, thousands(peak)])
    console.error(rows.at(-1)!.join("  "))
  }
}
console.log(table(rows))
