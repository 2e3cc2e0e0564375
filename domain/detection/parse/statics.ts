/** `statics` of a node or a grok: write a value to one place of the event. */
import { Recent } from "../../text/recent.ts"
import { staticText } from "../../expression/format.ts"
import { nameOf, type Type } from "../../expression/type.ts"
import { inKey } from "../../document/report.ts"
import { ruleCodes } from "../../rules/rule-code.ts"
import type { StaticRule, StaticTarget } from "../../rules/rule.ts"
import type { AlertSource } from "../overflow/alert.ts"
import type { Compiler } from "../compiler.ts"
import type { GeoLookup } from "../world/geo.ts"
import type { Expression } from "../../expression/expression.ts"
import { type Addition, add, enrichmentMethods, lookups } from "./enrichment.ts"
import { type EventField, fieldOf, namedPlace, textsIn } from "../event/event-field.ts"
import { attempt, failed, type Pass, parseAborted } from "../pass.ts"
import { TextPlace } from "../event/text-place.ts"

/** One object with all that there may be to it: what runs for every line asks what it is instead of calling it. */
class Static {
  /** Where the text stands; undefined when it is known beforehand or found by evaluation. */
  readonly #from: TextPlace | undefined
  readonly #text: string
  readonly #evaluate: ((pass: Pass) => string | undefined) | undefined
  readonly #to: TextPlace | undefined
  /** For a target that is no place. */
  readonly #write: Write | undefined
  /** An empty text is mostly left out. */
  readonly #takesNothing: boolean

  constructor({ from, text, evaluate }: Source, { to, write }: Target, takesNothing: boolean) {
    this.#from = from
    this.#text = text ?? ""
    this.#evaluate = evaluate
    this.#to = to
    this.#write = write
    this.#takesNothing = takesNothing
  }

  /** Throws `ParseAborted` or `NameUnknown`. */
  apply(pass: Pass): void {
    const text =
      this.#from !== undefined
        ? this.#from.read(pass.evt)
        : this.#evaluate !== undefined
          ? built(this.#evaluate, pass)
          : this.#text
    if (text === undefined || (text === "" && !this.#takesNothing)) return
    if (this.#to !== undefined) this.#to.write(pass.evt, text)
    else this.#write!(pass, text)
  }
}

/** Rules may be many, and each of them may make a short line long: beyond what an event holds, a static fails. */
const built = (evaluate: (pass: Pass) => string | undefined, pass: Pass): string | undefined => {
  if (pass.evt.isFull) return undefined
  const text = evaluate(pass)
  return text !== undefined && pass.evt.admits(text) ? text : undefined
}

/** What a static writes: a text that stands somewhere, that is known, or that is evaluated; undefined: nothing. */
interface Source {
  readonly from?: TextPlace | undefined
  readonly text?: string
  readonly evaluate?: (pass: Pass) => string | undefined
}

type Write = (pass: Pass, value: string) => void

interface Target {
  readonly to?: TextPlace
  readonly write?: Write
}

/** Whether a static may write this field of an event. */
export const writesTo = ({ target }: StaticRule, { map, key }: Pick<EventField, "map" | "key">): boolean => {
  const path = pathOf(target)
  if (path === undefined) return map === "Enriched"
  return path === (map === "Labels" ? `Line.Labels.${key}` : `${map}.${key}`)
}

/** Where in the event a target is, without `evt.`; undefined for a method. */
export const pathOf = (target: StaticTarget): string | undefined => {
  switch (target.kind) {
    case "meta":
      return `Meta.${target.name}`
    case "parsed":
      return `Parsed.${target.name}`
    case "enriched":
      return `Enriched.${target.name}`
    case "method":
      return undefined
    case "target": {
      // In a map the first name is the key, and nothing lies deeper.
      const path = target.path.replace(/^evt\./, "")
      return /^(?:(?:Parsed|Meta|Enriched|Unmarshaled)\.[^.]*|Line\.Labels\.[^.]*)/.exec(path)?.[0] ?? path
    }
  }
}

/** The statics of a node or a grok, and those of them that rules notice. */
export interface Statics {
  readonly all: ReadonlyArray<Static>
  readonly needed: ReadonlyArray<Static>
}

export const compileStatics = (rules: ReadonlyArray<StaticRule>, compiler: Compiler): Statics => {
  const all = rules.map((rule) => compileStatic(rule, compiler))
  const { liveness } = compiler
  return { all, needed: liveness === undefined ? all : all.filter((_, place) => liveness.needs(rules[place]!)) }
}

export const applyStatics = ({ all, needed }: Statics, pass: Pass): void => {
  const statics = pass.lean ? needed : all
  for (let i = 0; i < statics.length; i++) statics[i]!.apply(pass)
}

const compileStatic = (rule: StaticRule, compiler: Compiler): Static => {
  const { target, source } = rule
  const to = compileTarget(rule, compiler)
  // Only a date may be looked for in nothing: then it is the time of observation.
  const takesNothing = target.kind === "method" && target.method === "ParseDate"
  if (source.kind === "value") return new Static({ text: source.value }, to, true)
  const expression = compiler.checked(source.expression, compiler.environment, "any")
  // Broken; its rule is left out.
  if (expression === undefined) return new Static({}, to, false)
  const doubt = doubtAbout(expression.type)
  if (doubt !== undefined) compiler.warning(ruleCodes.doubtful, source.expression, doubt)
  const lookup = target.kind === "method" ? compileLookup(target.method, expression, compiler) : undefined
  return new Static(compileSource(expression, compiler), lookup ?? to, takesNothing)
}

/** Most statics copy a text from one place to another, which needs no evaluation. */
const compileSource = (expression: Expression, compiler: Compiler): Source => {
  const from = namedPlace(expression.tree)
  if (from !== undefined) return { from }
  const evaluate = (pass: Pass): string | undefined => {
    const value = attempt(expression.evaluate, pass)
    if (typeof value === "string") return value
    if (value === failed) return undefined
    const text = staticText(value)
    // A bool, a time or a struct fits into no field.
    if (text === undefined) throw parseAborted
    return text
  }
  return { evaluate: compiler.world.shortcuts ? remembered(expression, evaluate) : evaluate }
}

/** What follows from one text that mostly is one of few, such as a status, is evaluated once for each of them. */
const remembered = (
  { pure, tree }: Expression,
  evaluate: (pass: Pass) => string | undefined
): ((pass: Pass) => string | undefined) => {
  const [field, ...others] = (pure && textsIn(tree)) || []
  if (field === undefined || others.length > 0) return evaluate
  const { place } = field
  const recent = new Recent<string | undefined>()
  return (pass) => recent.of(place.read(pass.evt), evaluate, pass)
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

/** What was found, and in which databases. */
interface Found {
  readonly geo: GeoLookup
  readonly addition: Addition | undefined
}

/** A look-up of what one field holds: the same address comes again and again. */
const compileLookup = (method: string, { tree }: Expression, compiler: Compiler): Target | undefined => {
  const lookup = lookups.get(method)
  const field = fieldOf(tree)
  if (lookup === undefined || field === undefined || !compiler.world.shortcuts) return undefined
  const { world } = compiler
  const { database, find } = lookup
  let last: Found | undefined
  const found = world.answers(field).remembered((event): Found => {
    const geo = world.state.lookup
    const addition = find(geo, field.place.read(event))
    // One object for what very many addresses share.
    if (last === undefined || last.geo !== geo || last.addition !== addition) last = { geo, addition }
    return last
  })
  const write: Write = ({ evt }, address) => {
    const geo = world.state.lookup
    if (geo[database] === undefined) return
    const known = found(evt)
    // Another engine with these rules may have other databases.
    add(evt, known.geo === geo ? known.addition : find(geo, address))
  }
  return { write }
}

const compileTarget = ({ target, line, key }: StaticRule, compiler: Compiler): Target => {
  const place = pathOf(target)
  const to = place === undefined ? undefined : TextPlace.at(place)
  if (to) return { to }
  if (target.kind === "method") {
    const method = enrichmentMethods.get(target.method)
    if (method !== undefined) return { write: method }
    compiler.warning(
      "TST-RULE-METHOD",
      { line, key },
      `${inKey({ key })}nothing happens: there is no method ${target.method}; there are ${[...enrichmentMethods.keys()].join(", ")}`
    )
    return { write: ignore }
  }
  const path = target.kind === "target" ? target.path : target.name
  const write = place === undefined ? undefined : compilePath(place)
  if (write !== undefined) return { write }
  compiler.warning(
    "TST-RULE-TARGET",
    { line, key },
    `${inKey({ key })}nothing happens: ${path} is no place in an event that takes text; write for example evt.Meta.name`
  )
  return { write: ignore }
}

const ignore: Write = () => {}

/** Text fields of the source of an overflow's alert. */
const sourceFields = ["IP", "Range", "AsNumber", "AsName", "Cn", "Scope", "Value"] as const satisfies ReadonlyArray<
  keyof AlertSource
>

/** Where text can be written besides the places that hold one. */
const compilePath = (path: string): Write | undefined => {
  const [first, ...rest] = path.split(".")
  const tail = rest.join(".")
  if (first === "Unmarshaled" && tail !== "") return ({ evt }, value) => evt.Unmarshaled.set(tail, value)
  const sourceField = sourceFields.find((field) => `Alert.Source.${field}` === tail)
  if (first === "Overflow" && sourceField !== undefined) {
    return ({ evt }, value) => {
      const source = evt.Overflow.Alert?.Source
      if (source !== undefined) source[sourceField] = value
    }
  }
  return undefined
}
