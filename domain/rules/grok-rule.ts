/** `grok`: a pattern, what it is applied to, and the statics that follow a match. */
import { defaulted, list, located, mapping, optional, placeOf, refined, text } from "../document/reader.ts"
import type { Reader } from "../document/reader.ts"
import { quote } from "../document/report.ts"
import type { GrokRule } from "./rule.ts"
import { ruleCodes } from "./rule-code.ts"
import { staticRule } from "./static-rule.ts"

const written = mapping({
  pattern: optional(located),
  name: optional(located),
  apply_on: optional(text),
  expression: optional(located),
  statics: defaulted(list(staticRule), [])
})

/** Undefined for a `grok` that names no pattern: it counts as none, as in CrowdSec. */
export const grokRule: Reader<GrokRule | undefined> = refined(written, (grok, field, report) => {
  const pattern = grok.pattern?.text
    ? ({ kind: "pattern", text: grok.pattern } as const)
    : grok.name?.text
      ? ({ kind: "name", text: grok.name } as const)
      : undefined
  if (pattern === undefined) {
    if (grok.apply_on) {
      return report.error(ruleCodes.missingKey, field, `\`${field.key}\` has neither \`pattern\` nor \`name\``)
    }
    report.warning(ruleCodes.noEffect, field, `\`${field.key}\` has no \`pattern\` and no \`name\`, so it is ignored`)
    return undefined
  }
  const input = grok.apply_on
    ? ({ kind: "apply_on", field: grok.apply_on } as const)
    : grok.expression?.text
      ? ({ kind: "expression", expression: grok.expression } as const)
      : undefined
  if (input === undefined) {
    const message = `\`${field.key}\` says nothing to match against; add \`apply_on\` (such as \`message\`) or \`expression\``
    return report.error(ruleCodes.missingKey, field, message)
  }
  if (grok.pattern?.text && grok.name?.text) {
    const message = `\`${field.key}\` has a \`pattern\` and a \`name\`; only \`pattern\` counts`
    report.warning(ruleCodes.noEffect, placeOf(field, "name"), message)
  }
  if (grok.apply_on && grok.expression?.text) {
    const message = `\`${field.key}\` has \`apply_on\` and \`expression\`; only \`apply_on\` counts`
    report.warning(ruleCodes.noEffect, placeOf(field, "expression"), message)
  }
  if (grok.apply_on?.includes(".") && grok.apply_on !== "Line.Raw") {
    const meant = /^(?:evt\.)?line\.raw$/i.test(grok.apply_on)
      ? "Line.Raw"
      : grok.apply_on.replace(/^(?:evt\.)?Parsed\./, "")
    const hint = meant === grok.apply_on ? "" : `; did you mean ${quote(meant)}?`
    const message = `\`apply_on\` is a key of \`evt.Parsed\`, or \`Line.Raw\`, and ${quote(grok.apply_on)} looks like neither${hint}`
    report.warning(ruleCodes.doubtful, placeOf(field, "apply_on"), message)
  }
  if (pattern.text.text.endsWith("\n")) {
    const message = "the pattern ends with a line break, which no log line has; write `|-` instead of `|`"
    report.warning(ruleCodes.doubtful, placeOf(field, pattern.kind), message)
  }
  return { pattern, input, statics: grok.statics }
})
