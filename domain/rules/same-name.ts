/** Rules of one kind in two files that are called the same. */
import type { Problem } from "../document/problem.ts"
import { quote } from "../document/report.ts"
import { nameOfRule, type Rule } from "./rule.ts"

/** A warning for each rule whose name another file has taken; documents of one file may share theirs, as in the hub. */
export const sameNames = (rules: ReadonlyArray<Rule>): ReadonlyArray<Problem> => {
  const taken = new Map<string, string>()
  return rules.flatMap((rule): ReadonlyArray<Problem> => {
    const name = nameOfRule(rule)
    if (name === undefined || name === "") return []
    const { file } = rule.origin
    const key = `${rule.kind} ${name}`
    const other = taken.get(key) ?? file
    taken.set(key, other)
    if (other === file) return []
    const message = `the name ${quote(name)} is taken by ${other}, so alerts and tests cannot tell the two apart, and of equal scenarios only the first counts; give one of them another name, or remove it`
    return [{ code: "TST-RULE-SAME-NAME", severity: "warning", file, key: "name", message }]
  })
}
