/**
 * `DecisionMade` and `DecisionRetracted`: what is to be done about an offender, on the offender's stream. Before it,
 * `DecisionNumbered`, on a stream of its own.
 */
import * as Schema from "effect/Schema"
import { declareEvent, Timestamp } from "./event.ts"

export const Decision = Schema.Struct({
  /** Small number that the wire needs as id, unique in the log; fits a signed 32-bit integer. */
  number: Schema.Int,
  /** Id of the `OverflowRaised` it answers; null for a decision that a person made. */
  overflow: Schema.NullOr(Schema.String),
  scope: Schema.String,
  /** Canonical text of the address, range or other value. */
  value: Schema.String,
  /** `ban`, `captcha`, `throttle`, or any other remediation that a bouncer knows. */
  type: Schema.String,
  /** Go duration text. */
  duration: Schema.String,
  from: Timestamp,
  until: Timestamp,
  scenario: Schema.String,
  /** Where it comes from, in the words of the wire: `crowdsec` (detected here), `cscli` (a person), `CAPI`, `lists`. */
  origin: Schema.String,
  simulated: Schema.Boolean,
  reason: Schema.String
})
export type Decision = typeof Decision.Type

export const DecisionMade = declareEvent({
  type: "DecisionMade",
  version: 1,
  schema: Decision,
  stream: "offender-<scope>:<value>",
  tells: "A ban, or another remediation, was decided on."
})

export const Retraction = Schema.Struct({
  /** Event id of the `DecisionMade` that ends. */
  decision: Schema.String,
  number: Schema.Int,
  reason: Schema.String,
  /** Who did it: `command line`, `allowlist`… */
  by: Schema.String,
  /** When the decision ended. */
  at: Timestamp
})
export type Retraction = typeof Retraction.Type

export const DecisionRetracted = declareEvent({
  type: "DecisionRetracted",
  version: 1,
  schema: Retraction,
  stream: "offender-<scope>:<value>",
  tells: "A decision ended before its time."
})

export const DecisionNumbered = declareEvent({
  type: "DecisionNumbered",
  version: 2,
  schema: Schema.Struct({
    /** Number of the first decision; those after it have the following ones. */
    first: Schema.Int,
    /** Event ids of the `DecisionMade`, at least one. */
    decisions: Schema.Array(Schema.String).check(Schema.isMinLength(1))
  }),
  stream: "decision-numbers",
  tells: "Numbers were taken for decisions that are about to be made.",
  upcasters: {
    // Each decision had an event of its own.
    1: ({ number, decision }) => ({ first: number, decisions: [decision] })
  }
})
