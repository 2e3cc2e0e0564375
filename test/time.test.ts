/** Time is data: it makes no difference when a log is read, and a node that is stopped and started loses nothing. */
import { appendFileSync, copyFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { gzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { DecisionMade } from "../domain/events/decision.ts"
import { accessLine } from "../fixtures/generators/access-log.ts"
import { addressOf } from "../fixtures/generators/address.ts"
import { botnet } from "../fixtures/generators/botnet.ts"
import { Random } from "../fixtures/generators/random.ts"
import type { LogLine } from "../fixtures/generators/timeline.ts"
import { person } from "../fixtures/generators/visitor.ts"
import { visitors } from "../fixtures/generators/visitors.ts"
import { run, until } from "./process.ts"
import { recordedEvents, type Verdict } from "./recorded.ts"
import {
  accessLog,
  authLog,
  failedPassword,
  type Log,
  offendersOf,
  replayed,
  type Station,
  station
} from "./station.ts"

const minute = 60_000
const hour = 60 * minute

const browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
const missing = (at: number, address: string, path: string): string =>
  accessLine(at, address, browser, { path, status: 404, bytes: 153 })

const prober = addressOf(1)
const thief = addressOf(2)
const guesser = addressOf(3)
const straddler = addressOf(4)
const patient = addressOf(5)
const last = addressOf(6)

interface Cue extends LogLine {
  readonly log: Log
}

const cues = (log: Log, times: ReadonlyArray<number>, line: (at: number, n: number) => string): ReadonlyArray<Cue> =>
  times.map((at, n) => ({ log, at, line: line(at, n) }))

const every = (seconds: number, from: number, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, n) => from + n * seconds * 1_000)

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

const found = (value: string, ...scenarios: ReadonlyArray<string>): Verdict => ({
  value,
  scenarios: scenarios.map((name) => `testudo/${name}`),
  banned: true
})

const sorted = (verdicts: ReadonlyArray<Verdict>): ReadonlyArray<Verdict> =>
  verdicts.toSorted((one, other) => (one.value < other.value ? -1 : 1))

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

/** Waits for the one who attacks last: whatever came before is judged then. */
const judged = (at: Station, address = last): Promise<unknown> =>
  until(
    `the ban of ${address}`,
    async () => (await at.verdicts()).some(({ value, banned }) => value === address && banned),
    60_000,
    200
  )

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
    await judged(site)
    expect((await node.stop("SIGINT")).status).toBe(0)
    expect(await site.verdicts()).toEqual(attackers)
    const cold = [
      ...(await replayed("syslog", Date.now(), site.path(authLog))),
      ...(await replayed("nginx", Date.now(), site.path(accessLog)))
    ]
    expect(sorted(cold)).toEqual(attackers)
  }, 120_000)

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
      await judged(site)
      await second.stop("SIGINT")
      expect(await site.verdicts()).toEqual(attackers)
      expect(await site.lines(authLog)).toEqual(linesOf(authLog, told))
      expect(await site.lines(accessLog)).toEqual(linesOf(accessLog, told))
    }, 120_000)
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
    await judged(site)
    await node.stop("SIGINT")
    expect(await site.verdicts()).toEqual([found(last, "http-probing")])
  }, 120_000)
})

/** A node whose log is written all the time, a half line each moment. */
const writing = (at: Station, log: Log) => {
  const written: Array<string> = []
  let open: string | undefined
  const timer = setInterval(() => {
    if (open === undefined) {
      const now = Date.now()
      open = accessLine(now, addressOf(100 + (written.length % 50)), browser, { path: `/page-${written.length}` })
      appendFileSync(at.path(log), open.slice(0, 40))
    } else {
      appendFileSync(at.path(log), `${open.slice(40)}\n`)
      written.push(open)
      open = undefined
    }
  }, 10)
  return {
    stop: async (): Promise<ReadonlyArray<string>> => {
      await until("the end of the line", () => open === undefined, 5_000, 1)
      clearInterval(timer)
      return written
    }
  }
}

describe("a stop in the middle of everything", () => {
  it("keeps the buckets and the places in the files, through SIGINT and SIGKILL", async () => {
    const site = await station(authLog, accessLog)
    const writer = writing(site, accessLog)
    const attempts: Array<string> = []
    const attempt = (address: string, from: number) => {
      const lines = [from, from + 1, from + 2].map((port) => failedPassword(Date.now(), address, port))
      attempts.push(...lines)
      site.write(authLog, lines)
    }
    let node = await site.start()
    const signals = ["SIGINT", "SIGKILL", "SIGKILL", "SIGINT"] as const
    for (const [n, signal] of signals.entries()) {
      const address = addressOf(200 + n)
      attempt(address, 50_000)
      await site.hasLines(authLog, attempts.length)
      const { status } = await node.stop(signal)
      if (signal === "SIGINT") expect(status).toBe(0)
      attempt(address, 60_000)
      node = await site.start()
      await node.says(new RegExp(`ban ${address} `), 30_000)
      expect(node.output()).not.toContain("snapshot is not used")
    }
    const written = await writer.stop()
    await site.hasLines(accessLog, written.length)
    await node.stop("SIGINT")
    expect(written.length).toBeGreaterThan(200)
    expect(await site.lines(accessLog)).toEqual(written)
    expect(await site.lines(authLog)).toEqual(attempts)
    expect(await site.verdicts()).toEqual(
      sorted(signals.map((_, n) => found(addressOf(200 + n), "ssh-bf", "ssh-bf-connections")))
    )
  }, 180_000)

  it("ends within seconds in a big backlog (SIGINT, SIGTERM), and goes on", async () => {
    const site = await station(accessLog)
    const log = botnet({ seed: 9, bots: 1_000, visitors: 3_000 })
    const lines = [...log.lines]
    site.write(accessLog, lines)
    const read = () =>
      site.lines(accessLog).then(
        ({ length }) => length,
        () => 0
      )
    let before = 0
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const node = await site.start()
      await until("the backlog to be read", async () => (await read()) > before, 30_000)
      const asked = performance.now()
      expect((await node.stop(signal)).status).toBe(0)
      expect(performance.now() - asked).toBeLessThan(10_000)
      before = await read()
      console.log(
        `${signal}: ${before} of ${lines.length} lines, ended within ${Math.round(performance.now() - asked)} ms`
      )
      expect(before).toBeLessThan(lines.length)
    }
    const end = addressOf(120_000)
    const attack = every(0.1, Date.now() - minute, 12).map((at, n) => missing(at, end, `/setup-${n}.php`))
    site.write(accessLog, attack)
    const node = await site.start()
    await judged(site, end)
    await node.stop("SIGINT")
    expect(await site.lines(accessLog)).toEqual([...lines, ...attack])
    expect(await site.verdicts()).toEqual(await replayed("nginx", Date.now(), site.path(accessLog)))
  }, 180_000)
})

describe("rotation loses nothing and repeats nothing", () => {
  /** An attack in two halves with something in between, told by the log's lines so far. */
  const rotated = (site: Station) => {
    const written: Array<string> = []
    let number = 300
    const some = (address: string, from: number) => {
      const lines = every(1, Date.now() - 3_000, 3).map((at, n) => failedPassword(at, address, from + n))
      written.push(...lines)
      site.write(authLog, lines)
    }
    return {
      written,
      /** Makes the attack around a rotation; answers the attacker. */
      attack: async (rotate: () => unknown) => {
        const address = addressOf(number++)
        some(address, 40_000)
        await rotate()
        some(address, 50_000)
        return address
      },
      attackers: () =>
        sorted(
          Array.from({ length: number - 300 }, (_, n) => found(addressOf(300 + n), "ssh-bf", "ssh-bf-connections"))
        )
    }
  }
  const rename = (path: string) => renameSync(path, `${path}.1`)
  const copyAndTruncate = (path: string) => {
    copyFileSync(path, `${path}.1`)
    truncateSync(path)
  }
  const shift = (path: string) => {
    writeFileSync(`${path}.2.gz`, gzipSync(readFileSync(`${path}.1`)))
    rmSync(`${path}.1`)
  }

  it("while the node runs", async () => {
    const site = await station(authLog)
    const path = site.path(authLog)
    const { attack, attackers, written } = rotated(site)
    const node = await site.start()
    for (const rotate of [
      () => rename(path),
      () => copyAndTruncate(path),
      async () => {
        await site.hasLines(authLog, written.length)
        shift(path)
        rename(path)
      },
      () => {
        shift(path)
        copyAndTruncate(path)
      }
    ]) {
      const address = await attack(rotate)
      await node.says(new RegExp(`ban ${address} `), 30_000)
    }
    await site.hasLines(authLog, written.length)
    expect((await node.stop("SIGINT")).status).toBe(0)
    expect(await site.lines(authLog)).toEqual(written)
    expect(await site.verdicts()).toEqual(attackers())
  }, 120_000)

  it("while the node is stopped", async () => {
    const site = await station(authLog)
    const path = site.path(authLog)
    const { attack, attackers, written } = rotated(site)
    let node = await site.start()
    const stopped = (signal: NodeJS.Signals, rotate: () => void) => async () => {
      await site.hasLines(authLog, written.length)
      await node.stop(signal)
      rotate()
    }
    for (const away of [
      stopped("SIGINT", () => rename(path)),
      stopped("SIGKILL", () => {
        shift(path)
        copyAndTruncate(path)
      }),
      stopped("SIGINT", () => {
        // Rotated and compressed, and what came then is rotated already, too.
        shift(path)
        rename(path)
        shift(path)
        const lines = [failedPassword(Date.now(), addressOf(1_000), 1)]
        written.push(...lines)
        site.write(authLog, lines)
        rename(path)
      })
    ]) {
      const address = await attack(away)
      node = await site.start()
      await node.says(new RegExp(`ban ${address} `), 30_000)
    }
    await site.hasLines(authLog, written.length)
    await node.stop("SIGINT")
    expect(await site.lines(authLog)).toEqual(written)
    expect(await site.verdicts()).toEqual(attackers())
  }, 120_000)
})

describe("a time stamp", () => {
  const logOf = async (...lines: ReadonlyArray<string>) => {
    const site = await station()
    site.write(authLog, lines)
    return site.path(authLog)
  }
  /** The beginning of the ban that a replay makes of these lines. */
  const bannedFrom = async (now: string, lines: ReadonlyArray<string>, ...options: ReadonlyArray<string>) => {
    const offenders = offendersOf(
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
  }, 60_000)

  it("without a zone is in the one that the user names", async () => {
    const lines = attackAt("2026-07-01T12:00:00Z")
    expect(await bannedFrom("2026-08-01T00:00:00Z", lines)).toEqual(["2026-07-01T12:00:05.000Z"])
    expect(await bannedFrom("2026-08-01T00:00:00Z", lines, "--timezone", "Europe/Berlin")).toEqual([
      "2026-07-01T10:00:05.000Z"
    ])
  }, 60_000)

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
    await until("both bans", async () => (await site.verdicts()).length === 2, 30_000, 200)
    await node.stop("SIGINT")
    const events = await recordedEvents(site.store, { types: [DecisionMade.type] })
    const from = new Map(
      events.flatMap((event) => (DecisionMade.is(event) ? [[event.data.value, Date.parse(event.data.from)]] : []))
    )
    expect(from.get(last)).toBe(attack + 5_000)
    expect(from.get(guesser)).toBeGreaterThanOrEqual(start)
    expect(from.get(guesser)).toBeLessThanOrEqual(Date.now())
  }, 60_000)
})

describe("two logs with a backlog", () => {
  const left: Log = { file: "left.log", type: "nginx" }
  const right: Log = { file: "right.log", type: "nginx" }
  const page = (at: number, address: string, n: number) => accessLine(at, address, browser, { path: `/page-${n}` })

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
    await judged(site)
    await node.stop("SIGINT")
    expect(await site.verdicts()).toEqual(sorted(expected))
    expect(await replayed("nginx", Date.now(), site.path(left), site.path(right))).toEqual(sorted(expected))
  }, 60_000)
})

describe("an allowlist", () => {
  it("that is edited while the node runs counts at once, and loopback is never banned", async () => {
    const site = await station(authLog)
    const friend = addressOf(500)
    const other = addressOf(501)
    const key = async () => {
      const { stdout } = await run("bouncers", "add", "edge", "--json", "--store", site.store)
      return { "X-Api-Key": JSON.parse(stdout).key as string }
    }
    let ago = 60 * minute
    const attack = (address: string) => {
      ago -= 5 * minute
      site.write(
        authLog,
        every(1, Date.now() - ago, 8).map((at, n) => failedPassword(at, address, 40_000 + n))
      )
    }
    const node = await site.start()
    const headers = await key()
    const banned = async () => {
      const ask = async (path: string) => JSON.stringify(await (await fetch(`${site.url}${path}`, { headers })).json())
      const answers = await Promise.all(
        [`/v1/decisions?ip=${friend}`, "/v1/decisions", "/projections/active-bans"].map(ask)
      )
      return answers.map((answer) => answer.includes(friend))
    }
    attack("127.0.0.1")
    attack("::1")
    attack(friend)
    await node.says(new RegExp(`ban ${friend} `), 30_000)
    expect(await banned()).toEqual([true, true, true])

    site.configure(`allowlist: [${friend}, "${other}"]\n`)
    await node.says(/The edited allowlist is respected/)
    expect(await banned()).toEqual([false, false, false])
    attack(friend)
    attack(other)
    attack(last)
    await node.says(new RegExp(`ban ${last} `), 30_000)
    expect(await banned()).toEqual([false, false, false])

    site.configure("")
    await node.says(/The edited allowlist is respected[^]*The edited allowlist is respected/)
    attack(other)
    await node.says(new RegExp(`ban ${other} `), 30_000)
    await node.stop("SIGINT")
    const verdicts = new Map((await site.verdicts()).map(({ value, banned }) => [value, banned]))
    expect([...verdicts.keys()].sort()).toEqual([friend, last, other, "127.0.0.1", "::1"].sort())
    expect([verdicts.get("127.0.0.1"), verdicts.get("::1")]).toEqual([false, false])
    expect(node.output().match(new RegExp(`ban ${friend} `, "g"))).toHaveLength(1)
    expect(node.output().match(new RegExp(`ban ${other} `, "g"))).toHaveLength(1)
  }, 60_000)
})
