/** One item of `statics`: a value or the result of an expression, written to one place of the event. */
import { located, mapping, optional, placeOf, refined, text } from "../document/reader.ts"
import type { Field, Reader } from "../document/reader.ts"
import { brief, type Broken, type Report } from "../document/report.ts"
import type { StaticRule, StaticSource, StaticTarget } from "./rule.ts"
import { ruleCodes } from "./rule-code.ts"

const written = mapping({
  method: optional(text),
  parsed: optional(text),
  meta: optional(text),
  enriched: optional(text),
  target: optional(text),
  value: optional(text),
  expression: optional(located)
})

type Written = Exclude<ReturnType<typeof written>, Broken>

/** The first of these that is there counts, in this order. */
const targetOf = (item: Written): StaticTarget | undefined => {
  // An `enriched` alone is refused, as CrowdSec refuses it.
  if (!item.method && !item.parsed && !item.meta && !item.target) return undefined
  if (item.method) return { kind: "method", method: item.method }
  if (item.parsed) return { kind: "parsed", name: item.parsed }
  if (item.meta) return { kind: "meta", name: item.meta }
  if (item.enriched) return { kind: "enriched", name: item.enriched }
  return { kind: "target", path: item.target ?? "" }
}

const sourceOf = (item: Written): StaticSource | undefined => {
  if (item.value) return { kind: "value", value: item.value }
  return item.expression?.text ? { kind: "expression", expression: item.expression } : undefined
}

const assemble = (item: Written, field: Field, report: Report): StaticRule | Broken => {
  const target = targetOf(item)
  if (target === undefined) {
    const message = item.enriched
      ? `writes to \`enriched\` alone, which CrowdSec refuses as well; write \`target: evt.Enriched.${brief(item.enriched)}\``
      : "says nowhere to write to; add `meta`, `parsed`, `target` or `method`"
    return report.error(ruleCodes.missingKey, field, `\`${field.key}\` ${message}`)
  }
  const source = sourceOf(item)
  if (source === undefined) {
    return report.error(ruleCodes.missingKey, field, `\`${field.key}\` has neither \`value\` nor \`expression\``)
  }
  const targets = (["method", "parsed", "meta", "enriched", "target"] as const).filter((name) => item[name])
  if (targets.length > 1) {
    const message = `\`${field.key}\` has several places to write to; only \`${targets[0]}\` counts`
    report.warning(ruleCodes.noEffect, field, message)
  }
  if (item.value && item.expression?.text) {
    const message = `\`${field.key}\` has a \`value\` and an \`expression\`; only \`value\` counts`
    report.warning(ruleCodes.noEffect, field, message)
  }
  return { target, source, ...placeOf(field, target.kind) }
}

export const staticRule: Reader<StaticRule> = refined(written, assemble)
