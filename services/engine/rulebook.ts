/** The rules that judged at any time: those from disk, and those of other days from the log. */
import * as Effect from "effect/Effect"
import { compileProfiles, type Profile } from "../../domain/decision/profile.ts"
import { compileRuleset, type Ruleset } from "../../domain/detection/ruleset.ts"
import type { GeoLookup } from "../../domain/detection/world/geo.ts"
import type { Activation } from "../../domain/events/ruleset.ts"
import type { Problem } from "../../domain/rules/problem.ts"
import type { RuleFile } from "../../domain/rules/rule.ts"
import { contentHash } from "../../domain/rules/rule-file.ts"
import { openGeo } from "../geo/geo.ts"
import { recordedFiles } from "./content.ts"

/** Everything that judges: parsers, scenarios, postoverflows, patterns, data and profiles of one hash. */
export interface Rules {
  readonly hash: string
  readonly activation: Activation
  readonly ruleset: Ruleset
  readonly profiles: ReadonlyArray<Profile>
  readonly geo: GeoLookup
}

export const compileRules = (
  files: ReadonlyArray<RuleFile>,
  options: { readonly names: Activation["names"] }
): { readonly rules: Rules; readonly problems: ReadonlyArray<Problem> } => {
  const { ruleset, problems } = compileRuleset(files, options)
  const compiled = compileProfiles(
    files.filter((file) => file.kind === "profiles"),
    ruleset.world.files
  )
  const { geo, problems: geoProblems } = openGeo(files)
  return {
    rules: { hash: ruleset.hash, activation: ruleset.activation, ruleset, profiles: compiled.profiles, geo },
    // A data file that is missing has been told already: by the loader, which knows where it looked.
    problems: [...problems.filter(({ code }) => code !== "TST-DATA-MISSING"), ...compiled.problems, ...geoProblems]
  }
}

/** So many rulesets stay compiled, the one in use among them: an edit is often taken back. Each takes megabytes. */
const remembered = 4

export class Rulebook {
  /** From disk, and not asked for yet: the log says from where on they judge. */
  readonly #coming = new Map<string, Rules>()
  /** Those that judged last, in this order. */
  readonly #used = new Map<string, Rules>()
  readonly #atHand: Effect.Effect<ReadonlyArray<RuleFile>>

  /** `atHand`: the rules as they are on disk; asked for those of their files that were too large to be recorded. */
  constructor(atHand: Effect.Effect<ReadonlyArray<RuleFile>>) {
    this.#atHand = atHand
  }

  add(rules: Rules): void {
    if (!this.#used.has(rules.hash)) this.#coming.set(rules.hash, rules)
  }

  #use(rules: Rules): Rules {
    this.#coming.delete(rules.hash)
    this.#used.delete(rules.hash)
    this.#used.set(rules.hash, rules)
    if (this.#used.size > remembered) this.#used.delete(this.#used.keys().next().value!)
    return rules
  }

  /** The rules of a recorded activation: compiled from the text in the log when they are not at hand. */
  readonly of = Effect.fnUntraced({ self: this }, function* (this: Rulebook, activation: Activation) {
    const known = this.#used.get(activation.hash) ?? this.#coming.get(activation.hash)
    if (known !== undefined) return this.#use(known)
    const files = yield* this.#filesOf(activation)
    const { rules } = compileRules(files, { names: activation.names })
    // A recorded activation keeps its hash, even where a file too large to be recorded is missing from this compilation.
    const ruleset = { ...rules.ruleset, hash: activation.hash, activation }
    return this.#use({ ...rules, hash: activation.hash, activation, ruleset })
  })

  /** Those that neither the log nor the disk has any more are told, and missing. */
  readonly #filesOf = Effect.fnUntraced({ self: this }, function* (this: Rulebook, activation: Activation) {
    const recorded = yield* recordedFiles(activation)
    const hashes = new Set(recorded.map(contentHash))
    const large = activation.items.filter(({ hash }) => !hashes.has(hash))
    if (large.length === 0) return recorded
    const atHand = new Map((yield* this.#atHand).map((file) => [contentHash(file), file]))
    const found: Array<RuleFile> = []
    for (const { kind, path, version, hash } of large) {
      const file = atHand.get(hash)
      if (file !== undefined) found.push({ ...file, kind: kind as RuleFile["kind"], path, version })
      else {
        yield* Effect.logWarning(
          `Rules of the past used ${path} (SHA-256 ${hash}), which was too large to be recorded and is not at hand as it was then: their lines are judged without it. (TST-ENGINE-CONTENT)`
        )
      }
    }
    return [...recorded, ...found]
  })
}
