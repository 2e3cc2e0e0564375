/** What the node tells a person who watches: one readable line per ban, with its reason. */
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { type Decision, DecisionMade, DecisionRetracted } from "../../domain/events/decision.ts"
import { OverflowRaised } from "../../domain/events/overflow.ts"
import { printable } from "../../domain/text/printable.ts"

const clock = (timestamp: string): string => timestamp.slice(11, 19)

/** A person's reason as it is; of an alert's message what the rest of the line does not say yet. */
const why = ({ overflow, scenario, reason }: Decision): string => {
  if (overflow === null) return reason === "" ? scenario : reason
  const events = /\((\d+ events over [^)]*)\)/.exec(reason)?.[1]
  return events === undefined ? scenario : `${scenario}, ${events}`
}

/**
 * The line for an event, or undefined for one that nobody needs to read live.
 * `now` (milliseconds since 1970) tells a ban from history: one that is over already is said to be so.
 */
export const announce = (event: TestudoEvent, now: number): string | undefined => {
  if (DecisionMade.is(event)) {
    const { from, until, type, scope, value, duration, number, simulated } = event.data
    const over = Date.parse(until) <= now ? " (over already: the log line waited)" : ""
    const who = scope === "Ip" ? value : `${scope} ${value}`
    const what = simulated ? `${type} (simulated)` : type
    return printable(`${clock(from)}  ${what} ${who} for ${duration}: ${why(event.data)}  #${number}`) + over
  }
  if (DecisionRetracted.is(event)) {
    const { at, number, by, reason } = event.data
    return printable(`${clock(at)}  lifted #${number} by ${by}${reason === "" ? "" : `: ${reason}`}`)
  }
  if (OverflowRaised.is(event) && !event.data.remediation) {
    return printable(`${clock(event.data.stopAt)}  seen  ${event.data.message}`)
  }
  return undefined
}

/** Event types that {@link announce} has a line for. */
export const announced = [OverflowRaised.type, DecisionMade.type, DecisionRetracted.type]
