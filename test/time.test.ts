/** Time is data: it makes no difference for the bans when, how and in how many pieces a log is read. */
import { describe, expect, it } from "vitest"
import { DecisionMade } from "../domain/events/decision.ts"
import { addressOf } from "../fixtures/generators/address.ts"
import { Random } from "../fixtures/generators/random.ts"
import type { LogLine } from "../fixtures/generators/timeline.ts"
import { person } from "../fixtures/generators/visitor.ts"
import { visitors } from "../fixtures/generators/visitors.ts"
import { every, failedPassword, missing, visited } from "./attacks.ts"
import { run, until } from "./process.ts"
import { found, recordedEvents, sorted } from "./recorded.ts"
import { replayedBy } from "./replayed.ts"
import { accessLog, authLog, type Log, left, replayed, right, type Station, station } from "./station.ts"

const minute = 60_000
const hour = 60 * minute

const prober = addressOf(1)
const thief = addressOf(2)
const guesser = addressOf(3)
const straddler = addressOf(4)
const patient = addressOf(5)
const last = addressOf(120_000)

interface Cue extends LogLine {
  readonly log: Log
}

const cues = (log: Log, times: ReadonlyArray<number>, line: (at: number, n: number) => string): ReadonlyArray<Cue> =>
  times.map((at, n) => ({ log, at, line: line(at, n) }))

/** Half past the attacks, in milliseconds after their start. */
const half = 10_000

/** 18 seconds of attackers among visitors; somebody has tried a password every quarter of an hour since yesterday. */
const story = (start: number): ReadonlyArray<Cue> => {
  const random = new Random(8)
  const people = Array.from({ length: 12 }, (_, n) => {
    const from = start + random.of(n).between(0, 15_000)
    return [...person(random.of(n), from, addressOf(n + 20), 2)].filter(({ at }) => at < start + 18_000)
  })
  return [
    ...cues(authLog, every(900, start - 11 * hour, 40), (at, n) => failedPassword(at, patient, 30_000 + n)),
    ...people.flat().map((line) => ({ log: accessLog, ...line })),
    ...cues(accessLog, every(0.9, start + 1_000, 18), (at, n) => missing(at, prober, `/setup-${n}.php`)),
    ...cues(accessLog, every(3, start + 3_000, 5), (at, n) =>
      missing(at, thief, ["/.env", "/.git/config", "/wp-config.php.bak", "/.aws/credentials", "/backup.sql"][n]!)
    ),
    ...cues(authLog, every(1, start + 2_000, 12), (at) => failedPassword(at, guesser, 40_022)),
    // Three attempts before the half and four after it, from a port each.
    ...cues(authLog, every(2, start + 5_000, 7), (at, n) => failedPassword(at, straddler, 50_000 + n)),
    ...cues(authLog, every(0.1, start + 18_000, 8), (at) => failedPassword(at, last, 40_022))
  ].toSorted((one, other) => one.at - other.at)
}

/** The truth of the story. */
const attackers = sorted([
  found(prober, "http-probing"),
  found(thief, "http-sensitive-files"),
  found(guesser, "ssh-bf"),
  found(straddler, "ssh-bf", "ssh-bf-connections"),
  found(last, "ssh-bf")
])

const linesOf = (log: Log, told: ReadonlyArray<Cue>): ReadonlyArray<string> =>
  told.filter((cue) => cue.log === log).map(({ line }) => line)

const write = (at: Station, told: ReadonlyArray<Cue>): void => {
  for (const log of [authLog, accessLog]) at.write(log, linesOf(log, told))
}

describe("the same attackers are found", () => {
  it("as the lines are written, and in the same logs when they are cold", async () => {
    const site = await station(authLog, accessLog)
    const start = Date.now() + 5_000
    const told = story(start)
    write(
      site,
      told.filter(({ at }) => at < start)
    )
    const node = await site.start()
    let written = told.filter(({ at }) => at < start).length
    for (; written < told.length; ) {
      const now = Date.now()
      const due = told.slice(written).findIndex(({ at }) => at > now)
      const next = due < 0 ? told.length : written + due
      write(site, told.slice(written, next))
      written = next
      await new Promise((wake) => setTimeout(wake, 50))
    }
    await site.bans(last)
    expect((await node.stop("SIGINT")).status).toBe(0)
    expect(await site.verdicts()).toEqual(attackers)
    const cold = [
      ...(await replayed("syslog", Date.now(), site.path(authLog))),
      ...(await replayed("nginx", Date.now(), site.path(accessLog)))
    ]
    expect(sorted(cold)).toEqual(attackers)
  }, 600_000)

  for (const signal of ["SIGINT", "SIGKILL"] as const) {
    it(`after a stop half-way through (${signal})`, async () => {
      const site = await station(authLog, accessLog)
      const start = Date.now() - minute
      const told = story(start)
      const early = told.filter(({ at }) => at < start + half)
      write(site, early)
      const first = await site.start()
      await site.hasLines(authLog, linesOf(authLog, early).length)
      await site.hasLines(accessLog, linesOf(accessLog, early).length)
      const { status } = await first.stop(signal)
      if (signal === "SIGINT") expect(status).toBe(0)
      write(site, told.slice(early.length))
      const second = await site.start()
      await site.bans(last)
      await second.stop("SIGINT")
      expect(await site.verdicts()).toEqual(attackers)
      await site.hasExactly(authLog, linesOf(authLog, told))
      await site.hasExactly(accessLog, linesOf(accessLog, told))
    }, 600_000)
  }
})

describe("a first start", () => {
  it("bans nobody for three days of ordinary visitors in the log", async () => {
    const site = await station(accessLog)
    const start = Date.now() - 72 * hour - 10 * minute
    const log = visitors({ seed: 11, start, visits: 500 })
    const end = Date.now() - 5 * minute
    const lines = [...log.lines, ...every(0.5, end, 12).map((at, n) => missing(at, last, `/setup-${n}.php`))]
    expect(lines.length).toBeGreaterThan(20_000)
    site.write(accessLog, lines)
    const node = await site.start()
    await site.bans(last)
    await node.stop("SIGINT")
    expect(await site.verdicts()).toEqual([found(last, "http-probing")])
  }, 600_000)
})

describe("a time stamp", () => {
  const logOf = async (...lines: ReadonlyArray<string>) => {
    const site = await station()
    site.write(authLog, lines)
    return site.path(authLog)
  }
  /** The beginning of the ban that a replay makes of these lines. */
  const bannedFrom = async (now: string, lines: ReadonlyArray<string>, ...options: ReadonlyArray<string>) => {
    const { offenders } = replayedBy(
      await run("replay", await logOf(...lines), "--type", "syslog", "--json", "--now", now, ...options)
    )
    return offenders.map(({ decision }) => decision && new Date(decision.from).toISOString())
  }
  const attackAt = (time: string) => every(1, Date.parse(time), 6).map((at) => failedPassword(at, guesser, 40_022))

  it("without a year gets the one that puts it nearest before the observed time", async () => {
    const december = attackAt("2026-12-31T23:59:58Z")
    expect(await bannedFrom("2027-01-01T00:10:00Z", december)).toEqual(["2027-01-01T00:00:03.000Z"])
    const leapDay = attackAt("2028-02-29T12:00:00Z")
    expect(await bannedFrom("2028-03-01T00:00:00Z", leapDay)).toEqual(["2028-02-29T12:00:05.000Z"])
    expect(await bannedFrom("2027-06-01T00:00:00Z", leapDay)).toEqual(["2024-02-29T12:00:05.000Z"])
  }, 600_000)

  it("without a zone is in the one that the user names", async () => {
    const lines = attackAt("2026-07-01T12:00:00Z")
    expect(await bannedFrom("2026-08-01T00:00:00Z", lines)).toEqual(["2026-07-01T12:00:05.000Z"])
    expect(await bannedFrom("2026-08-01T00:00:00Z", lines, "--timezone", "Europe/Berlin")).toEqual([
      "2026-07-01T10:00:05.000Z"
    ])
  }, 600_000)

  it("of the future counts as observed now, and a configured zone is respected", async () => {
    const future: Log = { file: "future.log", type: "syslog" }
    const tokyo: Log = { file: "tokyo.log", type: "syslog", timezone: "Asia/Tokyo" }
    const site = await station(future, tokyo)
    const start = Math.floor(Date.now() / 1_000) * 1_000
    const attack = start - 30 * minute
    site.write(
      future,
      every(60, start + 12 * hour, 6).map((at) => failedPassword(at, guesser, 40_022))
    )
    site.write(
      tokyo,
      every(1, attack + 9 * hour, 6).map((at) => failedPassword(at, last, 40_022))
    )
    const node = await site.start()
    await until("both bans", async () => (await site.verdicts()).length === 2, { every: 200 })
    await node.stop("SIGINT")
    const events = await recordedEvents(site.store, { types: [DecisionMade.type] })
    const from = new Map(
      events.flatMap((event) => (DecisionMade.is(event) ? [[event.data.value, Date.parse(event.data.from)]] : []))
    )
    expect(from.get(last)).toBe(attack + 5_000)
    expect(from.get(guesser)).toBeGreaterThanOrEqual(start)
    expect(from.get(guesser)).toBeLessThanOrEqual(Date.now())
  }, 600_000)
})

describe("two logs with a backlog", () => {
  const page = (at: number, address: string, n: number) => visited(at, address, `/page-${n}`)

  it("of the same offenders give the bans that reading as they were written would have given", async () => {
    const start = Math.floor(Date.now() / 1_000) * 1_000 - 10 * minute
    const crawler = addressOf(400)
    const reader = addressOf(401)
    // Six pages a second are a crawler's, three are not; the pages take turns in the logs.
    const told = [
      ...cues(left, every(1 / 6, start, 540), (at, n) => page(at, crawler, n)),
      ...cues(left, every(1 / 3, start, 270), (at, n) => page(at, reader, n)),
      ...cues(left, every(2, start + 20_000, 15), (at, n) => missing(at, prober, `/setup-${n}.php`)),
      ...cues(left, every(0.5, start + 2 * minute, 14), (at, n) => missing(at, last, `/setup-${n}.php`))
    ]
      .toSorted((one, other) => one.at - other.at)
      .map((cue, n): Cue => (n % 2 === 0 ? cue : { ...cue, log: right }))
    const steady = await station()
    steady.write(
      accessLog,
      told.map(({ line }) => line)
    )
    const expected = [found(crawler, "http-crawl"), found(prober, "http-probing"), found(last, "http-probing")]
    expect(await replayed("nginx", Date.now(), steady.path(accessLog))).toEqual(sorted(expected))

    const site = await station(left, right)
    for (const log of [left, right]) site.write(log, linesOf(log, told))
    const node = await site.start()
    await site.bans(last)
    await node.stop("SIGINT")
    expect(await site.verdicts()).toEqual(sorted(expected))
    expect(await replayed("nginx", Date.now(), site.path(left), site.path(right))).toEqual(sorted(expected))
  }, 600_000)
})
