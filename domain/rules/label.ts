/** `labels` of a scenario: the one place of a rule where the type of a value is the author's choice. */
import { isNothing } from "../document/document.ts"
import type { Value } from "../document/document.ts"
import { dictionary } from "../document/reader.ts"
import type { Field, Reader } from "../document/reader.ts"
import { broken } from "../document/report.ts"
import type { Broken, Report } from "../document/report.ts"
import { resolveScalar } from "../document/scalar.ts"

const typed = (value: Value, field: Field, report: Report): unknown | Broken => {
  if (!report.admit(field)) return broken
  if (value.kind === "scalar") return resolveScalar(value)
  const whole = (part: unknown): boolean => part !== broken
  if (value.kind === "list") {
    const items = value.items.map((item) => typed(item, field, report))
    return items.every(whole) ? items : broken
  }
  const entries = [...value.entries].map(([name, entry]) => [name, typed(entry.value, field, report)] as const)
  return entries.every(([, part]) => whole(part)) ? record(entries) : broken
}

/** Without a prototype: a label may have any name, `__proto__` too. */
const record = (entries: Iterable<readonly [string, unknown]>): Record<string, unknown> => {
  const result: Record<string, unknown> = Object.create(null)
  for (const [name, value] of entries) result[name] = value
  return result
}

const label: Reader<unknown> = (field, report) => (isNothing(field.value) ? null : typed(field.value, field, report))

/** Plain JSON values, as Go's yaml.v2 resolves them: `yes` is true, `"yes"` is a text. */
export const labels: Reader<Readonly<Record<string, unknown>>> = (field, report) => {
  const entries = dictionary(label)(field, report)
  return entries === broken ? broken : record(entries)
}
