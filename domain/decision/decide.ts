/** From an overflow, or a person's word, to decisions. */
import { type Decision, DecisionMade } from "../events/decision.ts"
import { derivedId } from "../events/derived-id.ts"
import type { ProposedEvent } from "../events/event.ts"
import type { Overflow } from "../events/overflow.ts"
import { millisecondsPerDay } from "../time/calendar.ts"
import { formatShortDuration, nanosecondsPerMillisecond, parseMilliseconds } from "../time/duration.ts"
import { formatTimestamp, lastInstant, millisecondOf } from "../time/instant.ts"
import type { Allowlists } from "./allowlist.ts"
import { type Profile, remediesFor } from "./profile.ts"
import type { ProfileView } from "./profile-world.ts"
import { canonicalScope, canonicalValue } from "./scope.ts"

const timestamp = (milliseconds: number): string => formatTimestamp(Math.min(milliseconds, lastInstant))

/** The number of a decision that has none yet: it is given when the decision is about to be recorded. */
const unnumbered = 0

/**
 * The decisions that answer an overflow: what the profiles ask for, but for what an allowlist exempts and for addresses
 * and ranges that are none. They run from the moment of detection, so an overflow of last month gives decisions that are
 * over. Ids are derived from the overflow's, so the same overflow always gives the same.
 */
export const decide = (options: {
  /** Id of the `OverflowRaised` event. */
  readonly overflowId: string
  readonly overflow: Overflow
  /** Id of the event at the beginning of the chain. */
  readonly correlation: string
  readonly profiles: ReadonlyArray<Profile>
  readonly allowlists: Allowlists
  /** What profiles may ask besides the overflow. */
  readonly view?: Omit<ProfileView, "now">
}): ReadonlyArray<ProposedEvent<"DecisionMade", Decision>> => {
  const { overflowId, overflow, correlation, profiles, allowlists } = options
  return remediesFor(profiles, overflow, options.view).flatMap((remedy, index) => {
    const scope = canonicalScope(remedy.scope === "" ? overflow.source.scope : remedy.scope)
    const canonical = canonicalValue(scope, overflow.source.value)
    if ("problem" in canonical || allowlists.covers(scope, canonical.value)) return []
    const decision: Decision = {
      number: unnumbered,
      overflow: overflowId,
      scope,
      value: canonical.value,
      type: remedy.type,
      duration: remedy.duration,
      from: overflow.stopAt,
      until: timestamp(millisecondOf(overflow.stopAt) + remedy.lasts),
      scenario: overflow.scenario.name,
      origin: remedy.origin === "" ? "crowdsec" : `crowdsec/${remedy.origin}`,
      simulated: remedy.simulated,
      reason: overflow.message
    }
    return [
      DecisionMade.propose(derivedId("decision", overflowId, index), decision, { causation: overflowId, correlation })
    ]
  })
}

/** Why a person's decision cannot be. The message is a sentence for people that says what to do. */
export interface Refusal {
  readonly code: "TST-DECISION-VALUE" | "TST-DECISION-TYPE" | "TST-DECISION-DURATION" | "TST-DECISION-SCOPE"
  readonly message: string
}

const longestMs = 3_650 * millisecondsPerDay
const wellKnown = "ban, captcha or throttle"

/**
 * A decision that a person made, valid from `at` (milliseconds since 1970). Without a scope, a value with a slash is a
 * range and any other an address. The duration is Go's text or days (`4h`, `7d`), from a second to ten years.
 */
export const manualDecision = (options: {
  readonly scope?: string
  readonly value: string
  readonly type: string
  readonly duration: string
  readonly reason: string
  /** Who decides, such as `command line`. */
  readonly by: string
  readonly at: number
}): Omit<Decision, "number"> | Refusal => {
  const { value, reason, by, at } = options
  const scope = canonicalScope(options.scope ?? (value.includes("/") ? "Range" : "Ip"))
  if (!/^[A-Za-z][\w.-]{0,63}$/.test(scope))
    return {
      code: "TST-DECISION-SCOPE",
      message: `${shown(scope)} is not a scope. Use Ip, Range, AS, Country or another word of letters, digits, . _ and -.`
    }
  const canonical = canonicalValue(scope, value)
  if ("problem" in canonical) return { code: "TST-DECISION-VALUE", message: canonical.problem }
  if (!/^[^\x00-\x1f\x7f]{1,255}$/.test(canonical.value))
    return { code: "TST-DECISION-VALUE", message: "A value has 1 to 255 characters, none of them a control character." }
  const type = options.type.toLowerCase()
  if (!/^[a-z][a-z0-9_-]{0,31}$/.test(type))
    return {
      code: "TST-DECISION-TYPE",
      message: `${shown(options.type)} is not a remediation. Use ${wellKnown}, or another word of letters, digits, _ and -.`
    }
  const lasting = parseMilliseconds(options.duration)
  if (lasting === undefined || lasting < 1_000 || lasting > longestMs)
    return {
      code: "TST-DECISION-DURATION",
      message: `${shown(options.duration)} is not a duration from 1s to 3650d. Write one such as 30m, 4h or 7d.`
    }
  return {
    overflow: null,
    scope,
    value: canonical.value,
    type,
    duration: formatShortDuration(BigInt(lasting) * nanosecondsPerMillisecond),
    from: timestamp(at),
    until: timestamp(at + lasting),
    scenario: `manual '${type}' from '${by}'`,
    origin: "cscli",
    simulated: false,
    reason: reason.slice(0, 1_024)
  }
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 64))
