/** A decision as CrowdSec's bouncers read it (wire.md §1.6 to §1.8). */
import { endOf, type StandingDecision } from "../../projections/active-bans.ts"

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

/**
 * Whole seconds as `1h2m3s`, `2m3s` or `3s`: the one form that the parsers of all bouncers read alike. Fractions would
 * make the nginx bouncer keep a ban for ever, days are unknown to most.
 */
export const wireDuration = (seconds: number): string => {
  const whole = Math.abs(Math.trunc(seconds))
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor((whole % 3_600) / 60)]
  const text = `${hours > 0 ? `${hours}h` : ""}${hours > 0 || minutes > 0 ? `${minutes}m` : ""}${whole % 60}s`
  return seconds < 0 && whole > 0 ? `-${text}` : text
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
  element(decision, wireDuration(Math.max(1, Math.ceil((decision.until - at) / 1_000))), options.uuid)

/** How long ago a decision ended: zero or negative. */
export const ended = (decision: StandingDecision, at: number): WireDecision =>
  element(decision, wireDuration(Math.min(0, Math.ceil((endOf(decision) - at) / 1_000))), true)
