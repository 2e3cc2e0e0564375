/** One document below `scenarios/`: what pours, into which kind of bucket, and when it runs over. */
import { bayesian, bayesianCondition, bayesianShare } from "./bayesian-rule.ts"
import { dataFile } from "./data-file.ts"
import { formatVersion } from "./format-version.ts"
import { labels } from "./label.ts"
import {
  anything,
  choice,
  defaulted,
  duration,
  flag,
  integer,
  list,
  located,
  mapping,
  optional,
  placeOf,
  refined,
  required,
  text
} from "../document/reader.ts"
import type { Field, Reader } from "../document/reader.ts"
import { broken, quote } from "../document/report.ts"
import type { Broken, Located, Report } from "../document/report.ts"
import type { BucketType, ScenarioRule } from "./rule.ts"
import { ruleCodes } from "./rule-code.ts"

const bucketTypes: ReadonlyArray<BucketType> = ["leaky", "trigger", "counter", "conditional", "bayesian"]
const largestCapacity = 2_147_483_647

const scope = refined(
  mapping({ type: defaulted(text, "Ip"), expression: optional(located) }),
  (written, field, report) => {
    const expression = written.expression?.text ? written.expression : undefined
    if (written.type === "Ip" && expression !== undefined) {
      const message = "scope `Ip` takes no `expression`; remove it, or name another `type`"
      return report.error(ruleCodes.wrongValue, expression, message)
    }
    if (written.type !== "Ip" && written.type !== "Range" && expression === undefined) {
      const meant = ["Ip", "Range"].find((known) => known.toLowerCase() === written.type.toLowerCase())
      const hint = meant === undefined ? "" : `; did you mean ${quote(meant)}?`
      const message = `scope ${quote(written.type)} needs an \`expression\` that says whom it is about${hint}`
      return report.error(ruleCodes.missingKey, field, message)
    }
    return { type: written.type, expression }
  }
)

/** An empty one counts as none, as in CrowdSec. */
const span: Reader<bigint> = (field, report) =>
  field.value.kind === "scalar" && field.value.text === "" ? 0n : duration(field, report)

const keys = mapping({
  type: required(choice(...bucketTypes)),
  name: required(text),
  description: required(text),
  filter: required(located),
  format: optional(formatVersion),
  version: optional(text),
  references: optional(anything),
  debug: optional(flag),
  groupby: optional(located),
  distinct: optional(located),
  cancel_on: optional(located),
  overflow_filter: optional(located),
  condition: optional(located),
  scope: defaulted(scope, { type: "Ip", expression: undefined }),
  capacity: optional(integer({ least: -1, most: largestCapacity })),
  leakspeed: defaulted(span, 0n),
  duration: defaulted(span, 0n),
  blackhole: defaulted(span, 0n),
  cache_size: defaulted(integer({ least: 0, most: largestCapacity }), 0),
  reprocess: defaulted(flag, false),
  bayesian_prior: optional(bayesianShare),
  bayesian_threshold: optional(bayesianShare),
  bayesian_conditions: defaulted(list(bayesianCondition), []),
  labels: defaulted(labels, Object.create(null)),
  data: defaulted(list(dataFile), [])
})

type Written = Exclude<ReturnType<typeof keys>, Broken>

/** What a type cannot do without. Each complaint says what to write. */
const complete = (written: Written, field: Field, report: Report): boolean => {
  const kind = written.type
  const need = (met: boolean, key: string, what: string): boolean => {
    if (!met) report.error(ruleCodes.missingKey, placeOf(field, key), `a ${kind} bucket needs \`${key}\`: ${what}`)
    return met
  }
  const leaks = (what: string): boolean => need(written.leakspeed > 0n, "leakspeed", what)
  if (kind === "leaky") {
    const held = need((written.capacity ?? 0) > 0, "capacity", "how many events it holds, at least 1")
    return leaks("the time in which one event leaks, such as `10s`") && held
  }
  if (kind === "counter") return need(written.duration > 0n, "duration", "how long it counts, such as `10m`")
  if (kind === "conditional") {
    const asked = need(Boolean(written.condition?.text), "condition", "the expression that makes it run over")
    return leaks("how long it waits for the next event, such as `1m`") && asked
  }
  if (kind === "bayesian") {
    const prior = need(written.bayesian_prior !== undefined, "bayesian_prior", "a share above 0, at most 1")
    const threshold = need(written.bayesian_threshold !== undefined, "bayesian_threshold", "a share above 0, at most 1")
    if (written.leakspeed === 0n) {
      const message =
        "a bayesian bucket without `leakspeed` forgets all when time goes on; write how long it waits for the next event, such as `1m`"
      report.warning(ruleCodes.doubtful, placeOf(field, "leakspeed"), message)
    }
    return need(written.bayesian_conditions.length > 0, "bayesian_conditions", "a list") && prior && threshold
  }
  return true
}

/** The capacity that a type implies, or broken where another one is written. */
const capacity = (written: Written, field: Field, report: Report): number | Broken => {
  const implied = { leaky: undefined, conditional: undefined, trigger: 0, counter: -1, bayesian: -1 }[written.type]
  const given = written.capacity
  if (implied !== undefined) {
    if (given === undefined || given === implied) return implied
    const message = `a ${written.type} bucket has the capacity ${implied}, not ${given}; remove \`capacity\``
    return report.error(ruleCodes.wrongValue, placeOf(field, "capacity"), message)
  }
  if (written.type === "conditional" && given !== -1) {
    const message = "a conditional bucket without `capacity: -1` forgets events before its condition sees them"
    report.warning(ruleCodes.doubtful, placeOf(field, "capacity"), message)
  }
  return given ?? 0
}

/** Only the boolean counts, as in CrowdSec, and a text looks much like it. */
const warnOfRemediation = ({ labels: { remediation } }: Written, field: Field, report: Report): void => {
  if (remediation === undefined || remediation === null || typeof remediation === "boolean") return
  const message = `only \`remediation: true\` without quotes counts; as ${quote(JSON.stringify(remediation))} it bans nobody`
  report.warning(ruleCodes.doubtful, placeOf(field, "labels"), message)
}

/**
 * What a type does not look at. The `distinct` of a trigger is not told, though it is idle as well: scenarios of the
 * public hub have it.
 */
const warnOfIdleKeys = (written: Written, field: Field, report: Report): void => {
  const { type } = written
  const warn = (there: boolean, key: string, why: string): void => {
    const message = `\`${key}\` changes nothing: ${why}; remove it`
    if (there) report.warning(ruleCodes.noEffect, placeOf(field, key), message)
  }
  if (type === "trigger") {
    const atOnce = "a trigger runs over with its first event"
    warn(Boolean(written.cancel_on?.text), "cancel_on", atOnce)
    warn(Boolean(written.condition?.text), "condition", atOnce)
  }
  if (type !== "bayesian") {
    const other = `the bucket is ${type}, not bayesian`
    warn(written.bayesian_prior !== undefined, "bayesian_prior", other)
    warn(written.bayesian_threshold !== undefined, "bayesian_threshold", other)
    warn(written.bayesian_conditions.length > 0, "bayesian_conditions", other)
  }
}

const told = (expression: Located | undefined): Located | undefined => (expression?.text ? expression : undefined)

/** The rule but for its origin; `version` is the one that the document itself names. */
export type ScenarioText = Omit<ScenarioRule, "kind" | "origin"> & { readonly version: string | undefined }

export const scenarioRule: Reader<ScenarioText> = refined(keys, (written, field, report) => {
  const size = capacity(written, field, report)
  if (!complete(written, field, report) || size === broken) return broken
  warnOfRemediation(written, field, report)
  warnOfIdleKeys(written, field, report)
  return {
    version: written.version,
    name: written.name,
    description: written.description,
    type: written.type,
    filter: written.filter,
    groupBy: told(written.groupby),
    distinct: told(written.distinct),
    cancelOn: told(written.cancel_on),
    overflowFilter: told(written.overflow_filter),
    condition: told(written.condition),
    scope: written.scope,
    capacity: size,
    leakspeedNs: written.leakspeed,
    durationNs: written.duration,
    blackholeNs: written.blackhole,
    cacheSize: written.cache_size,
    reprocess: written.reprocess,
    bayesian: written.type === "bayesian" ? bayesian(written) : undefined,
    labels: written.labels,
    data: written.data
  }
})
