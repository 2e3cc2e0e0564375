/** One document of a profiles file: which alerts are answered with which decisions. */
import { nanosecondsPerMillisecond, parseLongDuration } from "../time/duration.ts"
import {
  anything,
  choice,
  defaulted,
  flag,
  list,
  located,
  mapping,
  optional,
  refined,
  required,
  text
} from "../document/reader.ts"
import type { Reader } from "../document/reader.ts"
import { quote } from "../document/report.ts"
import type { ProfileRule } from "./rule.ts"
import { ruleCodes } from "./rule-code.ts"

/** Checked here, kept as text: a decision records what was written. Empty, or at least a millisecond. */
const banDuration: Reader<string> = refined(text, (written, field, report) => {
  if (written === "" || (parseLongDuration(written) ?? 0n) >= nanosecondsPerMillisecond) return written
  const message = `\`${field.key}\` must be a duration such as \`4h\` or \`7d\`, but is ${quote(written)}`
  return report.error(ruleCodes.wrongValue, field, message)
})

const decision = mapping(
  {
    type: required(text),
    duration: defaulted(banDuration, ""),
    scope: defaulted(text, ""),
    origin: defaulted(text, ""),
    simulated: defaulted(flag, false),
    // Filled in when the decision is made, whatever a profile says.
    value: optional(anything),
    scenario: optional(anything),
    until: optional(anything),
    id: optional(anything),
    uuid: optional(anything)
  },
  { duration_expr: "it belongs to the profile, beside `decisions`" }
)

const keys = mapping({
  name: required(text),
  debug: optional(flag),
  filters: defaulted(list(located), []),
  decisions: defaulted(list(decision), []),
  duration_expr: optional(located),
  on_success: defaulted(choice("continue", "break", ""), ""),
  // Has no effect, as in CrowdSec.
  on_failure: optional(choice("continue", "break", "apply", "")),
  on_error: defaulted(choice("apply", "continue", "break", "ignore", ""), ""),
  // Notifications are another product's; a profile that names some still decides.
  notifications: optional(anything)
})

export const profileRule: Reader<Omit<ProfileRule, "kind" | "origin">> = refined(keys, (written) => ({
  name: written.name,
  filters: written.filters,
  decisions: written.decisions.map(({ type, duration, scope, origin, simulated }) => ({
    type,
    duration,
    scope,
    origin,
    simulated
  })),
  durationExpression: written.duration_expr?.text ? written.duration_expr : undefined,
  onSuccess: written.on_success === "" ? "continue" : written.on_success,
  onError: written.on_error
}))
