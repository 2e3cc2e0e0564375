/** Which rules of the hub no test has touched. */
import { readRules } from "../../domain/rules/rule-file.ts"
import { nameOfRule, type Rule } from "../../domain/rules/rule.ts"
import type { Items } from "../hub/item.ts"
import type { TestResult, Touched } from "./run.ts"
import { type TestedKind, testedKinds } from "./test-configuration.ts"

export interface KindCoverage {
  readonly kind: TestedKind
  readonly total: number
  /** A parser or postoverflow of it took an event, a scenario of it ran over. */
  readonly touched: number
  /** Loaded by a test, but nothing came of it. */
  readonly idle: ReadonlyArray<string>
  /** Loaded by no test. */
  readonly untested: ReadonlyArray<string>
}

/** Files are told apart by where they lie: a test may name the same one as an item or by its path. */
export const coverageOf = (items: Items, results: ReadonlyArray<TestResult>): ReadonlyArray<KindCoverage> => {
  const loaded = new Set<string>()
  const touched = new Set<string>()
  for (const result of results) {
    for (const file of result.files) {
      loaded.add(file.file)
      if (readRules(file).rules.some((rule) => isTouched(rule, result.touched))) touched.add(file.file)
    }
  }
  return testedKinds.map((kind) => {
    const all = items.all.filter((item) => item.kind === kind)
    const names = (passes: (file: string) => boolean): ReadonlyArray<string> =>
      all.filter(({ file }) => passes(file)).map(({ name }) => name)
    return {
      kind,
      total: all.length,
      touched: all.filter(({ file }) => touched.has(file)).length,
      idle: names((file) => loaded.has(file) && !touched.has(file)),
      untested: names((file) => !loaded.has(file))
    }
  })
}

/** A parser and a scenario may have the same name. */
const isTouched = (rule: Rule, { nodes, scenarios }: Touched): boolean => {
  const name = nameOfRule(rule)
  if (name === undefined) return false
  if (rule.kind === "scenarios") return scenarios.has(name)
  return "stage" in rule && nodes.get(rule.stage)?.has(name) === true
}
