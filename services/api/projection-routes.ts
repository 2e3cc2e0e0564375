/**
 * `GET /projections/…`: the projections, now or as of a past time (`?at=`), for people and programs of this product.
 * Times are RFC 3339 in UTC. Open to this machine, with an API key to others.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import { canonicalScope, canonicalValue } from "../../domain/decision/scope.ts"
import { type ActiveBans, activeAt, coveringAt } from "../../projections/active-bans.ts"
import type { StandingDecision } from "../../projections/standing-decision.ts"
import { type Offender, offenderOf, scoreAt, worstAt } from "../../projections/reputation.ts"
import { type Attack, attacksByTime, isOpenAt } from "../../projections/targeted-attacks.ts"
import type { Progress, States } from "../projections/projections.ts"
import { mayRead } from "./access.ts"
import { fail, forbidden } from "./failure.ts"
import { parameter } from "./http.ts"
import { lazily, sendJson } from "./json-answer.ts"

export interface ProjectionRoutesOptions {
  /** Resolves when these have folded the history. */
  readonly ready: (...names: ReadonlyArray<keyof States>) => Promise<void>
  readonly states: () => States
  readonly progress: () => Promise<ReadonlyArray<Progress>>
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** The states as of a past time; folds the whole log. */
  readonly at: (time: number, signal: AbortSignal) => Promise<States>
}

/** The answer to a request that gets no projection. */
class Refusal extends Error {
  readonly status: 400 | 404 | 503
  readonly code: string

  constructor(status: Refusal["status"], code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Each look into the past folds the whole log: so many may wait, the others are told to come back. */
const mostLooks = 8
const mostItems = 100_000
const defaultItems = 1_000

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString()

/** Throws a {@link Refusal}. */
const limitOf = (request: FastifyRequest): number => {
  const text = parameter(request, "limit")
  if (text === undefined) return defaultItems
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= mostItems) return limit
  throw new Refusal(400, "TST-API-LIMIT", `limit=${text.slice(0, 40)} is not a whole number from 1 to ${mostItems}.`)
}

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/

/** The past time that is asked for, undefined for now. Throws a {@link Refusal}. */
const timeOf = (request: FastifyRequest, now: number): number | undefined => {
  const text = parameter(request, "at")
  if (text === undefined) return undefined
  // An unescaped plus arrives as a space.
  const written = text.replace(" ", "+")
  const time = rfc3339.test(written) ? Date.parse(written.toUpperCase()) : Number.NaN
  if (Number.isNaN(time))
    throw new Refusal(400, "TST-API-AT", `at=${text.slice(0, 40)} is not a time such as 2026-11-22T07:00:00Z.`)
  if (time > now) throw new Refusal(400, "TST-API-AT", `at=${text.slice(0, 40)} lies in the future.`)
  return time
}

const banShown = (decision: StandingDecision) => ({
  id: decision.number,
  event: decision.id,
  overflow: decision.overflow,
  scope: decision.scope,
  value: decision.value,
  type: decision.type,
  from: iso(decision.from),
  until: iso(decision.until),
  scenario: decision.scenario,
  origin: decision.origin,
  simulated: decision.simulated,
  reason: decision.reason
})

const offenderShown = (offender: Offender, at: number) => ({
  scope: offender.scope,
  value: offender.value,
  score: Math.round(scoreAt(offender, at) * 1_000) / 1_000,
  overflows: offender.overflows,
  events: offender.events,
  scenarios: [...offender.scenarios]
    .sort(([x, a], [y, b]) => b - a || (x < y ? -1 : 1))
    .map(([name, count]) => ({ name, count })),
  firstSeen: iso(offender.firstSeen),
  lastSeen: iso(offender.lastSeen),
  decisions: offender.decisions,
  lastDecisions: offender.lastDecisions,
  country: offender.country,
  asName: offender.asName
})

const attackShown = (attack: Attack, at: number) => ({
  id: attack.id,
  open: isOpenAt(attack, at),
  start: iso(attack.start),
  end: isOpenAt(attack, at) ? null : iso(attack.end),
  lastEvent: iso(attack.end),
  detectedBy: attack.detectedBy,
  offenders: attack.offenders,
  kinds: attack.kinds,
  scenarios: attack.scenarios,
  events: attack.events
})

/** `value` narrows to what covers an address or range; other text is compared as it is. */
const bansOf = (state: ActiveBans, at: number, value: string | undefined): ReadonlyArray<StandingDecision> => {
  if (value === undefined) return activeAt(state, at)
  const covering = coveringAt(state, value, at)
  return covering.length > 0 ? covering : activeAt(state, at).filter((decision) => decision.value === value)
}

export const projectionRoutes = (app: FastifyInstance, options: ProjectionRoutesOptions): void => {
  const { ready, states, now } = options
  let looks = 0

  const look = async (time: number, request: FastifyRequest): Promise<States> => {
    if (looks >= mostLooks)
      throw new Refusal(503, "TST-API-BUSY", "Too many looks into the past at a time. Ask again in a moment.")
    looks += 1
    try {
      return await options.at(time, request.signal)
    } finally {
      looks -= 1
    }
  }

  /** Answers with what `show` makes of the states at the time asked for. */
  const projection = (
    path: string,
    name: keyof States,
    show: (states: States, at: number, limit: number, request: FastifyRequest) => object
  ): void => {
    app.get(path, async (request: FastifyRequest, reply: FastifyReply) => {
      await ready("bouncers", name)
      if (!mayRead(states().bouncers, request)) return forbidden(reply)
      try {
        const present = now()
        const time = timeOf(request, present)
        const limit = limitOf(request)
        const seen = time === undefined ? states() : await look(time, request)
        const at = time ?? present
        return sendJson(reply, { at: iso(at), ...show(seen, at, limit, request) })
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        return fail(reply, error.status, error.message, error.code)
      }
    })
  }

  app.get("/projections", async (request, reply) => {
    await ready("bouncers")
    if (!mayRead(states().bouncers, request)) return forbidden(reply)
    const projections = (await options.progress()).map(({ parked, ...progress }) => ({
      ...progress,
      parked: parked === undefined ? null : parked
    }))
    return sendJson(reply, { at: iso(now()), projections })
  })

  projection("/projections/active-bans", "activeBans", ({ activeBans }, at, limit, request) => {
    const bans = bansOf(activeBans, at, parameter(request, "value"))
    return { total: bans.length, bans: lazily(bans.slice(0, limit), banShown) }
  })

  projection("/projections/reputation", "reputation", ({ reputation }, at, limit) => ({
    total: reputation.offenders.size,
    offenders: worstAt(reputation, at, limit).map((offender) => offenderShown(offender, at))
  }))

  projection("/projections/reputation/:scope/:value", "reputation", ({ reputation }, at, _limit, request) => {
    const params = request.params as { readonly scope: string; readonly value: string }
    const scope = canonicalScope(params.scope)
    const canonical = canonicalValue(scope, params.value)
    if ("problem" in canonical) throw new Refusal(400, "TST-API-VALUE", canonical.problem)
    const offender = offenderOf(reputation, scope, canonical.value)
    if (offender !== undefined) return offenderShown(offender, at)
    throw new Refusal(404, "TST-API-UNKNOWN", `Nothing is known about ${scope} ${canonical.value.slice(0, 100)}.`)
  })

  projection("/projections/targeted-attacks", "targetedAttacks", ({ targetedAttacks }, at, limit) => ({
    total: targetedAttacks.attacks.size,
    attacks: attacksByTime(targetedAttacks, limit).map((attack) => attackShown(attack, at))
  }))
}
