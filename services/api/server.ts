/** The node's API over HTTP, as a layer: listens while its scope is open. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AddressInfo } from "node:net"
import { parsePrefix } from "../../domain/net/prefix.ts"
import { EventStore } from "../event-store/event-store.ts"
import { Projections, type States } from "../projections/projections.ts"
import { decisionRoutes } from "./decisions.ts"
import { httpServer } from "./http.ts"
import { metricsRoute, metricsText } from "./metrics.ts"
import { projectionRoutes } from "./projection-routes.ts"
import { pushRoute } from "./push.ts"

export interface ApiOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** Addresses and ranges of the proxies whose `X-Forwarded-For` is believed. Default: none. */
  readonly trustedProxies?: ReadonlyArray<string>
}

/** The API cannot listen. The message names the address and what to do. */
export class ApiUnavailable extends Data.TaggedError("ApiUnavailable")<{
  /** `TST-API-PORT-IN-USE`, `TST-API-LISTEN`, `TST-API-PROXY` or `TST-ADMIN-SOCKET`. */
  readonly code: string
  readonly message: string
}> {}

const bodyLimit = 1_048_576

/** Why listening failed, for people. */
const listenFailure = (place: string, cause: unknown): ApiUnavailable => {
  const code = (cause as NodeJS.ErrnoException).code
  if (code === "EADDRINUSE")
    return new ApiUnavailable({
      code: "TST-API-PORT-IN-USE",
      message: `${place} is in use by another program (perhaps another Testudo). Stop it, or configure another port for the API.`
    })
  const why: Record<string, string> = {
    EACCES: "this user may not listen there; use a port from 1024 on, or give the right to",
    EADDRNOTAVAIL:
      "no network interface of this machine has that address; configure one that it has, such as 127.0.0.1",
    ENOTFOUND: "that host name is unknown; configure an address, such as 127.0.0.1"
  }
  const reason = why[code ?? ""] ?? (cause instanceof Error ? cause.message : String(cause))
  return new ApiUnavailable({ code: "TST-API-LISTEN", message: `The API cannot listen on ${place}: ${reason}.` })
}

export class ApiServer extends Context.Service<
  ApiServer,
  {
    /** Where it answers, such as `http://127.0.0.1:8080`. */
    readonly url: string
    /** The port that it really listens on. */
    readonly port: number
  }
>()("testudo/ApiServer") {
  static readonly layer = (options: ApiOptions): Layer.Layer<ApiServer, ApiUnavailable, Projections | EventStore> =>
    Layer.effect(
      ApiServer,
      Effect.gen(function* () {
        const app = yield* apiRoutes(options.trustedProxies ?? [])
        const { host, port } = options
        const shownHost = host.includes(":") ? `[${host}]` : host
        yield* Effect.acquireRelease(
          Effect.tryPromise({
            try: () => app.listen({ host, port }),
            catch: (cause) => listenFailure(`${shownHost}:${port}`, cause)
          }),
          () => Effect.promise(() => app.close()).pipe(Effect.timeoutOption("10 seconds"))
        )
        const { port: taken } = app.server.address() as AddressInfo
        return ApiServer.of({ url: `http://${shownHost}:${taken}`, port: taken })
      })
    )
}

/** The routes over the services, not listening yet. */
export const apiRoutes = Effect.fnUntraced(function* (trustedProxies: ReadonlyArray<string>) {
  const projections = yield* Projections
  const store = yield* EventStore
  const clock = yield* Clock.Clock
  const run = Effect.runPromiseWith(yield* Effect.context<never>())
  const unreadable = trustedProxies.find((proxy) => parsePrefix(proxy) === undefined)
  if (unreadable !== undefined)
    return yield* new ApiUnavailable({
      code: "TST-API-PROXY",
      message: `The trusted proxy ${JSON.stringify(unreadable.slice(0, 64))} is no address or range. Write one such as 10.0.0.1 or 10.0.0.0/8.`
    })
  const app = httpServer({
    trustedProxies,
    bodyLimit,
    onDefect: (error, what) => void run(Effect.logError(what, error))
  })
  const { states } = projections
  const now = () => clock.currentTimeMillisUnsafe()
  const folded = new Set<keyof States>()
  const ready = async (...names: ReadonlyArray<keyof States>) => {
    if (!names.every((name) => folded.has(name))) await run(projections.ready(...names))
    for (const name of names) folded.add(name)
  }
  const bansReady = () => ready("activeBans", "bouncers")
  decisionRoutes(app, { ready: bansReady, states, position: () => projections.position("activeBans"), now })
  projectionRoutes(app, {
    ready,
    states,
    progress: () => run(projections.progress),
    now,
    at: (time, signal) => run(projections.at(time), { signal })
  })
  metricsRoute(app, {
    ready: () => ready("bouncers"),
    states,
    text: () => run(Effect.andThen(projections.progress, metricsText).pipe(Effect.provideService(EventStore, store)))
  })
  yield* pushRoute(app, { projections, store, now })
  return app
})
