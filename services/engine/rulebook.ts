/** The rules that judged at any time: those from disk, and those of other days from the log. */
import * as Effect from "effect/Effect"
import { compileProfiles, type Profile } from "../../domain/decision/profile.ts"
import { compileRuleset, type Ruleset } from "../../domain/detection/ruleset.ts"
import type { GeoLookup } from "../../domain/detection/world/geo.ts"
import type { Activation } from "../../domain/events/ruleset.ts"
import type { Problem } from "../../domain/document/problem.ts"
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
    problems: [...problems, ...compiled.problems, ...geoProblems]
  }
}

export class Rulebook {
  /** From disk, and not asked for yet: the log says from where on they judge. */
  readonly #coming = new Map<string, Rules>()
  /** Those that judge. Older ones are compiled again when they are asked for: what they remember of texts is large. */
  #used: Rules | undefined
  readonly #atHand: Effect.Effect<ReadonlyArray<RuleFile>>

  /** `atHand`: the rules as they are on disk. Files that are too large to be recorded are nowhere else. */
  constructor(atHand: Effect.Effect<ReadonlyArray<RuleFile>>) {
    this.#atHand = atHand
  }

  add(rules: Rules): void {
    if (this.#used?.hash !== rules.hash) this.#coming.set(rules.hash, rules)
  }

  /** The rules of a recorded activation: compiled from the text in the log when they are not at hand. */
  readonly of = Effect.fnUntraced({ self: this }, function* (this: Rulebook, activation: Activation) {
    const known = this.#used?.hash === activation.hash ? this.#used : this.#coming.get(activation.hash)
    this.#used = known ?? (yield* this.#compiled(activation))
    this.#coming.delete(activation.hash)
    return this.#used
  })

  readonly #compiled = Effect.fnUntraced({ self: this }, function* (this: Rulebook, activation: Activation) {
    const files = yield* this.#filesOf(activation)
    const { rules } = compileRules(files, { names: activation.names })
    // A recorded activation keeps its hash, even where a file too large to be recorded is missing from this compilation.
    const ruleset = { ...rules.ruleset, hash: activation.hash, activation }
    return { ...rules, hash: activation.hash, activation, ruleset } satisfies Rules
  })

  /**
   * What is at hand need not be looked for in the log, which holds every text that ever was: a start would take the longer
   * the more the rules were edited. What neither has any more is told, and missing.
   */
  readonly #filesOf = Effect.fnUntraced({ self: this }, function* (this: Rulebook, activation: Activation) {
    const found = new Map((yield* this.#atHand).map((file) => [contentHash(file), file]))
    const elsewhere = activation.items.filter(({ hash }) => !found.has(hash))
    if (elsewhere.length > 0)
      for (const file of yield* recordedFiles({ ...activation, items: elsewhere })) found.set(contentHash(file), file)
    const files: Array<RuleFile> = []
    for (const { kind, path, version, hash } of activation.items) {
      const file = found.get(hash)
      if (file !== undefined) files.push({ ...file, kind: kind as RuleFile["kind"], path, version })
      else {
        yield* Effect.logWarning(
          `Rules of the past used ${path} (SHA-256 ${hash}), which was too large to be recorded and is not at hand as it was then: their lines are judged without it. (TST-ENGINE-CONTENT)`
        )
      }
    }
    return files
  })
}
