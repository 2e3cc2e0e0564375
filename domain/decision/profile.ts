/**
 * Profiles: what is done about an overflow.
 *
 * Profiles are asked in their order. The filters of one are OR'ed and all of them evaluated: each that matches adds the
 * profile's decisions once more. The decisions of the first matching profile that has any are the answer; `on_success:
 * break` ends the asking. `on_failure: break` has no effect, as in CrowdSec.
 */
import type { DataFiles } from "../expression/environment.ts"
import { profileEnvironment } from "../expression/environment/profile.ts"
import { compileExpression, type ExpectedKind, type Expression, ExpressionError } from "../expression/expression.ts"
import type { Overflow } from "../events/overflow.ts"
import type { Problem } from "../document/problem.ts"
import { inKey, type Located } from "../document/report.ts"
import { ruleCodes } from "../rules/rule-code.ts"
import { readRules } from "../rules/rule-file.ts"
import type { ProfileRule, RuleFile } from "../rules/rule.ts"
import { Time } from "../expression/time.ts"
import { parseMilliseconds } from "../time/duration.ts"
import { millisecondOf } from "../time/instant.ts"
import { OverflowAlert } from "./alert.ts"
import { doubtsAbout } from "./profile-doubt.ts"
import { type ProfileView, ProfileWorld } from "./profile-world.ts"

/** What a profile asks for, before it is known about whom. */
export interface Remedy {
  readonly type: string
  /** Empty: the scope of the overflow's source. */
  readonly scope: string
  /** Empty, or what follows `crowdsec/` in the decision's origin. */
  readonly origin: string
  readonly simulated: boolean
  /** Go duration text, days allowed; valid and positive. */
  readonly duration: string
  /** The same in milliseconds. */
  readonly lasts: number
}

export interface Profile {
  readonly name: string
  readonly filters: ReadonlyArray<Expression>
  readonly decisions: ReadonlyArray<Remedy>
  readonly durationExpression: Expression | undefined
  readonly onSuccess: "continue" | "break"
  readonly onError: ProfileRule["onError"]
  /** What its expressions look at. */
  readonly world: ProfileWorld
}

const defaultDuration = "4h"

/** 0 for what is no duration. */
const lengthOf = (duration: string): number => parseMilliseconds(duration) ?? 0

/** What holds where no profiles are configured: ban addresses and ranges of scenarios that ask for remediation. */
const defaultProfiles: RuleFile = {
  kind: "profiles",
  path: "profiles.yaml",
  file: "the default profiles",
  version: "?",
  content: new TextEncoder().encode(`name: default_ip_remediation
filters:
 - Alert.Remediation == true && Alert.GetScope() == "Ip"
decisions:
 - type: ban
   duration: 4h
on_success: break
---
name: default_range_remediation
filters:
 - Alert.Remediation == true && Alert.GetScope() == "Range"
decisions:
 - type: ban
   duration: 4h
on_success: break
`)
}

export interface CompiledProfiles {
  readonly profiles: ReadonlyArray<Profile>
  readonly problems: ReadonlyArray<Problem>
}

/**
 * Reads and compiles files of profiles, in their order. Without any file, and where not one profile of them works, the
 * default holds: otherwise a slip of the pen would let every attacker in. `data`: the files that expressions may name.
 */
export const compileProfiles = (files: ReadonlyArray<RuleFile>, data?: DataFiles): CompiledProfiles => {
  const [first] = files
  const world = new ProfileWorld(data)
  if (first === undefined) return compileFiles([defaultProfiles], world)
  const compiled = compileFiles(files, world)
  if (compiled.profiles.length > 0) return compiled
  const message = "none of the profiles works, so the default is used: ban for 4 h; correct the profiles"
  const none: Problem = { code: "TST-PROFILE-NONE", severity: "error", file: first.file, message }
  return { profiles: compileFiles([defaultProfiles], world).profiles, problems: [...compiled.problems, none] }
}

/** The profiles that work. One with any error is left out and the error named. */
const compileFiles = (files: ReadonlyArray<RuleFile>, world: ProfileWorld): CompiledProfiles => {
  const read = files.map(readRules)
  const problems = read.flatMap((file) => file.problems)
  const rules = read.flatMap((file) => file.rules).filter((rule) => rule.kind === "profiles")
  const profiles = rules.flatMap((rule) => {
    let works = true
    const profile = compileProfile(rule, world, (problem) => {
      if (problem.severity === "error") works = false
      problems.push(problem)
    })
    return works ? [profile] : []
  })
  return { profiles, problems }
}

const compileProfile = (rule: ProfileRule, world: ProfileWorld, report: (problem: Problem) => void): Profile => {
  const { file } = rule.origin
  const tell = (severity: Problem["severity"], code: string, located: Located, line: number, message: string): void =>
    report({ code, severity, file, line, key: located.key, message: `${inKey(located)}${message}` })
  const compile = (located: Located, expect: ExpectedKind): ReadonlyArray<Expression> => {
    try {
      const expression = compileExpression(located.text, { environment: profileEnvironment, context: world, expect })
      for (const doubt of doubtsAbout(expression, expect, world.files))
        tell("warning", ruleCodes.doubtful, located, located.line, doubt)
      return [expression]
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
      tell("error", error.code, located, located.line + error.line - 1, error.message)
      return []
    }
  }
  return {
    name: rule.name,
    filters: rule.filters.flatMap((filter) => compile(filter, "bool")),
    decisions: rule.decisions.map((decision) => {
      const duration = decision.duration === "" ? defaultDuration : decision.duration
      return { ...decision, duration, lasts: lengthOf(duration) }
    }),
    durationExpression:
      rule.durationExpression === undefined ? undefined : compile(rule.durationExpression, "string")[0],
    onSuccess: rule.onSuccess,
    onError: rule.onError,
    world
  }
}

interface Evaluated {
  readonly matched: boolean
  readonly remedies: ReadonlyArray<Remedy>
  /** A filter failed on the values that it met, or answered something else than true or false. */
  readonly failed: boolean
}

const nothingMatched: Evaluated = { matched: false, remedies: [], failed: false }

/** Undefined when the evaluation failed. Log lines decide what an expression meets, so it is no error of the program. */
const attempt = (expression: Expression, scope: object): unknown => {
  try {
    return expression.evaluate(scope)
  } catch {
    return undefined
  }
}

const evaluate = (profile: Profile, scope: object): Evaluated => {
  const remedies: Array<Remedy> = []
  let matched = false
  for (const filter of profile.filters) {
    const answer = attempt(filter, scope)
    if (typeof answer !== "boolean") return { ...nothingMatched, failed: true }
    if (!answer) continue
    matched = true
    const computed = profile.durationExpression === undefined ? undefined : attempt(profile.durationExpression, scope)
    const lasts = typeof computed === "string" ? lengthOf(computed) : 0
    if (lasts <= 0) remedies.push(...profile.decisions)
    else for (const remedy of profile.decisions) remedies.push({ ...remedy, duration: computed as string, lasts })
  }
  return { matched, remedies, failed: false }
}

/**
 * What the profiles ask for about an overflow; `view` is what is known at its detection time. A profile that fails does
 * what its `on_error` says: `apply` counts as matched without decisions, `break` ends the asking; anything else goes on
 * with the next profile, where CrowdSec without `on_error` would refuse the alert: an attacker who can make a filter
 * fail must not get away by that.
 */
export const remediesFor = (
  profiles: ReadonlyArray<Profile>,
  overflow: Overflow,
  view: Omit<ProfileView, "now"> = {}
): ReadonlyArray<Remedy> => {
  const now = () => Time.fromMilliseconds(millisecondOf(overflow.stopAt))
  const scope = { Alert: new OverflowAlert(overflow) }
  let remedies: ReadonlyArray<Remedy> = []
  for (const profile of profiles) {
    profile.world.enter({ ...view, now })
    const found = evaluate(profile, scope)
    if (found.failed && profile.onError === "break") break
    if (!found.matched && !(found.failed && profile.onError === "apply")) continue
    if (remedies.length === 0) remedies = found.remedies
    if (profile.onSuccess === "break") break
  }
  return remedies
}
