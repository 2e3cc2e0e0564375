/** A verdict rests on what is recorded: the same log read under another clock, zone, language and load gives the same events. */
import { cpSync, mkdirSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { DecisionMade, DecisionNumbered } from "../domain/events/decision.ts"
import { LogBatchAppended } from "../domain/events/log-batch.ts"
import { OverflowRaised } from "../domain/events/overflow.ts"
import { decodeLines } from "../services/acquisition/body.ts"
import { botnet } from "../fixtures/generators/botnet.ts"
import { sshAttackers } from "../fixtures/generators/ssh-attackers.ts"
import type { GeneratedLog } from "../fixtures/generators/timeline.ts"
import { root, start, temporaryFolder } from "./process.ts"
import { recordedEvents } from "./recorded.ts"
import { replayedBy } from "./replayed.ts"

/** What the clock of the machine says is shifted, and the places of a sort or a hash seed are others. */
const worlds = [
  { env: { TZ: "UTC", LANG: "C", LC_ALL: "C" }, years: 0 },
  { env: { TZ: "Pacific/Kiritimati", LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8", UV_THREADPOOL_SIZE: "1" }, years: 9 },
  { env: { TZ: "America/St_Johns", LANG: "ja_JP.UTF-8", LC_ALL: "ja_JP.UTF-8", UV_THREADPOOL_SIZE: "16" }, years: -30 }
]

const shifted = (years: number): string => {
  const code = `const by = ${years} * 31_556_952_000
const real = Date.now
const Real = Date
globalThis.Date = class extends Real {
  constructor(...given) { given.length === 0 ? super(real() + by) : super(...given) }
  static now() { return real() + by }
}`
  return `--import=data:text/javascript,${encodeURIComponent(code)}`
}

const counter = `
type: counter
name: me/counted
description: "Requests and attempts of a minute"
filter: "evt.Meta.source_ip != '' && evt.Time.Hour() >= 0"
groupby: evt.Meta.source_ip
duration: 1m
overflow_filter: leaky.Total_count > 20
blackhole: 10m
reprocess: true
labels: { remediation: true }
`

const context = `
context:
  when: [evt.Time.Format("2006-01-02 15:04")]
  what: [Upper(evt.Meta.log_type), evt.Meta.http_path]
`

const linesOf = (log: GeneratedLog): ReadonlyArray<string> => [...log.lines]

it("the same logs give byte-identical events, whatever the machine's clock, zone, language and threads", async () => {
  const folder = temporaryFolder()
  const hub = join(folder, "hub")
  cpSync(join(root, "hub"), hub, { recursive: true })
  mkdirSync(join(hub, "contexts/me"), { recursive: true })
  writeFileSync(join(hub, "scenarios/counted.yaml"), counter)
  writeFileSync(join(hub, "contexts/me/c.yaml"), context)
  const logs = {
    "a.log": botnet({ seed: 3, bots: 40, visitors: 60 }),
    "b.log": botnet({ seed: 4, bots: 20, visitors: 20 })
  }
  for (const [name, log] of Object.entries(logs)) writeFileSync(join(folder, name), `${linesOf(log).join("\n")}\n`)
  const auth = linesOf(sshAttackers({ seed: 2 }))
  writeFileSync(join(folder, "auth.log"), `${auth.join("\n")}\n`)

  const told = async (
    { env, years }: (typeof worlds)[number],
    number: number,
    type: string,
    files: ReadonlyArray<string>
  ) => {
    const store = join(folder, `store-${type}-${number}`)
    const options = ["--type", type, "--hub", hub, "--now", "2026-11-24T00:00:00Z", "--timezone", "Europe/Berlin"]
    const replay = start(
      join(root, "bin/testudo"),
      ["replay", ...files.map((file) => join(folder, file)), ...options, "--store", store],
      { env: { ...env, NODE_OPTIONS: shifted(years) } }
    )
    const { status, stderr } = await replay.finished
    expect([status, stderr]).toEqual([0, ""])
    const events = await recordedEvents(store)
    expect(new Date(events[0]!.recordedAt).getUTCFullYear() - new Date().getUTCFullYear()).toBe(years)
    const inTheirStreams = events.toSorted((one, other) =>
      one.stream === other.stream ? one.revision - other.revision : one.stream < other.stream ? -1 : 1
    )
    return inTheirStreams.flatMap((event) => {
      // How many decisions get their numbers together depends on how many are waiting; which number each gets does not.
      if (DecisionNumbered.is(event))
        return event.data.decisions.map((decision, index) => `${event.data.first + index} ${decision}`)
      // Digests are salted at random, so that a line can be taken out; what they are of is the same.
      const unsalted = LogBatchAppended.is(event)
        ? { ...event, data: { ...event.data, commitment: null, body: decodeLines(event.data) } }
        : event
      // Whether a verdict or the next batch is stored first is a race; in its stream each event has its place.
      return JSON.stringify({ ...unsalted, recordedAt: null, position: null })
    })
  }

  for (const [type, files] of [
    ["nginx", ["a.log", "b.log"]],
    ["syslog", ["auth.log"]]
  ] as const) {
    const [one, ...others] = await Promise.all(worlds.map((world, number) => told(world, number, type, files)))
    expect(one!.filter((event) => event.includes('"me/counted"')).length).toBeGreaterThan(5)
    expect(one!.some((event) => event.includes('"what":"'))).toBe(true)
    for (const other of others) expect(other).toEqual(one)
  }
}, 600_000)

it("a replay of lines that name their year tells the same under any clock, also one that is behind them", async () => {
  const folder = temporaryFolder()
  const files = [3, 4].map((seed) => {
    const file = join(folder, `${seed}.log`)
    writeFileSync(file, `${linesOf(botnet({ seed, bots: 20, visitors: 20 })).join("\n")}\n`)
    return file
  })
  const told = async ({ env, years }: (typeof worlds)[number]) => {
    const replay = start(join(root, "bin/testudo"), ["replay", ...files, "--type", "nginx", "--json"], {
      env: { ...env, NODE_OPTIONS: shifted(years) }
    })
    return replayedBy(await replay.finished)
  }
  const [one, ...others] = await Promise.all(worlds.map(told))
  expect(one!.decisions).toBeGreaterThan(5)
  for (const other of others) expect(other).toEqual(one)
}, 600_000)

it("the ids of what is found do not tell on which disk and under which clock the logs were read", async () => {
  const folder = temporaryFolder()
  const file = join(folder, "access.log")
  const text = `${linesOf(botnet({ seed: 5, bots: 20, visitors: 20 })).join("\n")}\n`
  const told = async ({ env, years }: (typeof worlds)[number], number: number) => {
    // Another file of the same name, and of another number.
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
    const store = join(folder, `store-${number}`)
    const replay = start(join(root, "bin/testudo"), ["replay", file, "--type", "nginx", "--store", store], {
      env: { ...env, NODE_OPTIONS: shifted(years) }
    })
    const { status, stderr } = await replay.finished
    expect([status, stderr]).toEqual([0, ""])
    const events = await recordedEvents(store, { types: [OverflowRaised.type, DecisionMade.type] })
    return events.map((event) => JSON.stringify({ ...event, recordedAt: null, position: null }))
  }
  const [one, ...others] = [await told(worlds[0]!, 0), await told(worlds[1]!, 1), await told(worlds[2]!, 2)]
  expect(one!.length).toBeGreaterThan(10)
  for (const other of others) expect(other).toEqual(one)
}, 600_000)
