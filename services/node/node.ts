/**
 * The node: which services run, by its role. What `testudo run` starts.
 *
 * The layers close in reverse order, so a stop goes with the stream: first nothing more is read, then what was read is
 * judged, then the snapshots are kept, and the store is closed last.
 */
import { hostname } from "node:os"
import { join } from "node:path"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { isNodeName } from "../../domain/events/stream-name.ts"
import { adminLayer } from "../api/admin.ts"
import { Administration } from "../api/administration.ts"
import { ApiServer } from "../api/server.ts"
import type { Configuration } from "../configuration/configuration.ts"
import { DecisionNumbers } from "../engine/decision-numbers.ts"
import { Detection } from "../engine/detection.ts"
import type { Verdict } from "../engine/judge.ts"
import { type Part, whole } from "../engine/part.ts"
import { storeAt } from "../event-store/located-store.ts"
import { loadHub } from "../hub/hub.ts"
import { Names } from "../names/names.ts"
import { projectionsLayer } from "../projections/runner.ts"
import { snapshotFolder } from "../projections/snapshot.ts"
import { announce } from "./announcement.ts"
import { whileHeld } from "./duty.ts"
import { agentPipe, type PipeOptions, servingPipe } from "./pipe.ts"
import { hubOptions } from "./reload.ts"
import { RoleImpossible } from "./role-impossible.ts"

export type NodeOptions = Pick<PipeOptions, "reread">

export const runNode = (configuration: Configuration, options: NodeOptions) =>
  configuration.eventStore.kind === "embedded"
    ? runAlone(configuration, options)
    : runAmongOthers(configuration, options)

const namesLayer = ({ reverseDns }: Configuration) => (reverseDns ? Names.layerSystem() : Names.layerOff)

const detectionLayer = (configuration: Configuration, part: Part) =>
  Detection.layer({
    snapshots: snapshotFolder(configuration.localFolder),
    names: configuration.reverseDns ? "asked" : "off",
    atHand: Effect.orElseSucceed(
      Effect.map(loadHub(hubOptions(configuration)), ({ files }) => files),
      () => []
    ),
    time: "passes",
    part,
    ...(part.role === "agent" ? { announce: tell } : {})
  }).pipe(Layer.provide(namesLayer(configuration)))

/** An agent tells what it has decided itself; of the others' decisions it does not even hear. */
const tell = (verdicts: ReadonlyArray<Verdict>) =>
  Effect.forEach(
    verdicts.flatMap(({ stream, events }) => events.map((event) => ({ ...event, stream }))),
    (event) => {
      const line = announce({ ...event, revision: 0, position: 0, recordedAt: 0 } as TestudoEvent, Date.now())
      return line === undefined ? Effect.void : Console.log(line)
    },
    { discard: true }
  )

/** The only node of a store in a directory of this machine: the store's own lock keeps others out. */
const runAlone = (configuration: Configuration, options: NodeOptions) => {
  const { eventStore, localFolder } = configuration
  if (configuration.role !== "all")
    return Effect.fail(
      new RoleImpossible({
        code: "TST-RUN-ROLE",
        message:
          `The role ${configuration.role} is for nodes that share an event store, and ${localFolder} has one node. ` +
          "Leave the role out, or name an EventStoreDB (eventStore: esdb://…)."
      })
    )
  const socket = join(localFolder, "node.sock")
  const services = Layer.mergeAll(
    ApiServer.layer(configuration.api),
    detectionLayer(configuration, whole),
    adminLayer({ path: socket }).pipe(Layer.provide(Administration.layer({ by: "command line" })))
  ).pipe(
    Layer.provideMerge(projectionsLayer({ directory: snapshotFolder(configuration.localFolder) })),
    Layer.provide(DecisionNumbers.layer),
    Layer.provideMerge(storeAt(eventStore, { mode: "writer", announce: { socket }, whenAway: "wait" }))
  )
  return servingPipe(configuration, { ...options, part: whole }).pipe(Effect.provide(services))
}

/** The name of this node among those that share the store. */
const nodeNameOf = ({ node }: Configuration): Effect.Effect<string, RoleImpossible> => {
  const name = node ?? hostname()
  if (isNodeName(name)) return Effect.succeed(name)
  return Effect.fail(
    new RoleImpossible({
      code: "TST-RUN-NODE",
      message: `This machine's name ${JSON.stringify(name.slice(0, 80))} cannot be that of a node. Name one: node: web1 in the configuration.`
    })
  )
}

/** One of several nodes on one store: each role by lease, so that two processes never do the same work. */
const runAmongOthers = Effect.fnUntraced(function* (configuration: Configuration, options: NodeOptions) {
  const node = yield* nodeNameOf(configuration)
  const { role, leaseMs } = configuration
  // An agent's logs are its own whatever it is called; the only node with logs may do without a name.
  const part: Part = { role, node: role === "all" ? configuration.node : node, shared: true }
  const agentRole = part.node === undefined ? [] : [`agent-${part.node}`]
  const store = storeAt(configuration.eventStore, { mode: "writer", whenAway: "wait" })
  const engine = detectionLayer(configuration, part)
  if (role === "agent") {
    const services = engine.pipe(Layer.provide(DecisionNumbers.layer))
    const pipe = agentPipe(configuration, { ...options, part, node }).pipe(Effect.provide(services, { local: true }))
    return yield* whileHeld({ roles: agentRole, node, leaseMs }, pipe).pipe(Effect.provide(store))
  }
  const services = Layer.mergeAll(ApiServer.layer(configuration.api), engine).pipe(Layer.provide(DecisionNumbers.layer))
  const pipe = servingPipe(configuration, { ...options, part }).pipe(Effect.provide(services, { local: true }))
  const roles = role === "all" ? ["api", ...agentRole] : ["api"]
  // The projections of a node that stands by are kept up to date, so that it answers as soon as it takes over.
  const projections = projectionsLayer({ directory: snapshotFolder(configuration.localFolder) })
  return yield* whileHeld({ roles, node, leaseMs }, pipe).pipe(
    Effect.provide(projections.pipe(Layer.provideMerge(store)))
  )
})
