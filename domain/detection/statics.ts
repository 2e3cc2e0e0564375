/** `statics` of a node or a grok: write a value to one place of the event (spec detection.md §2.6). */
import { eventEnvironment } from "../expression/environment/event.ts"
import { type FieldMap, fieldNames } from "../text/fields.ts"
import { staticText } from "../expression/format.ts"
import { nameOf, type Type } from "../expression/type.ts"
import { ruleCodes } from "../rules/rule-code.ts"
import type { StaticRule, StaticTarget } from "../rules/rule.ts"
import type { AlertSource } from "./alert.ts"
import type { Compiler } from "./compiler.ts"
import type { Expression } from "../expression/expression.ts"
import { add, enrichmentMethods, lookups } from "./enrichment.ts"
import { type EventField, fieldOf, textReader } from "./event-field.ts"
import { attempt, failed, type Pass, parseAborted } from "./pass.ts"
import type { PipelineEvent } from "./pipeline-event.ts"

export type Static = (pass: Pass) => void

/** Whether a static may write this field of an event. */
export const writesTo = ({ target }: StaticRule, { map, key }: Pick<EventField, "map" | "key">): boolean => {
  switch (target.kind) {
    case "meta":
      return map === "Meta" && key === target.name
    case "parsed":
      return map === "Parsed" && key === target.name
    case "enriched":
      return map === "Enriched" && key === target.name
    case "method":
      return map === "Enriched"
    case "target":
      return target.path.replace(/^evt\./, "") === (map === "Labels" ? `Line.Labels.${key}` : `${map}.${key}`)
  }
}

type Write = (pass: Pass, value: string) => void

export const compileStatics = (rules: ReadonlyArray<StaticRule>, compiler: Compiler): ReadonlyArray<Static> =>
  rules.map((rule) => compileStatic(rule, compiler))

const compileStatic = ({ target, source, line }: StaticRule, compiler: Compiler): Static => {
  const write = compileTarget(target, line, compiler)
  // Only a date may be looked for in nothing: then it is the time of observation.
  const takesNothing = target.kind === "method" && target.method === "ParseDate"
  if (source.kind === "value") return (pass) => write(pass, source.value)
  const expression = compiler.checked(source.expression, eventEnvironment, "any")
  const doubt = expression && doubtAbout(expression.type)
  if (doubt !== undefined) compiler.warning(ruleCodes.doubtful, source.expression, doubt)
  if (target.kind === "method" && expression !== undefined) {
    const lookup = compileLookup(target.method, expression, compiler)
    if (lookup !== undefined) return lookup
  }
  const read = expression && textReader(expression.tree)
  if (read !== undefined && !takesNothing) return copy(read, write)
  const evaluate = expression?.evaluate ?? nothing
  return (pass) => {
    // As a static that fails: rules may be many, and each of them may make a short line long.
    if (pass.evt.isFull) return
    const value = attempt(evaluate, pass)
    let text: string | undefined
    if (typeof value === "string") text = value
    else if (value === failed) return
    else text = staticText(value)
    // A bool, a time or a struct fits into no field.
    if (text === undefined) throw parseAborted
    if ((text !== "" || takesNothing) && pass.evt.admits(text)) write(pass, text)
  }
}

const doubtAbout = (type: Type): string | undefined => {
  switch (type.kind) {
    case "bool":
    case "struct":
      return `the result is ${nameOf(type)}, which no field can hold: a line that comes here is not parsed any further; write string(…) or a condition such as x ? "yes" : ""`
    case "array":
    case "map":
      return `the result is ${nameOf(type)}, which counts as empty: nothing is set; write for example join(…) or toJSON(…)`
    default:
      return undefined
  }
}

/** A look-up of what one field holds: the same address comes again and again. */
const compileLookup = (method: string, { tree }: Expression, compiler: Compiler): Static | undefined => {
  const lookup = lookups.get(method)
  const field = fieldOf(tree)
  if (lookup === undefined || field === undefined || !compiler.world.shortcuts) return undefined
  const { world } = compiler
  const found = compiler.world.answers(field).remembered((event) => {
    const geo = world.state.lookup
    return { geo, addition: lookup(geo, field.read(event)) }
  })
  return (pass) => {
    const address = field.read(pass.evt)
    if (address === "") return
    const geo = world.state.lookup
    const known = found(pass.evt)
    // Another engine with these rules may have other databases.
    add(pass.evt, known.geo === geo ? known.addition : lookup(geo, address))
  }
}

/** Most statics copy one text to another place, which needs no evaluation. */
const copy =
  (read: (event: PipelineEvent) => string, write: Write): Static =>
  (pass) => {
    const text = read(pass.evt)
    if (text !== "") write(pass, text)
  }

/** A broken expression; its rule is left out. */
const nothing = (): undefined => undefined

const compileTarget = (target: StaticTarget, line: number, compiler: Compiler): Write => {
  switch (target.kind) {
    case "meta":
      return compileEntry("Meta", target.name)
    case "parsed":
      return compileEntry("Parsed", target.name)
    case "enriched":
      return compileEntry("Enriched", target.name)
    case "method": {
      const method = enrichmentMethods.get(target.method)
      if (method !== undefined) return method
      compiler.warning(
        "TST-RULE-METHOD",
        { line },
        `nothing happens: there is no method ${target.method}; there are ${[...enrichmentMethods.keys()].join(", ")}`
      )
      return ignore
    }
    case "target": {
      const write = compilePath(target.path)
      if (write !== undefined) return write
      compiler.warning(
        "TST-RULE-TARGET",
        { line },
        `nothing happens: ${target.path} is no place in an event that takes text; write for example evt.Meta.name`
      )
      return ignore
    }
  }
}

const ignore: Write = () => {}

const compileEntry = (map: FieldMap, name: string): Write => {
  const slot = fieldNames[map].slot(name)
  switch (map) {
    case "Meta":
      return ({ evt }, value) => evt.Meta.put(slot, value)
    case "Parsed":
      return ({ evt }, value) => evt.Parsed.put(slot, value)
    case "Enriched":
      return ({ evt }, value) => evt.Enriched.put(slot, value)
  }
}

/** Text fields of the event itself, of its line, and of the source of an overflow's alert. */
const eventFields = [
  "StrTime",
  "StrTimeFormat",
  "MarshaledTime",
  "Stage",
  "WhitelistReason"
] as const satisfies ReadonlyArray<keyof PipelineEvent>
const maps = ["Parsed", "Meta", "Enriched"] as const satisfies ReadonlyArray<FieldMap>
const lineFields = ["Raw", "Src", "Module"] as const satisfies ReadonlyArray<keyof PipelineEvent["Line"]>
const sourceFields = ["IP", "Range", "AsNumber", "AsName", "Cn", "Scope", "Value"] as const satisfies ReadonlyArray<
  keyof AlertSource
>

const compilePath = (path: string): Write | undefined => {
  const [first, ...rest] = path.replace(/^evt\./, "").split(".")
  const tail = rest.join(".")
  const eventField = eventFields.find((field) => field === first)
  if (eventField !== undefined && rest.length === 0) {
    return ({ evt }, value) => {
      evt[eventField] = value
    }
  }
  const map = maps.find((name) => name === first)
  if (map !== undefined && tail !== "") return compileEntry(map, tail)
  if (first === "Unmarshaled" && tail !== "") return ({ evt }, value) => evt.Unmarshaled.set(tail, value)
  if (first === "Line") {
    const lineField = lineFields.find((field) => field === tail)
    if (lineField !== undefined) {
      return ({ evt }, value) => {
        evt.Line[lineField] = value
      }
    }
    // All lines of a batch share their labels.
    if (rest[0] === "Labels" && rest.length === 2) {
      return ({ evt }, value) => {
        evt.Line.Labels = new Map(evt.Line.Labels).set(rest[1]!, value)
      }
    }
  }
  const sourceField = sourceFields.find((field) => `Alert.Source.${field}` === tail)
  if (first === "Overflow" && sourceField !== undefined) {
    return ({ evt }, value) => {
      const source = evt.Overflow.Alert?.Source
      if (source !== undefined) source[sourceField] = value
    }
  }
  return undefined
}
