/** A whole API over an event store in memory, for tests: only the network is left out. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { FastifyInstance } from "fastify"
import type { Decision } from "../../domain/events/decision.ts"
import type { ProposedEvent } from "../../domain/events/event.ts"
import { decisionMade } from "../../projections/example.fixture.ts"
import { DecisionNumbers } from "../engine/decision-numbers.ts"
import { EmbeddedEventStore } from "../event-store/embedded.ts"
import { EventStore } from "../event-store/event-store.ts"
import { Projections } from "../projections/projections.ts"
import { projectionsLayer } from "../projections/runner.ts"
import { Administration } from "./administration.ts"
import { apiRoutes } from "./server.ts"

export type TrialServices = Administration | Projections | EventStore

/** Store, projections and administration, new for each use. */
export const trialServices = Administration.layer().pipe(
  Layer.provideMerge(Layer.mergeAll(projectionsLayer(), DecisionNumbers.layer)),
  Layer.provideMerge(EmbeddedEventStore.layerMemory)
)

/** Runs with an API of its own that does not listen; `inject` calls it. */
export const trial = <A, E>(
  use: (app: FastifyInstance) => Effect.Effect<A, E, TrialServices>,
  trustedProxies: ReadonlyArray<string> = []
) =>
  Effect.gen(function* () {
    const app = yield* Effect.acquireRelease(apiRoutes(trustedProxies), (server) =>
      Effect.promise(() => server.close())
    )
    return yield* use(app)
  }).pipe(Effect.scoped, Effect.provide(trialServices, { local: true }))

/** Appends events as they are and waits until they are folded. */
export const record = Effect.fnUntraced(function* (
  ...events: ReadonlyArray<ProposedEvent & { readonly stream: string }>
) {
  const store = yield* EventStore
  const projections = yield* Projections
  for (const { id, type, data, metadata, stream } of events) {
    const { position } = yield* store.append(stream, [{ id, type, data, metadata }], "any")
    yield* projections.settled(position)
  }
})

/** A decision of `seconds` from now on; the number is also what its id follows from. */
export const deciding = (number: number, fields: Partial<Decision> = {}, seconds = 3_600) => {
  const now = Date.now()
  const [from, until] = [new Date(now).toISOString(), new Date(now + seconds * 1_000).toISOString()]
  return decisionMade({ number, from, until, ...fields }, { position: number })
}

/** A registered bouncer's headers. */
export const bouncerHeaders = Effect.fnUntraced(function* (name = "nginx") {
  const { key } = yield* (yield* Administration).addBouncer({ name })
  return { "x-api-key": key }
})
