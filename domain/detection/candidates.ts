/**
 * Which scenarios an event concerns at all. Nearly every filter begins with `evt.Meta.service == '…'` or
 * `evt.Meta.log_type in […]`: where such a beginning is false the rest is never evaluated, so these scenarios need not
 * be asked. Only filters for which that is certain are passed over; the order stays.
 */
import { type Node, operandsOf } from "../expression/syntax.ts"
import type { Scenario } from "./scenario.ts"

/** Fields of `evt.Meta` with few values. */
const fields = ["service", "log_type"] as const
type Field = (typeof fields)[number]

/** The values of these fields that a filter lets pass; a field that it does not begin with is missing. */
export type Guard = ReadonlyMap<Field, ReadonlySet<string>>

/** Kinds of events that are remembered; whoever writes the log must not fill the memory with new ones. */
const mostKinds = 256

export class Candidates {
  readonly #scenarios: ReadonlyArray<Scenario>
  readonly #known = new Map<string, ReadonlyArray<Scenario>>()
  /** A filter that writes one of the fields would change what the filters after it see. */
  readonly #guarded: boolean

  constructor(scenarios: ReadonlyArray<Scenario>) {
    this.#scenarios = scenarios
    this.#guarded = !scenarios.some(({ rule }) =>
      /SetMeta\s*\((?!\s*(['"])(?!service\1|log_type\1)\w+\1\s*,)/.test(rule.filter.text)
    )
  }

  /** In the order of the rules. */
  of(meta: ReadonlyMap<string, string>): ReadonlyArray<Scenario> {
    if (!this.#guarded) return this.#scenarios
    const service = meta.get("service") ?? ""
    const logType = meta.get("log_type") ?? ""
    const kind = `${service}\0${logType}`
    const known = this.#known.get(kind)
    if (known !== undefined) return known
    const passes = ({ guard }: Scenario) =>
      (guard.get("service")?.has(service) ?? true) && (guard.get("log_type")?.has(logType) ?? true)
    const candidates = this.#scenarios.filter(passes)
    if (this.#known.size >= mostKinds) this.#known.clear()
    this.#known.set(kind, candidates)
    return candidates
  }
}

/** What a filter begins with: a run of comparisons of `evt.Meta` with constants, which can neither fail nor write. */
export const guardOf = (filter: Node): Guard => {
  const guard = new Map<Field, ReadonlySet<string>>()
  for (const operand of filter.kind === "binary" && filter.operator === "&&" ? operandsOf(filter) : [filter]) {
    const comparison = comparisonOf(operand)
    if (comparison === undefined) break
    const field = fields.find((name) => name === comparison.name)
    if (field !== undefined && !guard.has(field)) guard.set(field, new Set(comparison.values))
  }
  return guard
}

/** `evt.Meta.name == 'value'` or `evt.Meta.name in ['value', …]` */
const comparisonOf = (node: Node): { readonly name: string; readonly values: ReadonlyArray<string> } | undefined => {
  if (node.kind !== "binary" || (node.operator !== "==" && node.operator !== "in")) return undefined
  const name = metaName(node.left)
  const values = node.operator === "in" && node.right.kind === "array" ? node.right.items : [node.right]
  const texts = values.flatMap((value) => (value.kind === "string" ? [value.value] : []))
  return name !== undefined && texts.length === values.length ? { name, values: texts } : undefined
}

const metaName = (node: Node): string | undefined => {
  if (node.kind === "chain") return metaName(node.body)
  if (node.kind !== "member" || node.property.kind !== "string") return undefined
  const { object } = node
  const isMeta =
    object.kind === "member" &&
    object.object.kind === "name" &&
    object.object.name === "evt" &&
    object.property.kind === "string" &&
    object.property.value === "Meta"
  return isMeta ? node.property.value : undefined
}
