/** A decision as CrowdSec's local API writes it and bouncers read it. */
import { formatWireDuration } from "../../domain/time/duration.ts"
import { endOf, type StandingDecision } from "../../projections/standing-decision.ts"

/** Keys in the order in which CrowdSec writes them. */
export interface WireDecision {
  readonly duration: string
  readonly id: number
  readonly origin: string
  readonly scenario: string
  readonly scope: string
  readonly type: string
  readonly uuid?: string
  readonly value: string
}

const element = (
  { number: id, origin, scenario, scope, type, value, id: uuid }: StandingDecision,
  duration: string,
  withUuid: boolean
): WireDecision =>
  withUuid
    ? { duration, id, origin, scenario, scope, type, uuid, value }
    : { duration, id, origin, scenario, scope, type, value }

/** What is left of a decision that holds, at least a second: `0s` would mean "for ever" to some. */
export const held = (decision: StandingDecision, at: number, options: { readonly uuid: boolean }): WireDecision =>
  element(decision, formatWireDuration(Math.max(1, Math.ceil((decision.until - at) / 1_000))), options.uuid)

/** How long ago a decision ended: zero or negative. */
export const ended = (decision: StandingDecision, at: number): WireDecision =>
  element(decision, formatWireDuration(Math.min(0, Math.ceil((endOf(decision) - at) / 1_000))), true)
