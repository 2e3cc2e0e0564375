/** Several nodes on one event store, as real processes: an EventStoreDB (or what stands in for it), agents, api nodes. */
import { appendFileSync, cpSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import type { TestudoEvent } from "../domain/events/catalogue.ts"
import { EventStoreDb } from "../services/event-store/eventstoredb.ts"
import { freePort } from "../fixtures/free-port.ts"
import { type Running, root, start, temporaryFolder, testudo, until } from "./process.ts"
import { allEvents } from "./recorded.ts"

export const leaseMs = 2_000

/** A scenario over the overflows of all agents: three addresses of one network that ran over. */
const network = `type: leaky
name: test/network
description: Several addresses of one network
filter: "evt.GetType() == 'overflow' && evt.Overflow.Alert.GetScope() == 'Ip' && evt.Overflow.Alert.GetScenario() == 'testudo/ssh-bf'"
groupby: IpToRange(evt.Overflow.Alert.GetValue(), '/24')
distinct: evt.Overflow.Alert.GetValue()
capacity: 2
leakspeed: 10m
blackhole: 1h
scope: {type: Range, expression: "IpToRange(evt.Overflow.Alert.GetValue(), '/24')"}
labels: {service: ssh, remediation: true, behavior: "ssh:bruteforce", confidence: 3}
`

export interface ScaleNode {
  readonly folder: string
  readonly url: string
  readonly start: () => Running
  readonly write: (log: string, lines: ReadonlyArray<string>) => void
}

export interface Scale {
  readonly location: string
  /** A node of this name and role, with a folder of its own unless another node's is given. */
  readonly node: (role: "agent" | "api" | "all", name: string, folder?: string) => Promise<ScaleNode>
  readonly events: (...types: ReadonlyArray<TestudoEvent["type"]>) => Promise<ReadonlyArray<TestudoEvent>>
  readonly server: { readonly kill: () => Promise<unknown>; readonly start: () => Promise<void> }
}

export const scale = async (): Promise<Scale> => {
  const base = temporaryFolder()
  const port = await freePort()
  const data = join(base, "db")
  const hub = join(base, "hub")
  cpSync(join(root, "hub"), hub, { recursive: true })
  mkdirSync(join(hub, "scenarios/test"), { recursive: true })
  writeFileSync(join(hub, "scenarios/test/network.yaml"), network)
  const location = `esdb://127.0.0.1:${port}?tls=false`
  let server: Running | undefined
  const startServer = async () => {
    server = start(process.execPath, [
      join(root, "fixtures/eventstoredb/server.ts"),
      "--port",
      String(port),
      "--data",
      data
    ])
    await server.says(/listening/)
  }
  await startServer()

  const events = (...types: ReadonlyArray<TestudoEvent["type"]>) =>
    allEvents(types.length === 0 ? undefined : { types }).pipe(
      Effect.provide(EventStoreDb.layer({ connectionString: location, shown: location, patience: 10_000 })),
      Effect.runPromise
    )

  return {
    location,
    events,
    server: { kill: () => server!.stop("SIGKILL"), start: startServer },
    node: async (role, name, given) => {
      const folder = given ?? join(base, `${role}-${name}`)
      mkdirSync(folder, { recursive: true })
      const listen = `127.0.0.1:${await freePort()}`
      const file = join(folder, `${role}-${name}-${Math.random().toString(36).slice(2)}.yaml`)
      writeFileSync(
        file,
        `eventStore: ${JSON.stringify(location)}
role: ${role}
node: ${name}
lease: ${leaseMs}ms
api: { listen: "${listen}" }
rules: { hub: ${JSON.stringify(hub)} }
reverseDns: false
acquisition:
  - { files: [./auth.log], type: syslog, timezone: UTC }
  - { files: [./access.log], type: nginx, timezone: UTC }
`
      )
      for (const log of ["auth.log", "access.log"]) appendFileSync(join(folder, log), "")
      return {
        folder,
        url: `http://${listen}`,
        start: () => testudo("run", "--config", file),
        write: (log, lines) => appendFileSync(join(folder, log), lines.map((line) => `${line}\n`).join(""))
      }
    }
  }
}

/** The active bans that an api node shows, by value; undefined when it does not answer. */
export const bansOf = async (node: ScaleNode): Promise<ReadonlyArray<string> | undefined> => {
  const answer = await fetch(`${node.url}/projections/active-bans`).catch(() => undefined)
  if (answer?.status !== 200) return undefined
  const { bans } = (await answer.json()) as { readonly bans: ReadonlyArray<{ readonly value: string }> }
  return bans.map(({ value }) => value)
}

/** Waits until an api node shows a ban; how long that took, in milliseconds. */
export const banned = async (node: ScaleNode, value: string): Promise<number> => {
  const began = performance.now()
  await until(`the ban of ${value}`, async () => (await bansOf(node))?.includes(value))
  return performance.now() - began
}
