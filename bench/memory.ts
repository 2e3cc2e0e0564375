/**
 * What open buckets hold: `npm run bench -- memory [--buckets N] [--hub DIR [--data DIR]]`. For ordinary logs with very
 * many sources, and for what attackers would write to fill the memory, each in a process of its own: the memory of the
 * engine with its rules alone (idle), and what is held above it when the log is through and garbage is collected. Then what
 * `testudo replay` takes with the durable log at most, garbage and all, above the same command on an empty log.
 */
import { spawnSync } from "node:child_process"
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as Effect from "effect/Effect"
import "../services/engine/garbage-collection.ts"
import "../services/engine/linear-regex.ts"
import { makeEngine } from "../domain/detection/engine.ts"
import { accessLine } from "../fixtures/generators/access-log.ts"
import { addressOf } from "../fixtures/generators/address.ts"
import { sshdLine } from "../fixtures/generators/auth-log.ts"
import { fixtureBatch } from "../fixtures/detect.ts"
import { compileRules } from "../services/engine/rulebook.ts"
import { loadHub } from "../services/hub/hub.ts"
import { table } from "./measure/table.ts"
import { watched } from "./measure/watched.ts"

const here = fileURLToPath(import.meta.url)

const { values: flags } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "memory"),
  options: {
    buckets: { type: "string", default: "100000" },
    hub: { type: "string", default: join(here, "../../hub") },
    data: { type: "string" },
    /** What a child measures. */
    case: { type: "string" }
  }
})

const most = Number(flags.buckets)
const rules = ["--hub", flags.hub, ...(flags.data === undefined ? [] : ["--data", flags.data])]
const start = Date.parse("2026-03-02T09:00:00Z")

const failedLogin = (number: number, name: string, at: number): string =>
  sshdLine(at, 811, `Failed password for invalid user ${name} from ${addressOf(number)} port 4711 ssh2`)

const missing = (number: number, path: string, at: number, agent = "Mozilla/5.0 (X11; Linux x86_64)"): string =>
  accessLine(at, addressOf(number), agent, { path, status: 404 })

interface Case {
  readonly type: "syslog" | "nginx"
  readonly what: string
  /** The line of this number; the lines are read until so many buckets are open, or until so many lines. */
  readonly line: (number: number) => string
  readonly lines?: number
}

const long = "x".repeat(7_500)

/** All within few seconds, so that no bucket has leaked or ended. */
const at = (number: number): number => start + Math.floor(number / 50_000) * 1_000

const cases: Readonly<Record<string, Case>> = {
  ssh: { type: "syslog", what: "one failed login a source", line: (n) => failedLogin(n, "root", at(n)) },
  nginx: { type: "nginx", what: "one missing page a source", line: (n) => missing(n, `/${n}.php`, at(n)) },
  ssh5: {
    type: "syslog",
    what: "five failed logins a source",
    line: (n) => failedLogin(Math.floor(n / 5), `user${n % 5}`, at(n))
  },
  nginx9: {
    type: "nginx",
    what: "nine missing pages a source",
    line: (n) => missing(Math.floor(n / 9), `/${n}.php`, at(n))
  },
  distinct: {
    type: "nginx",
    what: "attack: one source, 100,000 pages",
    line: (n) => missing(1, `/${n % 7}/${n}`, start + n * 60_000),
    lines: 100_000
  },
  lines: {
    type: "nginx",
    what: "attack: 20,000 sources, 8 lines of 7.5 kB each",
    line: (n) => missing(n % 20_000, `/${n}?${long}${n}`, at(n)),
    lines: 160_000
  },
  agents: {
    type: "nginx",
    what: "attack: 100,000 user agents of 500 characters",
    line: (n) => missing(n % 20, `/${n % 3}.php`, start + n * 1_000, `agent ${n} ${long.slice(0, 500)}`),
    lines: 100_000
  },
  names: {
    type: "syslog",
    what: "attack: one source, 100,000 user names of 2 kB",
    line: (n) => failedLogin(1, `${n}${long.slice(0, 2_000)}`, start + n * 60_000),
    lines: 100_000
  }
}

const collectGarbage = (): void => {
  setFlagsFromString("--expose-gc")
  const gc = runInNewContext("gc") as () => void
  for (let round = 0; round < 3; round++) gc()
}

const held = (): number => {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const measure = async ({ type, line, lines = Number.POSITIVE_INFINITY }: Case): Promise<void> => {
  const data = flags.data === undefined ? {} : { data: flags.data }
  const { files } = await Effect.runPromise(loadHub({ hub: flags.hub, ...data }))
  const { rules } = compileRules(files, { names: "off" })
  const engine = makeEngine(rules.ruleset)
  const open = (): number => [...engine.buckets.values()].reduce((sum, buckets) => sum + [...buckets.open()].length, 0)
  const size = 5_000
  const pour = (batch: number, count: number): void => {
    const texts = Array.from({ length: count }, (_, index) => line(batch * size + index))
    engine.pour(fixtureBatch(type, batch), texts)
  }
  // What the first lines bring about once, compiled code above all, is not theirs.
  for (let round = 0; round < 2_000; round++) engine.pour(fixtureBatch(type, 0), [line(0)])
  const idle = held()
  let read = 0
  for (let batch = 0; read < lines && open() < most; batch++) {
    const count = Math.min(size, lines - read)
    pour(batch, count)
    read += count
  }
  const buckets = open()
  const bytes = held() - idle
  console.log(JSON.stringify({ lines: read, buckets, bytes, idle, peak: process.resourceUsage().maxRSS * 1024 }))
}

/** The most that a whole replay of so many of these lines takes above one of none, in MB. */
const measureReplay = async ({ type, line }: Case, lines: number): Promise<number> => {
  const folder = mkdtempSync(join(tmpdir(), "testudo-bench-"))
  try {
    const peakOf = async (name: string, count: number): Promise<number> => {
      const file = join(folder, `${name}.log`)
      const written = openSync(file, "w")
      for (let number = 0; number < count; number++) writeSync(written, `${line(number)}\n`)
      closeSync(written)
      const what = ["replay", file, "--type", type, ...rules, "--store", join(folder, name), "--json"]
      return (await watched([join(here, "../../bin/testudo"), ...what])).peak
    }
    const idle = await peakOf("empty", 0)
    return (await peakOf("full", lines)) - idle
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)

if (flags.case === undefined) {
  const rows = [
    ["log", "what", "lines", "buckets", "MB idle", "MB held above", "bytes a bucket", "MB peak", "MB replay"]
  ]
  for (const [name, one] of Object.entries(cases)) {
    const { type, what } = one
    const again = [here, "--case", name, "--buckets", flags.buckets, ...rules]
    const child = spawnSync(process.execPath, again, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })
    if (child.status !== 0) {
      rows.push([type, what, "-", "-", "-", `ended with ${child.signal ?? child.status}`, "-", "-", "-"])
      continue
    }
    const { lines, buckets, bytes, idle, peak } = JSON.parse(child.stdout) as Record<string, number>
    rows.push([
      type,
      what,
      lines!.toLocaleString("en"),
      buckets!.toLocaleString("en"),
      megabytes(idle!),
      megabytes(bytes!),
      Math.round(bytes! / buckets!).toLocaleString("en"),
      megabytes(peak!),
      (await measureReplay(one, lines!)).toFixed(0)
    ])
  }
  console.log(table(rows))
} else await measure(cases[flags.case]!)
