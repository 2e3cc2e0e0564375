/** `/health`, `/v1/decisions` and `/v1/decisions/stream`, byte for byte as CrowdSec's local API gives them. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import { holdsAt, type StandingDecision } from "../../projections/standing-decision.ts"
import type { States } from "../projections/projections.ts"
import { type Caller, callerOf } from "./bouncer-key.ts"
import { CompleteAnswer } from "./complete-answer.ts"
import { decisionFilter } from "./decision-filter.ts"
import { knownBy, selected, streamAnswer } from "./decision-stream.ts"
import { fail } from "./failure.ts"
import { parameter, truth } from "./http.ts"
import { lazily, sendJson } from "./json-answer.ts"
import { Pulls } from "./pulls.ts"
import { held } from "./wire-decision.ts"

export interface DecisionsOptions {
  /** Resolves when the history is folded: an answer before that would lift every ban. */
  readonly ready: () => Promise<void>
  readonly states: () => States
  readonly position: () => number
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Without this parameter bouncers get only what they all understand. */
const defaultScopes = ["Ip", "Range"]

const count = (request: FastifyRequest, name: string): number | undefined => {
  const text = parameter(request, name)
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** Some bouncers read the first element only: what weighs most comes first. */
const byWeight = (a: StandingDecision, b: StandingDecision): number =>
  Number(b.type === "ban") - Number(a.type === "ban") || b.until - a.until || a.number - b.number

/** A page by id, as CrowdSec cuts it, or everything by weight. `limit=0` is no limit. */
const paged = (request: FastifyRequest, found: ReadonlyArray<StandingDecision>): ReadonlyArray<StandingDecision> => {
  const [limit, offset, after] = [count(request, "limit"), count(request, "offset"), count(request, "id_gt")]
  if (limit === undefined && offset === undefined && after === undefined) return [...found].sort(byWeight)
  const rest = found.filter(({ number }) => number > (after ?? -1)).sort((a, b) => a.number - b.number)
  return rest.slice(offset ?? 0, limit ? (offset ?? 0) + limit : undefined)
}

export const decisionRoutes = (app: FastifyInstance, { ready, states, position, now }: DecisionsOptions): void => {
  const pulls = new Pulls()
  const complete = new CompleteAnswer()

  /** Runs the handler for a known key and answers 403 to others. */
  const known =
    (handler: (caller: Caller, request: FastifyRequest, reply: FastifyReply) => FastifyReply) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      await ready()
      const caller = callerOf(states().bouncers, request)
      return caller === undefined ? fail(reply, 403, "access forbidden") : handler(caller, request, reply)
    }
  /** Health checks ask with HEAD, within 200 ms: it says that the key is good and moves nothing. */
  const head = known((_caller, _request, reply) => reply.code(200).send())

  app.get("/health", (_request, reply) => sendJson(reply, { status: "up" }))
  app.head("/health", (_request, reply) => reply.code(200).send())

  app.head("/v1/decisions", head)
  app.get(
    "/v1/decisions",
    known((_caller, request, reply) => {
      const filter = decisionFilter(request)
      if ("message" in filter) return fail(reply, 500, filter.message)
      const at = now()
      const about = [...states().activeBans.decisions.about(filter.range)]
      const found = paged(
        request,
        about.filter((decision) => holdsAt(decision, at) && filter.matches(decision))
      )
      const elements = lazily(found, (decision) => held(decision, at, { uuid: false }))
      // The nginx and HAProxy bouncers know "nothing" only as these four bytes.
      return sendJson(reply, found.length === 0 ? null : elements)
    })
  )

  app.head("/v1/decisions/stream", head)
  app.get(
    "/v1/decisions/stream",
    known((caller, request, reply) => {
      const filter = decisionFilter(request, defaultScopes)
      if ("message" in filter) return fail(reply, 500, filter.message)
      const here = { position: position(), at: now() }
      const { activeBans } = states()
      const since = truth(request, "startup") === true ? undefined : pulls.last(caller)
      const last = knownBy(activeBans, since, here.at)
      const select = () => selected(activeBans, filter, last, here.at)
      const { selection, pull } =
        last === undefined
          ? complete.of(request.url.split("?", 2)[1] ?? "", here, select)
          : { selection: select(), pull: here }
      // An answer that never arrived must come again.
      reply.raw.once("finish", () => pulls.note(caller, pull))
      return sendJson(reply, streamAnswer(selection, pull.at))
    })
  )
}
