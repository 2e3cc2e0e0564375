/** A node that is stopped in the middle of everything and started again: nothing is lost, nothing is judged twice. */
import { appendFileSync, existsSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { addressOf } from "../fixtures/generators/address.ts"
import { botnet } from "../fixtures/generators/botnet.ts"
import { every, failedPassword, missing, visited } from "./attacks.ts"
import { until } from "./process.ts"
import { found, sorted } from "./recorded.ts"
import { accessLog, authLog, type Log, left, replayed, right, type Station, station } from "./station.ts"

/** A node whose log is written all the time, a half line each moment. */
const writing = (at: Station, log: Log) => {
  const written: Array<string> = []
  let open: string | undefined
  const timer = setInterval(() => {
    if (open === undefined) {
      const now = Date.now()
      open = visited(now, addressOf(100 + (written.length % 50)), `/page-${written.length}`)
      appendFileSync(at.path(log), open.slice(0, 40))
    } else {
      appendFileSync(at.path(log), `${open.slice(40)}\n`)
      written.push(open)
      open = undefined
    }
  }, 10)
  return {
    stop: async (): Promise<ReadonlyArray<string>> => {
      await until("the end of the line", () => open === undefined, { every: 1 })
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
      const lines = [from, from + 1, from + 2, from + 3].map((port) => failedPassword(Date.now(), address, port))
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
      if (signal === "SIGINT") {
        expect(status).toBe(0)
        expect(existsSync(join(site.store, "snapshots/engine.snapshot.json"))).toBe(true)
      }
      attempt(address, 60_000)
      node = await site.start()
      await node.says(new RegExp(`ban ${address} `), 180_000)
      expect(node.output()).not.toContain("snapshot is not used")
    }
    const written = await writer.stop()
    await site.hasLines(accessLog, written.length)
    await node.stop("SIGINT")
    expect(written.length).toBeGreaterThan(200)
    await site.hasExactly(accessLog, written)
    await site.hasExactly(authLog, attempts)
    expect(await site.verdicts()).toEqual(
      sorted(signals.map((_, n) => found(addressOf(200 + n), "ssh-bf", "ssh-bf-connections")))
    )
  }, 600_000)

  it("ends within seconds in a big backlog (SIGINT, SIGTERM), and goes on", async () => {
    const site = await station(left, right)
    const log = [...botnet({ seed: 9, bots: 1_000, visitors: 3_000 }).lines]
    // Everybody is in both logs, half of the time.
    const halves = [left, right].map((half, parity) => ({ half, lines: log.filter((_, n) => n % 2 === parity) }))
    for (const { half, lines } of halves) site.write(half, lines)
    const read = () =>
      site.lines(right).then(
        ({ length }) => length,
        () => 0
      )
    let before = 0
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const node = await site.start()
      await until("the backlog to be read", async () => (await read()) > before)
      const asked = performance.now()
      expect((await node.stop(signal)).status).toBe(0)
      expect(performance.now() - asked).toBeLessThan(60_000)
      before = await read()
      expect(before).toBeLessThan(halves[1]!.lines.length)
    }
    const end = addressOf(120_000)
    const attack = every(0.1, Date.now() - 60_000, 12).map((at, n) => missing(at, end, `/setup-${n}.php`))
    halves[1]!.lines.push(...attack)
    site.write(right, attack)
    const node = await site.start()
    await site.bans(end)
    await node.stop("SIGINT")
    for (const { half, lines } of halves) await site.hasExactly(half, lines)
    expect(await site.verdicts()).toEqual(await replayed("nginx", Date.now(), site.path(left), site.path(right)))
  }, 600_000)
})
