/**
 * How fast lines become verdicts: `npm run bench -- detect [--lines N] [--hub DIR [--data DIR]]`.
 *
 * For an nginx and an ssh log from the seeded generators: a bare regular expression of V8 for the same format as
 * yardstick, the engine alone (no log), and `testudo replay` with the durable embedded log; fail2ban-regex where it is
 * installed. Each in a process of its own, one after the other, in one run: machines drift, so compare ratios of one run.
 * Memory is the peak above the same command's peak on an empty log; with the log off it includes the lines themselves.
 */
import { spawn, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import * as Effect from "effect/Effect"
import { botnet } from "../fixtures/generators/botnet.ts"
import { sshAttackers } from "../fixtures/generators/ssh-attackers.ts"
import { detect } from "../fixtures/rig.ts"
import "../services/engine/linear-regex.ts"
import { compileRules } from "../services/engine/rulebook.ts"
import { loadHub } from "../services/hub/hub.ts"

const here = fileURLToPath(import.meta.url)
const root = join(here, "../..")
const testudo = join(root, "services/command-line/main.ts")

const { values: flags } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "detect"),
  options: {
    lines: { type: "string", default: "370000" },
    hub: { type: "string", default: join(root, "hub") },
    data: { type: "string" },
    /** What a child measures, and of which file. */
    measure: { type: "string" },
    file: { type: "string", default: "" },
    log: { type: "string", default: "nginx" }
  }
})

interface Log {
  readonly name: "nginx" | "ssh"
  readonly type: "nginx" | "syslog"
  readonly collections: ReadonlyArray<string>
  readonly format: RegExp
  readonly lines: (count: number) => Iterable<string>
}

const own = flags.hub === join(root, "hub")
const prefix = own ? "testudo" : "crowdsecurity"

const logs: ReadonlyArray<Log> = [
  {
    name: "nginx",
    type: "nginx",
    collections: [`${prefix}/linux`, `${prefix}/nginx`],
    format: /^(\S+) - (\S+) \[([^\]]+)\] "(\S+) (\S+) HTTP\/([\d.]+)" (\d+) (\d+) "([^"]*)" "([^"]*)"/,
    // Twice as many actors as the lines ask for: the log is cut, so that its density is always the same.
    lines: (count) => botnet({ seed: 7, bots: Math.ceil(count / 50), visitors: Math.ceil(count / 18) }).lines
  },
  {
    name: "ssh",
    type: "syslog",
    collections: [`${prefix}/linux`, `${prefix}/sshd`],
    format: /^(\w{3} [ \d]\d [\d:]{8}) (\S+) sshd\[(\d+)\]: (.*?) (?:from|rhost=) ?(\d+\.\d+\.\d+\.\d+)/,
    lines: (count) =>
      sshAttackers({ seed: 7, attackers: Math.ceil(count / 230), administrators: Math.ceil(count / 170) }).lines
  }
]

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

const child = async (log: Log): Promise<void> => {
  const lines = readFileSync(flags.file, "latin1").split("\n")
  lines.pop()
  if (flags.measure === "regex") {
    let matched = 0
    const result = measured(lines.length, () => {
      for (const line of lines) matched += log.format.exec(line)?.[1]?.length ?? 0
    })
    if (lines.length > 0 && matched === 0) throw new Error("the yardstick matches nothing")
    console.log(JSON.stringify(result))
    return
  }
  const data = flags.data === undefined ? {} : { data: flags.data }
  const { files } = await Effect.runPromise(loadHub({ hub: flags.hub, collections: log.collections, ...data }))
  const { rules } = compileRules(files, { names: "off" })
  console.log(JSON.stringify(measured(lines.length, () => detect(rules.ruleset, log.type, lines))))
}

interface Watched extends Measured {
  /** The most memory that the process ever had, in MB. */
  readonly peak: number
}

/** Runs a command that prints what it measured as JSON; where it prints none, what the kernel counted stands. */
const watch = (command: string, args: ReadonlyArray<string>, lines: number): Promise<Watched> =>
  new Promise((resolve, reject) => {
    const start = performance.now()
    const running = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"], cwd: root })
    let output = ""
    let peak = 0
    let ticks = 0
    const look = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${running.pid}/status`, "utf8")
        peak = Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? peak * 1024) / 1024
        const [, , , , , , , , , , , user, system] = readFileSync(`/proc/${running.pid}/stat`, "utf8")
          .replace(/^.*\) /, "")
          .split(" ")
        ticks = Number(user) + Number(system)
      } catch {
        // It has ended, or this is no Linux: what is known stays.
      }
    }, 20)
    running.stdout.on("data", (chunk) => {
      output += chunk
    })
    running.on("error", reject)
    running.on("close", (code) => {
      clearInterval(look)
      if (code !== 0) return reject(new Error(`${command} ${args.join(" ")} ended with ${code}`))
      const seconds = (performance.now() - start) / 1000
      const told = output.startsWith("{") ? (JSON.parse(output) as Measured) : undefined
      const counted = { lines, seconds, cpuSeconds: ticks / 100 }
      return resolve({ ...(told ?? counted), peak })
    })
  })

const thousands = (value: number): string => Math.round(value).toLocaleString("en")

const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (row: ReadonlyArray<string>) =>
    row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join("  ")
  return rows.map(line).join("\n")
}

const compare = async (folder: string): Promise<void> => {
  const rows = [["log", "what", "lines", "lines/s", "lines/CPU s", "× yardstick", "MB above idle"]]
  const count = Number(flags.lines)
  const empty = join(folder, "empty.log")
  writeFileSync(empty, "")
  const rules = ["--hub", flags.hub, ...(flags.data === undefined ? [] : ["--data", flags.data])]
  for (const log of logs) {
    const file = join(folder, `${log.name}.log`)
    const lines: Array<string> = []
    for (const line of log.lines(count)) if (lines.push(line) === count) break
    writeFileSync(file, `${lines.join("\n")}\n`)
    const inProcess = (measure: string, of: string) => [
      here,
      "--measure",
      measure,
      "--log",
      log.name,
      "--file",
      of,
      ...rules
    ]
    const stored = (of: string) => {
      const collections = log.collections.flatMap((name) => ["--collection", name])
      const store = mkdtempSync(join(folder, "store-"))
      return [testudo, "replay", of, "--type", log.type, ...collections, ...rules, "--store", store, "--json"]
    }
    let yardstick = 0
    const run = async (what: string, command: string, args: ReadonlyArray<string>, idle?: ReadonlyArray<string>) => {
      console.error(`${log.name}: ${what} …`)
      const { lines: seen, seconds, cpuSeconds, peak } = await watch(command, args, lines.length)
      const resting = idle === undefined ? undefined : (await watch(command, idle, 0)).peak
      const perLine = cpuSeconds / seen
      if (yardstick === 0) yardstick = perLine
      rows.push([
        log.name,
        what,
        thousands(seen),
        thousands(seen / seconds),
        thousands(1 / perLine),
        (perLine / yardstick).toFixed(1),
        resting === undefined ? "" : thousands(peak - resting)
      ])
    }
    const node = process.execPath
    await run("bare regular expression", node, inProcess("regex", file))
    await run("testudo, log off", node, inProcess("engine", file), inProcess("engine", empty))
    await run("testudo, durable log", node, stored(file), stored(empty))
    const fail2ban = spawnSync("fail2ban-regex", ["--version"], { stdio: "ignore" }).status === 0
    const filter = log.name === "ssh" ? "sshd" : "nginx-botsearch"
    if (fail2ban) await run(`fail2ban-regex ${filter}`, "fail2ban-regex", [file, filter])
  }
  console.log(table(rows))
}

if (flags.measure === undefined) {
  const folder = mkdtempSync(join(tmpdir(), "testudo-bench-"))
  try {
    await compare(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
} else await child(logs.find(({ name }) => name === flags.log)!)
