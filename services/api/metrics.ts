/** `GET /metrics`: what the parts of this node count and measure, and what it takes, for Prometheus. Open like the projections. */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import type { FastifyInstance } from "fastify"
import { EventStore, type StoreUnavailable } from "../event-store/event-store.ts"
import type { States } from "../projections/projections.ts"
import { mayRead } from "./access.ts"
import { forbidden } from "./failure.ts"
import { updateProcessMetrics } from "./process-metrics.ts"

const head = Metric.gauge("testudo_log_head_position", { description: "Position of the last event of the log" })

/** All metrics of this process in the text format of Prometheus. */
export const metricsText: Effect.Effect<string, StoreUnavailable, EventStore> = Effect.gen(function* () {
  const store = yield* EventStore
  yield* Metric.update(head, yield* store.head)
  yield* updateProcessMetrics
  return yield* PrometheusMetrics.format()
})

export const metricsRoute = (
  app: FastifyInstance,
  options: {
    readonly ready: () => Promise<void>
    readonly states: () => States
    readonly text: () => Promise<string>
  }
): void => {
  app.get("/metrics", async (request, reply) => {
    await options.ready()
    if (!mayRead(options.states().bouncers, request)) return forbidden(reply)
    return reply.header("content-type", "text/plain; version=0.0.4; charset=utf-8").send(await options.text())
  })
}
