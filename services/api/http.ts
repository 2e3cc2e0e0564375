/**
 * The HTTP server under every interface of the node: what real bouncers need of it and what hostile peers
 * may not do to it.
 */
import Fastify, { type FastifyInstance, type FastifyRequest } from "fastify"
import { fail } from "./failure.ts"

export interface HttpOptions {
  /** Addresses and ranges of the proxies whose `X-Forwarded-For` is believed. Default: none. */
  readonly trustedProxies?: ReadonlyArray<string>
  /** Most bytes of a request's body. */
  readonly bodyLimit: number
  /** Most connections at a time; others are closed at once. */
  readonly connections?: number
  /** Takes what went wrong in the program itself, and at which request, for the node's output; the client is told nothing of it. */
  readonly onDefect: (error: unknown, what: string) => void
}

/** Each takes one of the files that the process may have open, and the logs and the event store must have theirs. */
const mostConnections = 2_500

/** Every method that a route could have; those that a path lacks are answered with 405. */
const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const

export const httpServer = ({
  trustedProxies = [],
  bodyLimit,
  connections = mostConnections,
  onDefect
}: HttpOptions): FastifyInstance => {
  const app = Fastify({
    logger: false,
    bodyLimit,
    // Go's clients keep idle connections for 90 s: who closes earlier makes their next POST fail.
    keepAliveTimeout: 125_000,
    // A connection that has not said yet what it wants is not waited for. The pause between two requests does not count.
    requestTimeout: 30_000,
    http: { headersTimeout: 20_000, connectionsCheckingInterval: 5_000 },
    // A bouncer whose first call is refused stops for good, so whoever still gets through is served.
    return503OnClosing: false,
    forceCloseConnections: "idle",
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 300 },
    exposeHeadRoutes: false,
    frameworkErrors: (error, _request, reply) => {
      fail(reply, error.statusCode ?? 400, error.message, error.code)
    }
  })
  app.server.maxConnections = connections
  // Clients send JSON under every content type and under none, and DELETE with a content type but without a body.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body))

  app.setErrorHandler((error: unknown, request, reply) => {
    const { statusCode = 500, message = "", code } = error as { statusCode?: number; message?: string; code?: string }
    if (statusCode < 500) return fail(reply, statusCode, message, code)
    onDefect(error, `${request.method} ${pathOf(request)} failed (TST-API-DEFECT)`)
    return fail(reply, 500, "The server failed at this request; its log says why.", "TST-API-DEFECT")
  })
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request)
    const allowed = methods.filter((method) => app.findRoute({ url: path, method }) !== null)
    if (allowed.length === 0) return fail(reply, 404, `There is nothing at ${path.slice(0, 200)}.`, "TST-API-NOT-FOUND")
    reply.header("allow", allowed.join(", "))
    const message = `${request.method} is not possible here, only ${allowed.join(", ")}.`
    return fail(reply, 405, message, "TST-API-METHOD")
  })
  return app
}

const pathOf = (request: FastifyRequest): string => request.url.split("?", 1)[0] ?? ""

/** A query parameter; the first one of several with the same name. Undefined when it is missing. */
export const parameter = (request: FastifyRequest, name: string): string | undefined => {
  const query = request.query as Readonly<Record<string, string | ReadonlyArray<string>>>
  const value = Object.hasOwn(query, name) ? query[name] : undefined
  return typeof value === "string" ? value : value?.[0]
}

/** A query parameter as Go reads a boolean (Python writes `True`), or undefined for anything else. */
export const truth = (request: FastifyRequest, name: string): boolean | undefined => {
  const text = parameter(request, name) ?? ""
  if (/^(?:1|[tT]|true|True|TRUE)$/.test(text)) return true
  return /^(?:0|[fF]|false|False|FALSE)$/.test(text) ? false : undefined
}

/** The body as JSON, or undefined when it is none. */
export const jsonBody = (request: FastifyRequest): unknown => {
  try {
    return JSON.parse(Buffer.isBuffer(request.body) ? request.body.toString("utf8") : "")
  } catch {
    return undefined
  }
}
