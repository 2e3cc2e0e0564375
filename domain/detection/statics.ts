/** `statics` of a node or a grok: write a value to one place of the event (spec detection.md §2.6). */
import { eventEnvironment } from "../expression/environment/event.ts"
import { Recent } from "../text/recent.ts"
import { staticText } from "../expression/format.ts"
import { nameOf, type Type } from "../expression/type.ts"
import { ruleCodes } from "../rules/rule-code.ts"
import type { StaticRule, StaticTarget } from "../rules/rule.ts"
import type { AlertSource } from "./alert.ts"
import type { Compiler } from "./compiler.ts"
import type { Expression } from "../expression/expression.ts"
import { add, enrichmentMethods, lookups } from "./enrichment.ts"
import { type EventField, fieldOf, namedPlace, textReader, textsIn } from "./event-field.ts"
import { attempt, failed, type Pass, parseAborted } from "./pass.ts"
import type { PipelineEvent } from "./pipeline-event.ts"
import { compileMoves, type Move, placeOf, placeOfEntry, type TextPlace, writeText } from "./text-place.ts"

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

export const compileStatics = (rules: ReadonlyArray<StaticRule>, compiler: Compiler): ReadonlyArray<Static> => {
  const statics: Array<Static> = []
  let moves: Array<Move> = []
  const finish = () => {
    if (moves.length > 0) statics.push(compileMoves(moves))
    moves = []
  }
  for (const rule of rules) {
    const single = compileStatic(rule, compiler)
    const move = compiler.world.shortcuts ? moveOf(rule, compiler) : undefined
    if (move !== undefined) moves.push(move)
    else {
      finish()
      statics.push(single)
    }
  }
  finish()
  return statics
}

/** A static that moves a text, known or not, and does nothing else. */
const moveOf = ({ target, source }: StaticRule, compiler: Compiler): Move | undefined => {
  const to = placeOfTarget(target)
  if (to === undefined) return undefined
  if (source.kind === "value") return { from: undefined, text: source.value, to }
  const expression = compiler.checked(source.expression, eventEnvironment, "any")
  const from = expression && namedPlace(expression.tree)
  return from && { from, text: "", to }
}

const placeOfTarget = (target: StaticTarget): TextPlace | undefined => {
  switch (target.kind) {
    case "meta":
      return placeOfEntry("Meta", target.name)
    case "parsed":
      return placeOfEntry("Parsed", target.name)
    case "enriched":
      return placeOfEntry("Enriched", target.name)
    case "method":
      return undefined
    case "target":
      return placeOf(target.path.replace(/^evt\./, ""))
  }
}

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
  if (read !== undefined) return copy(read, write, takesNothing)
  const evaluate = expression?.evaluate ?? nothing
  const textOf = (pass: Pass): string | undefined => {
    const value = attempt(evaluate, pass)
    if (typeof value === "string") return value
    if (value === failed) return undefined
    const text = staticText(value)
    // A bool, a time or a struct fits into no field.
    if (text === undefined) throw parseAborted
    return text
  }
  const result = expression && compiler.world.shortcuts ? remembered(expression, textOf) : textOf
  return (pass) => {
    const text = result(pass)
    if (text !== undefined && (text !== "" || takesNothing)) write(pass, text)
  }
}

/** What follows from one text that mostly is one of few, such as a status, is evaluated once for each of them. */
const remembered = (
  { pure, tree }: Expression,
  textOf: (pass: Pass) => string | undefined
): ((pass: Pass) => string | undefined) => {
  const [field, ...others] = (pure && textsIn(tree)) || []
  if (field === undefined || others.length > 0) return textOf
  const recent = new Recent<string | undefined>()
  return (pass) => recent.of(field.read(pass.evt), textOf, pass)
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

/** Copies a text to another place, which needs no evaluation. */
const copy =
  (read: (event: PipelineEvent) => string, write: Write, takesNothing: boolean): Static =>
  (pass) => {
    const text = read(pass.evt)
    if (text !== "" || takesNothing) write(pass, text)
  }

/** A broken expression; its rule is left out. */
const nothing = (): undefined => undefined

const compileTarget = (target: StaticTarget, line: number, compiler: Compiler): Write => {
  const place = placeOfTarget(target)
  if (place !== undefined) {
    const { kind, slot } = place
    return ({ evt }, value) => writeText(evt, kind, slot, value)
  }
  if (target.kind === "method") {
    const method = enrichmentMethods.get(target.method)
    if (method !== undefined) return method
    compiler.warning(
      "TST-RULE-METHOD",
      { line },
      `nothing happens: there is no method ${target.method}; there are ${[...enrichmentMethods.keys()].join(", ")}`
    )
    return ignore
  }
  const path = target.kind === "target" ? target.path : target.name
  const write = compilePath(path)
  if (write !== undefined) return write
  compiler.warning(
    "TST-RULE-TARGET",
    { line },
    `nothing happens: ${path} is no place in an event that takes text; write for example evt.Meta.name`
  )
  return ignore
}

const ignore: Write = () => {}

/** Text fields of the source of an overflow's alert. */
const sourceFields = ["IP", "Range", "AsNumber", "AsName", "Cn", "Scope", "Value"] as const satisfies ReadonlyArray<
  keyof AlertSource
>

/** Where text can be written besides the places that hold one. */
const compilePath = (path: string): Write | undefined => {
  const [first, ...rest] = path.replace(/^evt\./, "").split(".")
  const tail = rest.join(".")
  if (first === "Unmarshaled" && tail !== "") return ({ evt }, value) => evt.Unmarshaled.set(tail, value)
  // All lines of a batch share their labels.
  if (first === "Line" && rest[0] === "Labels" && rest.length === 2) {
    return ({ evt }, value) => {
      evt.Line.Labels = new Map(evt.Line.Labels).set(rest[1]!, value)
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
