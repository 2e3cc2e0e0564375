/** The filters of `/v1/decisions` and its stream, as of CrowdSec's local API: which decisions a bouncer asks for. */
import type { FastifyRequest } from "fastify"
import { canonicalScope } from "../../domain/decision/scope.ts"
import { parsePrefix } from "../../domain/net/prefix.ts"
import type { StandingDecision } from "../../projections/standing-decision.ts"
import type { RangeRelation } from "../../projections/decision-index.ts"
import { parameter, truth } from "./http.ts"

export interface DecisionFilter {
  readonly range: RangeRelation | undefined
  readonly matches: (decision: StandingDecision) => boolean
}

/** The address or range of a filter is none. The message is CrowdSec's, word for word. */
export interface UnreadableAddress {
  readonly message: string
}

type Predicate = (decision: StandingDecision) => boolean

const words = (text: string): ReadonlyArray<string> => text.split(",").flatMap((word) => word.trim() || [])

/**
 * Where `scopes` is missing, `defaultScopes` are asked for, whatever `scope` says. Unknown parameters are ignored, and so
 * are lists without a word. An `ip`, `range`, `value` or `type` that is empty asks for that: who does not know whom to ask
 * about must not be told about everybody.
 */
export const decisionFilter = (
  request: FastifyRequest,
  defaultScopes?: ReadonlyArray<string>
): DecisionFilter | UnreadableAddress => {
  const predicates: Array<Predicate> = []
  const among = (list: ReadonlyArray<string> | undefined, read: (decision: StandingDecision) => string): void => {
    if (list === undefined) return
    const wanted = new Set(list)
    predicates.push((decision) => wanted.has(read(decision)))
  }
  const listed = (name: string): ReadonlyArray<string> | undefined => {
    const list = words(parameter(request, name) ?? "")
    return list.length === 0 ? undefined : list
  }
  among(listed("scope")?.map(canonicalScope), ({ scope }) => scope)
  among(listed("scopes")?.map(canonicalScope) ?? defaultScopes, ({ scope }) => scope)
  among(listed("origins"), ({ origin }) => origin)
  const value = parameter(request, "value")
  if (value !== undefined) predicates.push((decision) => decision.value === value)
  const type = parameter(request, "type")
  if (type !== undefined) predicates.push((decision) => decision.type === type)
  if (truth(request, "simulated") !== true) predicates.push(({ simulated }) => !simulated)
  const containing = listed("scenarios_containing")?.map((word) => word.toLowerCase())
  const without = listed("scenarios_not_containing")?.map((word) => word.toLowerCase())
  const names = (list: ReadonlyArray<string>, { scenario }: StandingDecision): boolean => {
    const text = scenario.toLowerCase()
    return list.some((word) => text.includes(word))
  }
  if (containing !== undefined) predicates.push((decision) => names(containing, decision))
  if (without !== undefined) predicates.push((decision) => !names(without, decision))

  const asked = parameter(request, "ip") ?? parameter(request, "range")
  const range = asked === undefined ? undefined : parsePrefix(asked)
  if (asked !== undefined && range === undefined)
    return {
      message: `unable to convert '${asked.slice(0, 100)}' to int: invalid address: invalid ip address / range`
    }
  const relation = truth(request, "contains") === false ? "inside" : "containing"
  return {
    range: range === undefined ? undefined : { value: range, relation },
    matches: (decision) => predicates.every((predicate) => predicate(decision))
  }
}
