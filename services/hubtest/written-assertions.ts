/** Assertions that hold now, in the form in which the hub's tests have them: what `--update` writes. */
import type { PipelineEvent } from "../../domain/detection/event/pipeline-event.ts"
import type { EventObject } from "../../domain/expression/environment/event.ts"
import { Float } from "../../domain/expression/float.ts"
import { fixedFloat } from "../../domain/expression/format/float.ts"
import { byteOrder } from "../../domain/text/byte-order.ts"
import type { ParserResults } from "./results.ts"

const sorted = <A>(entries: Iterable<readonly [string, A]>): ReadonlyArray<readonly [string, A]> =>
  [...entries].sort(([left], [right]) => byteOrder(left, right))

const quoted = (text: string): string => JSON.stringify(text)

/** The log may lie elsewhere the next time: of its path the name alone is asserted. */
const equation = (left: string, key: string, value: string): string =>
  key === "datasource_path"
    ? `basename(${left}) == ${quoted(value.slice(value.lastIndexOf("/") + 1))}`
    : `${left} == ${quoted(value)}`

export const parserAssertions = (results: ParserResults): ReadonlyArray<string> => {
  const lines = [`len(results) == ${results.size}`]
  for (const [stage, nodes] of sorted(results)) {
    for (const [node, passes] of sorted(nodes)) {
      const list = `results[${quoted(stage)}][${quoted(node)}]`
      lines.push(`len(${list}) == ${passes.length}`)
      for (const [index, { Evt, Success }] of passes.entries()) {
        lines.push(`${list}[${index}].Success == ${Success}`)
        if (Success) lines.push(...eventAssertions(`${list}[${index}].Evt`, Evt))
      }
    }
  }
  return lines
}

const eventAssertions = (event: string, { Parsed, Meta, Enriched, ...rest }: EventObject): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const [name, map] of Object.entries({ Parsed, Meta, Enriched })) {
    for (const [key, value] of sorted(map)) {
      if (value !== "") lines.push(equation(`${event}.${name}[${quoted(key)}]`, key, value))
    }
  }
  for (const [key, value] of sorted(rest.Unmarshaled)) {
    lines.push(...valueAssertions(`${event}.Unmarshaled[${quoted(key)}]`, value))
  }
  lines.push(`${event}.Whitelisted == ${rest.Whitelisted}`)
  if (rest.WhitelistReason !== "") lines.push(`${event}.WhitelistReason == ${quoted(rest.WhitelistReason)}`)
  return lines
}

const valueAssertions = (place: string, value: unknown): ReadonlyArray<string> => {
  if (typeof value === "string") return value === "" ? [] : [`${place} == ${quoted(value)}`]
  if (typeof value === "number" || typeof value === "boolean") return [`${place} == ${value}`]
  if (value instanceof Float) return [`FloatApproxEqual(${place}, ${fixedFloat(value.value)})`]
  if (Array.isArray(value)) return value.flatMap((item, index) => valueAssertions(`${place}[${index}]`, item))
  if (!(value instanceof Map)) return []
  return sorted(value).flatMap(([key, item]) => valueAssertions(`${place}[${quoted(key)}]`, item))
}

export const scenarioAssertions = (overflows: ReadonlyArray<PipelineEvent>): ReadonlyArray<string> => {
  const lines = [`len(results) == ${overflows.length}`]
  for (const [index, { Overflow }] of overflows.entries()) {
    const overflow = `results[${index}].Overflow`
    for (const [key, source] of sorted(Overflow.Sources)) {
      const place = `${overflow}.Sources[${quoted(key)}]`
      lines.push(
        `${quoted(key)} in ${overflow}.GetSources()`,
        `${place}.IP == ${quoted(source.IP)}`,
        `${place}.Range == ${quoted(source.Range)}`,
        `${place}.GetScope() == ${quoted(source.GetScope())}`,
        `${place}.GetValue() == ${quoted(source.GetValue())}`
      )
    }
    const { Alert } = Overflow
    if (Alert === undefined) continue
    for (const [at, event] of Alert.Events.entries()) {
      for (const { Key, Value } of event.Meta)
        lines.push(equation(`${overflow}.Alert.Events[${at}].GetMeta(${quoted(Key)})`, Key, Value))
    }
    lines.push(
      `${overflow}.Alert.GetScenario() == ${quoted(Alert.GetScenario())}`,
      `${overflow}.Alert.Remediation == ${Alert.Remediation}`,
      `${overflow}.Alert.GetEventsCount() == ${Alert.GetEventsCount()}`
    )
  }
  return lines
}
