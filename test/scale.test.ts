/** Several nodes on one event store: what they see together, and what is left when one of them is gone. */
import { describe, expect, it } from "vitest"
import { entriesOf } from "../domain/events/overflow.ts"
import { nodeOf } from "../domain/events/stream-name.ts"
import { decodeLines } from "../services/acquisition/body.ts"
import { failedPassword } from "./attacks.ts"
import { type Running, run, until } from "./process.ts"
import { authLog, station } from "./station.ts"
import { banned, bansOf, leaseMs, type Scale, scale } from "./scale.ts"

/** A password guesser: enough for testudo/ssh-bf. */
const guesses = (address: string, count = 7): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, n) => failedPassword(Date.now(), address, 50_000 + n))

/** Nothing is in the log twice, and no two decisions share a number. */
const isClean = async (site: Scale): Promise<void> => {
  const events = await site.events()
  const twice = events.filter(({ id }, n) => events.findIndex((event) => event.id === id) !== n)
  expect(twice.map(({ id, type, stream, revision }) => ({ id, type, stream, revision }))).toEqual([])
  const numbers = events.flatMap((event) => (event.type === "DecisionMade" ? [event.data.number] : []))
  expect(new Set(numbers).size).toBe(numbers.length)
}

const overflowsOf = async (site: Scale, scenario: string) =>
  (await site.events("OverflowRaised")).flatMap((event) =>
    event.type === "OverflowRaised" && event.data.scenario.name === scenario ? [event] : []
  )

const holds = (node: Running, role: string) => node.says(new RegExp(`holds the role ${role}\\.`), 180_000)

describe("agents and api nodes on one event store", () => {
  it("see together what none of them sees alone, and outlast the death of the api node", async () => {
    const site = await scale()
    const [west, east, first, second] = await Promise.all([
      site.node("agent", "west"),
      site.node("agent", "east"),
      site.node("api", "first"),
      site.node("api", "second")
    ])
    const api = first.start()
    await holds(api, "api")
    const standby = second.start()
    await standby.says(/held by first\. Standing by/, 180_000)
    const agents = [west.start(), east.start()]
    await holds(agents[0]!, "agent-west")
    await holds(agents[1]!, "agent-east")

    // One address alone is a ban of that address; three of a network, seen by two agents, are a ban of the network.
    west.write("auth.log", guesses("203.0.113.5"))
    await banned(first, "203.0.113.5")
    east.write("auth.log", guesses("203.0.113.6"))
    await banned(first, "203.0.113.6")
    expect(await bansOf(first)).not.toContain("203.0.113.0/24")
    west.write("auth.log", guesses("203.0.113.7"))
    await banned(first, "203.0.113.0/24")

    // An address that both meet at the same time is in its dossier twice, once for each, and in order.
    west.write("auth.log", guesses("198.18.0.1"))
    east.write("auth.log", guesses("198.18.0.1"))
    const both = () =>
      overflowsOf(site, "testudo/ssh-bf").then((all) => all.filter(({ data }) => data.source.value === "198.18.0.1"))
    await until("both overflows", async () => (await both()).length === 2)
    expect(new Set((await both()).map(({ stream }) => stream))).toEqual(new Set(["offender-Ip:198.18.0.1"]))

    // The network's overflow names the three, and goes back to a line of an agent's log.
    const [meta] = await overflowsOf(site, "test/network")
    const raised = await overflowsOf(site, "testudo/ssh-bf")
    const involved = raised.filter(({ id }) => entriesOf(meta!.data.evidence).some(({ event }) => event === id))
    expect(involved.map(({ data }) => data.source.value).sort()).toEqual(["203.0.113.5", "203.0.113.6", "203.0.113.7"])
    expect(meta!.metadata.$causationId).toBe(raised.find(({ data }) => data.source.value === "203.0.113.7")!.id)
    const batches = await site.events("LogBatchAppended")
    const origin = batches.find(({ id }) => id === meta!.metadata.$correlationId)
    expect(origin?.type === "LogBatchAppended" && nodeOf(origin.data.source)).toBe("west")
    expect(origin?.stream).toBe(`log-@west:${west.folder}/auth.log`)

    // A second network, half seen when the api node dies.
    west.write("auth.log", guesses("198.51.100.1"))
    await banned(first, "198.51.100.1")
    const died = performance.now()
    await api.stop("SIGKILL")
    east.write("auth.log", guesses("198.51.100.2"))
    west.write("auth.log", guesses("198.51.100.3"))
    await holds(standby, "api")
    const takeover = performance.now() - died
    await banned(second, "198.51.100.0/24")
    expect(takeover).toBeLessThan(leaseMs * 2)
    expect(await bansOf(second)).toEqual(expect.arrayContaining(["203.0.113.5", "203.0.113.0/24", "198.51.100.3"]))

    // What the first one did, the second one knew.
    expect(await overflowsOf(site, "test/network")).toHaveLength(2)
    await isClean(site)

    // The first one comes back, and stands by.
    const back = first.start()
    await back.says(/held by second\. Standing by/, 180_000)
    const stopped = await standby.stop("SIGINT")
    expect(stopped.status).toBe(0)
    await holds(back, "api")
    await banned(first, "198.51.100.0/24")
    for (const node of [...agents, back]) expect((await node.stop("SIGINT")).status).toBe(0)
    // It had no snapshot: it read the log again, and came to the same verdicts.
    expect(await overflowsOf(site, "test/network")).toHaveLength(2)
    await isClean(site)
  }, 600_000)

  it("an agent that is killed in the middle of everything is replaced, and no line is lost or counted twice", async () => {
    const site = await scale()
    const log = await site.node("agent", "gate")
    const twin = await site.node("agent", "gate", log.folder)
    const api = await site.node("api", "hall")
    const hall = api.start()
    await holds(hall, "api")
    let active = log.start()
    await holds(active, "agent-gate")
    const written: Array<string> = []
    const write = (lines: ReadonlyArray<string>) => {
      log.write("auth.log", lines)
      written.push(...lines)
    }
    let idle = twin
    for (let round = 0; round < 4; round += 1) {
      const standby = idle.start()
      await standby.says(/held by gate\. Standing by/, 180_000)
      // Half of an attack before the death, the other half after it.
      write(guesses(`198.18.7.${round + 1}`, 4))
      await until("the lines to be read", async () => (await linesOf(site, log.folder)).length === written.length)
      await active.stop("SIGKILL")
      write(guesses(`198.18.7.${round + 1}`, 4))
      await holds(standby, "agent-gate")
      await banned(api, `198.18.7.${round + 1}`)
      active = standby
      idle = idle === twin ? log : twin
    }
    expect(await linesOf(site, log.folder)).toEqual(written)
    expect(await overflowsOf(site, "testudo/ssh-bf")).toHaveLength(4)
    await isClean(site)
    for (const node of [active, hall]) await node.stop("SIGINT")
  }, 600_000)

  it("a holder that was frozen and overtaken appends nothing when it wakes up", async () => {
    const site = await scale()
    const log = await site.node("agent", "gate")
    const twin = await site.node("agent", "gate", log.folder)
    const one = log.start()
    await holds(one, "agent-gate")
    const two = twin.start()
    await two.says(/held by gate\. Standing by/, 180_000)
    log.write("auth.log", guesses("198.18.7.1", 3))
    await until("the lines to be read", async () => (await linesOf(site, log.folder)).length === 3)
    one.child.kill("SIGSTOP")
    log.write("auth.log", guesses("198.18.7.1", 4))
    await holds(two, "agent-gate")
    await until("the verdict", async () => (await overflowsOf(site, "testudo/ssh-bf")).length === 1)
    const before = await site.events("LogBatchAppended", "OverflowRaised", "DecisionMade")
    one.child.kill("SIGCONT")
    await one.says(/has lost the role agent-gate to gate/, 180_000)
    await one.says(/has lost the role[\s\S]*held by gate\. Standing by/, 180_000)
    expect(await site.events("LogBatchAppended", "OverflowRaised", "DecisionMade")).toEqual(before)
    for (const node of [one, two]) expect((await node.stop("SIGINT")).status).toBe(0)
    await isClean(site)
  }, 600_000)

  it("an `all` node pours its own overflows and those of agents beside it into the same buckets", async () => {
    const site = await scale()
    const [west, hall] = await Promise.all([site.node("agent", "west"), site.node("all", "hall")])
    const nodes = [hall.start(), west.start()]
    await holds(nodes[0]!, "agent-hall")
    await holds(nodes[1]!, "agent-west")
    hall.write("auth.log", guesses("203.0.113.5"))
    await banned(hall, "203.0.113.5")
    west.write("auth.log", guesses("203.0.113.6"))
    await banned(hall, "203.0.113.6")
    hall.write("auth.log", guesses("203.0.113.7"))
    await banned(hall, "203.0.113.0/24")
    expect(await overflowsOf(site, "test/network")).toHaveLength(1)
    const raised = await overflowsOf(site, "testudo/ssh-bf")
    expect(raised.map(({ data }) => [data.source.value, data.reprocess !== undefined])).toEqual([
      ["203.0.113.5", false],
      ["203.0.113.6", true],
      ["203.0.113.7", false]
    ])
    await isClean(site)
    for (const node of nodes) expect((await node.stop("SIGINT")).status).toBe(0)
  }, 600_000)

  it("need a store that several nodes share", async () => {
    const site = await station(authLog)
    const { status, stderr } = await run("run", "--config", site.file, "--role", "agent")
    expect([status, stderr]).toEqual([
      1,
      `testudo: The role agent is for nodes that share an event store, and ${site.store} has one node. ` +
        "Leave the role out, or name an EventStoreDB (eventStore: esdb://…). (TST-RUN-ROLE)\n"
    ])
  })

  it("go on when the event store was killed and comes back", async () => {
    const site = await scale()
    const [west, api] = await Promise.all([site.node("agent", "west"), site.node("api", "hall")])
    const nodes = [west.start(), api.start()]
    await holds(nodes[0]!, "agent-west")
    await holds(nodes[1]!, "api")
    west.write("auth.log", guesses("198.18.7.1"))
    await banned(api, "198.18.7.1")
    await site.server.kill()
    west.write("auth.log", guesses("198.18.7.2"))
    await new Promise((wake) => setTimeout(wake, leaseMs * 2))
    await site.server.start()
    await banned(api, "198.18.7.2")
    await isClean(site)
    // They also end when it is away, and a line that was not judged by then is judged after the next start.
    await site.server.kill()
    west.write("auth.log", guesses("198.18.7.3"))
    await new Promise((wake) => setTimeout(wake, leaseMs * 2))
    const ends = await Promise.all(
      nodes.map((node) =>
        Promise.race([
          node.stop("SIGINT"),
          new Promise((wake) => setTimeout(wake, 15_000)).then(() => "hangs" as const)
        ])
      )
    )
    expect(ends.map((end) => (end === "hangs" ? end : end.status))).toEqual([0, 0])
    await site.server.start()
    const again = [west.start(), api.start()]
    await banned(api, "198.18.7.3")
    await isClean(site)
    for (const node of again) expect((await node.stop("SIGINT")).status).toBe(0)
  }, 600_000)
})

const linesOf = async (site: Scale, folder: string): Promise<ReadonlyArray<string>> =>
  (await site.events("LogBatchAppended")).flatMap((event) =>
    event.type === "LogBatchAppended" && event.data.path.startsWith(folder) ? decodeLines(event.data) : []
  )
