/**
 * The main job on EventStoreDB: on a real server when `TESTUDO_TEST_EVENTSTOREDB` names one, and on the stand-in as a process
 * of its own, which is killed and started again in between. The verdicts are those of the embedded store.
 */
import { appendFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import type { TestudoEvent } from "../domain/events/catalogue.ts"
import { namedServer } from "../fixtures/eventstoredb/test-server.ts"
import { botnet } from "../fixtures/generators/botnet.ts"
import { parseStoreLocation } from "../services/configuration/store-location.ts"
import { storeAt } from "../services/event-store/located-store.ts"
import { activeBans } from "../projections/active-bans.ts"
import { fold, type Projection } from "../projections/projection.ts"
import { reputation } from "../projections/reputation.ts"
import { targetedAttacks } from "../projections/targeted-attacks.ts"
import { freePort } from "../fixtures/free-port.ts"
import { type Running, root, run, start, temporaryFolder, testudo, until } from "./process.ts"
import { allEvents, recordedEvents } from "./recorded.ts"
import { replayedBy } from "./replayed.ts"
import { writtenLog } from "./written-log.ts"

/** The stand-in as a process; it can be killed, and comes back with what it has acknowledged. */
interface Server {
  readonly location: string
  /** Bytes of its log on the disk. */
  readonly size: () => number
  readonly kill: () => Promise<unknown>
  readonly start: () => Promise<unknown>
}

const server = async (): Promise<Server> => {
  const port = await freePort()
  const data = join(temporaryFolder(), "eventstoredb")
  let process_: Running | undefined
  const starts = async () => {
    // Like a real one it listens before it is ready.
    const options = ["--port", String(port), "--data", data, "--unready", "1500", "--latency", "3"]
    process_ = start(process.execPath, [join(root, "fixtures/eventstoredb/server.ts"), ...options])
    await process_.says(/listening/)
  }
  await starts()
  const size = () => statSync(join(data, "log")).size
  return { location: `esdb://127.0.0.1:${port}?tls=false`, size, kill: () => process_!.stop("SIGKILL"), start: starts }
}

/** All events of a server's log, in its order. */
const eventsOf = (location: string): Promise<ReadonlyArray<TestudoEvent>> => {
  const parsed = parseStoreLocation(location)
  if ("problem" in parsed) throw new Error(parsed.problem)
  return allEvents().pipe(Effect.provide(storeAt(parsed, { mode: "reader", whenAway: "fail" })), Effect.runPromise)
}

const verdicts = (events: ReadonlyArray<TestudoEvent>): ReadonlyArray<unknown> =>
  events.flatMap((event) => {
    if (event.type === "OverflowRaised") return [[event.data.scenario.name, event.data.source.value, event.data.stopAt]]
    if (event.type === "DecisionMade") return [[event.data.number, event.data.value, event.data.from, event.data.until]]
    return []
  })

const expectNothingTwice = (events: ReadonlyArray<TestudoEvent>) => {
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
  const numbers = events.flatMap((event) => (event.type === "DecisionMade" ? [event.data.number] : []))
  expect(new Set(numbers).size).toBe(numbers.length)
}

/** What the projections make of the verdicts, wherever the store has them: events and places are known by their order. */
const shownBy = (events: ReadonlyArray<TestudoEvent>): unknown => {
  const told = events.flatMap((event, position) =>
    event.type === "OverflowRaised" || event.type === "DecisionMade" ? [{ ...event, position, recordedAt: 0 }] : []
  )
  const placed = told.map((event, position) => ({ ...event, position }))
  const ids = new Map<string, number>()
  const states = [stateOf(activeBans, placed), stateOf(reputation, placed), stateOf(targetedAttacks, placed)]
  return JSON.parse(
    JSON.stringify(states).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, (id) => {
      const known = ids.get(id) ?? ids.size
      ids.set(id, known)
      return `id ${known}`
    })
  )
}

const stateOf = <State>(projection: Projection<State>, events: ReadonlyArray<TestudoEvent>): unknown =>
  projection.encode(fold(projection, projection.initial(), events))

const replayOf = (file: string) => [file, "--type", "nginx", "--json", "--now", "2026-11-22T12:00:00Z", "--store"]

/** A configuration that watches one log, how somebody attacks there, and who is banned, as a command tells. */
const watched = async (location: string) => {
  const folder = temporaryFolder()
  const file = join(folder, "testudo.yaml")
  const log = join(folder, "auth.log")
  writeFileSync(log, "")
  writeFileSync(
    file,
    `eventStore: "${location}"\napi: { listen: "127.0.0.1:${await freePort()}" }\nreverseDns: false\n` +
      "acquisition:\n  - { files: [./auth.log], type: syslog, timezone: UTC }\n"
  )
  const attack = (address: string) => {
    const stamp = new Date().toISOString().slice(0, 19)
    const lines = Array.from(
      { length: 8 },
      (_, n) => `${stamp}Z host sshd[${100 + n}]: Failed password for root from ${address} port ${4000 + n} ssh2\n`
    )
    appendFileSync(log, lines.join(""))
  }
  const banned = async () => (await run("decisions", "list", "--json", "--config", file)).stdout
  return { file, attack, banned }
}

describe("on EventStoreDB", () => {
  it("a replay during which the server is killed and started again ends like one on the embedded store", async () => {
    const folder = temporaryFolder()
    const file = await writtenLog(botnet({ seed: 11, bots: 800, visitors: 2_000 }), join(folder, "access.log"))
    const embedded = replayedBy(await run("replay", ...replayOf(file), join(folder, "embedded")))

    const esdb = await server()
    const replay = testudo("replay", ...replayOf(file), esdb.location)
    for (let kills = 0; kills < 3; kills++) {
      const before = (await eventsOf(esdb.location)).length
      await until(
        "the replay to append",
        async () => replay.child.exitCode !== null || (await eventsOf(esdb.location)).length > before
      )
      await esdb.kill()
      await new Promise((wake) => setTimeout(wake, 300))
      await esdb.start()
    }
    expect(replayedBy(await replay.finished)).toEqual(embedded)
    const events = await eventsOf(esdb.location)
    expectNothingTwice(events)
    const calm = await recordedEvents(join(folder, "embedded"))
    expect(verdicts(events)).toEqual(verdicts(calm))
    expect(shownBy(events)).toEqual(shownBy(calm))
    expect((await run("log", "verify", "--store", esdb.location)).status).toBe(0)

    // Once more, killed at the client's side: the log goes on where it ends.
    const again = await run("replay", ...replayOf(file), esdb.location)
    expect(replayedBy(again)).toEqual(embedded)
    expect(await eventsOf(esdb.location)).toEqual(events)
  }, 300_000)

  it("a replay that is killed itself goes on where the log ends", async () => {
    const folder = temporaryFolder()
    const file = await writtenLog(botnet({ seed: 12, bots: 800, visitors: 2_000 }), join(folder, "access.log"))
    const calm = await server()
    const undisturbed = replayedBy(await run("replay", ...replayOf(file), calm.location))
    const esdb = await server()
    for (let kills = 0; kills < 3; kills++) {
      const replay = testudo("replay", ...replayOf(file), esdb.location)
      const before = (await eventsOf(esdb.location)).length
      await until(
        "the replay to append",
        async () => replay.child.exitCode !== null || (await eventsOf(esdb.location)).length > before + 5
      )
      await replay.stop("SIGKILL")
    }
    expect(replayedBy(await run("replay", ...replayOf(file), esdb.location))).toEqual(undisturbed)
    const events = await eventsOf(esdb.location)
    expectNothingTwice(events)
    expect(verdicts(events)).toEqual(verdicts(await eventsOf(calm.location)))
  }, 300_000)

  it("a node waits for the server, outlives its restarts, and shares the log with commands", async () => {
    const esdb = await server()
    const { file, attack, banned } = await watched(esdb.location)
    await esdb.kill()
    const node = testudo("run", "--config", file)
    await node.says(/cannot be used.*Waiting for it.*TST-STORE-AWAY/, 180_000)
    await esdb.start()
    await node.says(/Ctrl-C ends it/, 180_000)

    attack("203.0.113.7")
    await until("the first ban", async () => (await banned()).includes("203.0.113.7"), { every: 200 })

    // Beside the running node, straight to the server.
    const added = await run("decisions", "add", "198.51.100.77", "--config", file)
    expect(added.stderr).toBe("")
    await node.says(/ban 198\.51\.100\.77/)

    await esdb.kill()
    attack("203.0.113.8")
    await new Promise((wake) => setTimeout(wake, 1_500))
    await esdb.start()
    await until("the ban after the restart", async () => (await banned()).includes("203.0.113.8"), { every: 200 })
    attack("203.0.113.9")
    await until("one more ban", async () => (await banned()).includes("203.0.113.9"), { every: 200 })
    const stopped = await node.stop()
    expect(stopped.status).toBe(0)
    const events = await eventsOf(esdb.location)
    expectNothingTwice(events)
    const values = events.flatMap((event) => (event.type === "DecisionMade" ? [event.data.value] : []))
    expect([...new Set(values)].toSorted()).toEqual(["198.51.100.77", "203.0.113.7", "203.0.113.8", "203.0.113.9"])
  }, 300_000)

  it("what is erased is gone for nodes and commands, and none of it happens beside a node that runs", async () => {
    const esdb = await server()
    const { file, attack, banned } = await watched(esdb.location)
    appendFileSync(file, "retention: { lines: { age: 30d } }\nlease: 4s\n")
    const him = "203.0.113.7"
    const first = testudo("run", "--config", file)
    await first.says(/Ctrl-C ends it/, 180_000)
    attack(him)
    await until("the ban", async () => (await banned()).includes(him), { every: 200 })
    await until(
      "a renewal of the lease",
      async () => (await eventsOf(esdb.location)).some(({ type }) => type === "LeaseRenewed"),
      { every: 200 }
    )
    const beside = await run("replay", ...replayOf(join(root, "fixtures/logs/auth.log")), esdb.location)
    expect([beside.status, beside.stderr]).toEqual([1, expect.stringContaining("TST-REPLAY-LIVE")])
    const early = await run("erase", him, "--config", file)
    expect([early.status, early.stderr]).toEqual([1, expect.stringContaining("TST-ERASE-LIVE")])
    await first.stop()
    const holds = await run("erase", him, "--config", file)
    expect([holds.status, holds.stderr]).toEqual([1, expect.stringContaining("TST-ERASE-ACTIVE")])
    expect((await run("decisions", "delete", him, "--config", file)).status).toBe(0)

    const before = await eventsOf(esdb.location)
    for (const written of [1, 4_000]) {
      const killed = testudo("erase", him, "--config", file)
      const size = esdb.size()
      await until("the erasure to write", async () => killed.child.exitCode !== null || esdb.size() >= size + written, {
        every: 1
      })
      await killed.stop("SIGKILL")
    }
    expect((await run("log", "verify", "--store", esdb.location)).status).toBe(0)
    const erased = await run("erase", him, "--config", file)
    expect(erased.stderr).toBe("")
    expect(erased.stdout).toMatch(/other events?\. The stream audit|says nothing of this value/)
    const after = await eventsOf(esdb.location)
    const places = (events: ReadonlyArray<TestudoEvent>) =>
      events.map(({ id, position, revision }) => [id, position, revision])
    expect(places(after).slice(0, before.length)).toEqual(places(before))
    expect((await run("log", "verify", "--store", esdb.location)).status).toBe(0)
    const tail = async (...options: ReadonlyArray<string>) =>
      (await run("log", "tail", "--store", esdb.location, "-n", "1000", ...options)).stdout
    expect(await tail("--json")).not.toContain(him)
    const told = after.flatMap((event) => (event.type === "OffenderErased" ? [event.data.lines] : []))
    expect(told.reduce((sum, lines) => sum + lines, 0)).toBe(8)
    expect(await tail()).toMatch(/OffenderErased +by /)
    expect(await tail()).not.toContain("LeaseRenewed")
    expect(await tail("--all")).toContain("LeaseRenewed")
    const stats = await run("log", "stats", "--config", file)
    expect(stats.stdout).toMatch(/Retention: lines 30 d\. Beyond it: 0 batches \(0 B\), 0 dossiers\./)

    // The log goes on, for him as for somebody new.
    const second = testudo("run", "--config", file)
    await second.says(/Ctrl-C ends it/, 180_000)
    for (const address of [him, "203.0.113.8"]) {
      attack(address)
      await until(`the ban of ${address}`, async () => (await banned()).includes(address), { every: 200 })
    }
    await second.stop()
    expectNothingTwice(await eventsOf(esdb.location))
    expect((await run("log", "verify", "--store", esdb.location)).status).toBe(0)
  }, 600_000)

  it("a command says that the server is away, and ends", async () => {
    const list = await run("decisions", "list", "--store", `esdb://127.0.0.1:${await freePort()}?tls=false`)
    expect(list.status).toBe(1)
    expect(list.stderr).toMatch(/^testudo: The event store esdb:\/\/127\.0\.0\.1:\d+ cannot be used: .*TST-STORE-AWAY/m)
    expect(list.stderr).not.toMatch(/^ +at |Error:/m)
  }, 600_000)

  it("a log moves from a directory to a server, and the copy is compared", async () => {
    const folder = temporaryFolder()
    const store = join(folder, "store")
    const logs = [join(root, "fixtures/logs/auth.log"), "--type", "syslog", "--json", "--store"]
    const replayed = replayedBy(await run("replay", ...logs, store))
    const esdb = await server()
    const copied = await run("log", "copy", `embedded:${store}`, esdb.location)
    expect(copied.stderr).toBe("")
    expect(copied.stdout).toMatch(/^([\d,]+) events copied\. Both logs hold \1 events/)
    expect((await run("log", "copy", `embedded:${store}`, esdb.location)).stdout).toMatch(/^0 events copied/)
    expect((await run("log", "verify", "--store", esdb.location)).status).toBe(0)
    expect(replayedBy(await run("replay", ...logs, esdb.location)).offenders).toEqual(replayed.offenders)
  }, 600_000)

  it.skipIf(namedServer === undefined || namedServer === "")(
    "the main job on the named server: a replay with the embedded store's verdicts, and a node that bans",
    async () => {
      const logs = [join(root, "fixtures/logs/auth.log"), "--type", "syslog", "--json", "--now", "2026-11-22T12:00:00Z"]
      const embedded = replayedBy(await run("replay", ...logs))
      // The server may hold more than this.
      expect(replayedBy(await run("replay", ...logs, "--store", namedServer!)).offenders).toEqual(
        expect.arrayContaining([...embedded.offenders])
      )
      const { file, attack, banned } = await watched(namedServer!)
      const node = testudo("run", "--config", file)
      await node.says(/Ctrl-C ends it/, 180_000)
      const address = `198.18.${Math.floor(Math.random() * 256)}.${Math.floor(Math.random() * 256)}`
      attack(address)
      await until("the ban", async () => (await banned()).includes(address), { every: 200 })
      expect((await node.stop()).status).toBe(0)
    },
    180_000
  )
})
