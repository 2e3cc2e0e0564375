/**
 * The administration of a running node, over a Unix socket that only its owner may open: the command line's way to
 * write while the node holds the event store.
 *
 *     POST   /admin/decisions        {value, scope?, type?, duration?, reason?}  201 the decision
 *     DELETE /admin/decisions?value=…|id=…|all=true                              200 {deleted, stillCoveredBy}
 *     POST   /admin/bouncers         {name, key?}                                201 {name, key}
 *     DELETE /admin/bouncers/:name                                               200 {name}
 *
 * Errors are `{message, code}`.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import { chmod, mkdir, unlink } from "node:fs/promises"
import { connect } from "node:net"
import { dirname } from "node:path"
import { isMissing } from "../file-failure.ts"
import { Administration, type AdministrationError, type DeleteDecisions } from "./administration.ts"
import { fail } from "./failure.ts"
import { httpServer, jsonBody, parameter } from "./http.ts"
import { ApiUnavailable } from "./server.ts"

const optional = Schema.optionalKey(Schema.String)

const DecisionRequest = Schema.Struct({
  value: Schema.String,
  scope: optional,
  type: optional,
  duration: optional,
  reason: optional
})
const BouncerRequest = Schema.Struct({ name: Schema.String, key: optional })

const bodyLimit = 65_536

/** The longest path that a socket can have on Linux. */
const longestPath = 107

type Service = (typeof Administration)["Service"]

const statusOf = (code: string | undefined): number => {
  if (code === undefined) return 500
  if (code === "TST-ADMIN-BOUNCER-UNKNOWN") return 404
  if (code === "TST-ADMIN-BOUNCER-EXISTS" || code === "TST-ADMIN-ALLOWLISTED") return 409
  if (code.startsWith("TST-STORE-") || code.startsWith("TST-PROJECTION-")) return 503
  return 400
}

/** Code and message of a failure, for people. */
const described = (error: AdministrationError): { readonly code: string; readonly message: string } => {
  switch (error._tag) {
    case "WrongExpectedRevision":
      return {
        code: "TST-STORE-BUSY",
        message: `The stream ${error.stream} is written to all the time by somebody else. Try again.`
      }
    case "AppendRefused":
      return { code: "TST-ADMIN-REFUSED", message: `The event store refuses it: ${error.message}` }
    default:
      return { code: error.code, message: error.message }
  }
}

const deletion = (request: FastifyRequest): DeleteDecisions => {
  const [value, id, all] = [parameter(request, "value"), parameter(request, "id"), parameter(request, "all")]
  return {
    ...(value === undefined ? {} : { value }),
    ...(id === undefined ? {} : { id: /^\d{1,10}$/.test(id) ? Number(id) : -1 }),
    ...(all === "true" ? { all: true as const } : {})
  }
}

const adminRoutes = (
  app: FastifyInstance,
  administration: Service,
  run: <A>(effect: Effect.Effect<A, AdministrationError>) => Promise<Exit.Exit<A, AdministrationError>>
): void => {
  const answer = async <A>(
    reply: FastifyReply,
    status: number,
    effect: Effect.Effect<A, AdministrationError>
  ): Promise<FastifyReply> => {
    const exit = await run(effect)
    if (Exit.isSuccess(exit))
      return reply
        .code(status)
        .header("content-type", "application/json; charset=utf-8")
        .send(JSON.stringify(exit.value))
    const reason = exit.cause.reasons.find(Cause.isFailReason)
    if (reason === undefined) throw Cause.squash(exit.cause)
    const { code, message } = described(reason.error)
    return fail(reply, statusOf(code), message, code)
  }
  /** The body as a schema describes it, or undefined after the answer that says what is wrong with it. */
  const bodyOf = <Body>(request: FastifyRequest, reply: FastifyReply, schema: Schema.Codec<Body, unknown>) => {
    const result = Schema.decodeUnknownResult(schema)(jsonBody(request))
    if (result._tag === "Success") return result.success
    fail(reply, 400, `The request's body is not as expected: ${result.failure.message}`, "TST-ADMIN-BODY")
    return undefined
  }

  app.post("/admin/decisions", async (request, reply) => {
    const body = bodyOf(request, reply, DecisionRequest as Schema.Codec<typeof DecisionRequest.Type, unknown>)
    return body === undefined ? reply : answer(reply, 201, administration.addDecision(body))
  })
  app.delete("/admin/decisions", (request, reply) =>
    answer(reply, 200, administration.deleteDecisions(deletion(request)))
  )
  app.post("/admin/bouncers", async (request, reply) => {
    const body = bodyOf(request, reply, BouncerRequest as Schema.Codec<typeof BouncerRequest.Type, unknown>)
    return body === undefined ? reply : answer(reply, 201, administration.addBouncer(body))
  })
  app.delete("/admin/bouncers/:name", (request, reply) => {
    const { name } = request.params as { readonly name: string }
    return answer(reply, 200, administration.deleteBouncer(name).pipe(Effect.as({ name })))
  })
}

const unavailable = (message: string) => new ApiUnavailable({ code: "TST-ADMIN-SOCKET", message })

/** Whether somebody listens on the socket. */
const isAnswered = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    socket.on("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.on("error", () => resolve(false))
  })

/** Takes the place of a socket that a killed process left behind, never of one that is in use. */
const listen = async (app: FastifyInstance, path: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  if (await isAnswered(path))
    throw unavailable(`The admin socket ${path} is in use: another Testudo runs with the same store. Stop it first.`)
  await unlink(path).catch((cause: unknown) => {
    if (!isMissing(cause)) throw cause
  })
  await app.listen({ path })
  await chmod(path, 0o600)
}

/** Listens on the socket while its scope is open. */
export const adminLayer = (options: { readonly path: string }): Layer.Layer<never, ApiUnavailable, Administration> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { path } = options
      if (Buffer.byteLength(path) > longestPath)
        return yield* unavailable(
          `The admin socket's path is longer than the ${longestPath} bytes that the system allows: ${path}. Put the store into a folder with a shorter path.`
        )
      const administration = yield* Administration
      const run = Effect.runPromiseExitWith(yield* Effect.context<never>())
      const app = httpServer({
        bodyLimit,
        onDefect: (error, what) => void run(Effect.logError(what, error))
      })
      adminRoutes(app, administration, run)
      yield* Effect.acquireRelease(
        Effect.tryPromise({
          try: () => listen(app, path),
          catch: (cause) =>
            cause instanceof ApiUnavailable
              ? cause
              : unavailable(`The admin socket ${path} cannot be opened: ${(cause as Error).message}.`)
        }),
        () => Effect.promise(() => app.close()).pipe(Effect.timeoutOption("10 seconds"))
      )
    })
  )
