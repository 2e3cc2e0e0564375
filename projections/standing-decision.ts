/** A decision with what became of it: what `active-bans.ts` knows of each. */
import * as Schema from "effect/Schema"
import { Decision } from "../domain/events/decision.ts"

const { from: _from, until: _until, ...decisionFields } = Decision.fields

/** Times are in milliseconds since 1970. */
export const Standing = Schema.Struct({
  /** Id of its `DecisionMade` event. */
  id: Schema.String,
  /** The stream it is on: the dossier that a retraction belongs to. */
  stream: Schema.String,
  ...decisionFields,
  from: Schema.Number,
  until: Schema.Number,
  /** When it was retracted, or null. */
  retracted: Schema.mutableKey(Schema.NullOr(Schema.Number)),
  /** Since when an allowlist covers it, or null. */
  exempt: Schema.mutableKey(Schema.NullOr(Schema.Number)),
  /** Position of the last event that changed whether it holds. */
  changed: Schema.mutableKey(Schema.Int)
})
export type StandingDecision = typeof Standing.Type

/** When it ended or will end. */
export const endOf = (decision: StandingDecision): number =>
  Math.min(decision.until, decision.retracted ?? Number.POSITIVE_INFINITY, decision.exempt ?? Number.POSITIVE_INFINITY)

/** Whether it holds at a time (milliseconds since 1970), as far as the folded events tell. */
export const holdsAt = (decision: StandingDecision, at: number): boolean =>
  decision.retracted === null && decision.exempt === null && decision.until > at

/** The longest one; of equals the later one, so that the choice does not depend on the order of reading. */
export const longest = (decisions: Iterable<StandingDecision>): StandingDecision | undefined => {
  let best: StandingDecision | undefined
  for (const decision of decisions)
    if (
      best === undefined ||
      decision.until > best.until ||
      (decision.until === best.until && decision.number > best.number)
    )
      best = decision
  return best
}

export const byNumber = (left: StandingDecision, right: StandingDecision): number => left.number - right.number
