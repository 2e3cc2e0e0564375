/** The keys of a bayesian bucket: how likely each condition is for the evil and for the benign. */
import { defaulted, flag, located, mapping, number, refined, required } from "../document/reader.ts"
import type { Reader } from "../document/reader.ts"
import type { ScenarioRule } from "./rule.ts"
import { ruleCodes } from "./rule-code.ts"

const probability = number({ least: 0, most: 1 })

/** A prior or a threshold: above 0, at most 1. */
export const bayesianShare: Reader<number> = refined(probability, (share, field, report) =>
  share > 0 ? share : report.error(ruleCodes.wrongValue, field, `\`${field.key}\` must be above 0, at most 1`)
)

type Bayesian = Exclude<ScenarioRule["bayesian"], undefined>

const keys = mapping({
  condition: required(located),
  prob_given_evil: required(probability),
  prob_given_benign: required(probability),
  guillotine: defaulted(flag, false)
})

export const bayesianCondition: Reader<Bayesian["conditions"][number]> = refined(keys, (written) => ({
  condition: written.condition,
  probGivenEvil: written.prob_given_evil,
  probGivenBenign: written.prob_given_benign,
  guillotine: written.guillotine
}))

export const bayesian = (written: {
  readonly bayesian_prior: number | undefined
  readonly bayesian_threshold: number | undefined
  readonly bayesian_conditions: Bayesian["conditions"]
}): Bayesian => ({
  prior: written.bayesian_prior ?? 0,
  threshold: written.bayesian_threshold ?? 0,
  conditions: written.bayesian_conditions
})
