/** Turns the texts in rules into closures; what is wrong with one becomes a problem that names its place. */
import type { GrokHost } from "../grok/host.ts"
import type { Grok } from "../grok/grok.ts"
import { longestReach, shortSighted } from "../grok/reach.ts"
import { PatternError } from "../grok/pattern-error.ts"
import type { Environment } from "../expression/environment.ts"
import { compileExpression, type ExpectedKind, type Expression, ExpressionError } from "../expression/expression.ts"
import { doubtsIn } from "../expression/doubt.ts"
import { print } from "../expression/print.ts"
import { childrenOf, type Node } from "../expression/syntax.ts"
import { type Effect, strongest } from "../expression/type.ts"
import { eventEnvironment } from "../expression/environment/event.ts"
import { ownCopy } from "../text/own-copy.ts"
import { fieldsIn, namedPlace, textsIn } from "./event/event-field.ts"
import { Group } from "./bucket/group.ts"
import { shortened } from "./shortened.ts"
import type { Liveness } from "./parse/liveness.ts"
import { attempt } from "./pass.ts"
import type { PipelineEvent } from "./event/pipeline-event.ts"
import type { Problem } from "../document/problem.ts"
import { inKey, quote, type Located } from "../document/report.ts"
import { ruleCodes } from "../rules/rule-code.ts"
import { absentData } from "./world/named-data.ts"
import { type Precondition, preconditionOf } from "./filter/precondition.ts"
import type { World } from "./world/world.ts"

export class Compiler {
  readonly problems: Array<Problem> = []
  readonly world: World
  /** What need not be written until somebody wants to see the whole event; undefined: everything is written. */
  readonly liveness: Liveness | undefined
  /** Of expressions about an event. */
  readonly environment: Environment
  /** The strongest effect of all expressions so far. */
  effect: Effect = "pure"
  readonly #groks: GrokHost
  readonly #cache = new Map<string, Expression>()
  readonly #groupings = new Map<Expression, Grouping>()
  /** File of the rule at hand, as the person knows it. */
  #file = ""
  #failed = false

  constructor(
    world: World,
    groks: GrokHost,
    options: { readonly liveness?: Liveness | undefined; readonly environment?: Environment } = {}
  ) {
    this.world = world
    this.liveness = options.liveness
    this.environment = options.environment ?? eventEnvironment
    this.#groks = groks
  }

  /** Compiles one rule; undefined when anything in it is broken, which the problems then name. */
  rule<A>(file: string, compile: () => A): A | undefined {
    this.#file = file
    this.#failed = false
    const result = compile()
    return this.#failed ? undefined : result
  }

  /** Compiles one entry of a list that stands by itself: when it is broken, the rule goes on without it. */
  entry<A>(compile: () => A): A | undefined {
    const failed = this.#failed
    this.#failed = false
    const result = compile()
    const broken = this.#failed
    this.#failed = failed
    return broken ? undefined : result
  }

  /** A broken expression evaluates to nothing, but then its rule is left out as a whole. */
  expression(at: Located, environment: Environment, expect: ExpectedKind): Expression["evaluate"] {
    return this.checked(at, environment, expect)?.evaluate ?? nothing
  }

  checked(at: Located, environment: Environment, expect: ExpectedKind): Expression | undefined {
    // Hub rules repeat themselves: the same text in the same environment is compiled once.
    const key = `${environment.name}\0${expect}\0${at.text}`
    const known = this.#cache.get(key)
    if (known !== undefined) return known
    try {
      const expression = compileExpression(at.text, { environment, context: this.world, expect })
      this.#cache.set(key, expression)
      this.effect = strongest(this.effect, expression.effect)
      for (const { name, type } of absentData(expression.tree, this.world.files)) {
        const message = `${inKey(at)}no rule brings a data file ${quote(name)} of the type ${type}, so nothing is found in it; correct the name, or add the file under \`data\``
        this.warning("TST-DATA-UNKNOWN", at, message)
      }
      for (const doubt of doubtsIn(expression.tree, this.world.files)) {
        this.warning(ruleCodes.doubtful, at, `${inKey(at)}${doubt}`)
      }
      return expression
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
      this.error(error.code, { ...at, line: at.line + error.line - 1 }, `${inKey(at)}${error.message}`)
      return undefined
    }
  }

  /** A condition on events. One that calls functions on a single field is evaluated once for every text in it. */
  condition(at: Located): {
    readonly expression: Expression | undefined
    readonly holds: (pass: EventScope) => boolean
  } {
    const expression = this.checked(at, this.environment, "bool")
    const { evaluate } = expression ?? { evaluate: nothing }
    const holds = (scope: EventScope) => attempt(evaluate, scope) === true
    const comparison = expression && this.world.shortcuts ? comparisonOf(expression.tree) : undefined
    if (comparison !== undefined) return { expression, holds: comparison }
    const remembers = expression?.pure === true && this.world.shortcuts && calls(expression.tree)
    const fields = remembers ? fieldsIn(expression.tree) : undefined
    if (fields?.length !== 1) return { expression, holds }
    const remembered = this.world.answers(fields[0]!).remembered((evt) => holds({ evt }))
    return { expression, holds: ({ evt }) => remembered(evt) }
  }

  /** What a scenario groups by. */
  grouping(at: Located): Grouping {
    const expression = this.checked(at, this.environment, "string")
    if (expression === undefined) return nothing
    // Scenarios of a kind mostly group alike.
    const known = this.#groupings.get(expression) ?? this.#grouping(expression)
    this.#groupings.set(expression, known)
    return known
  }

  #grouping({ pure, evaluate, tree }: Expression): Grouping {
    const ask = (evt: PipelineEvent): Group | undefined => {
      const group = attempt(evaluate, { evt })
      return typeof group === "string" ? new Group(ownCopy(shortened(group))) : undefined
    }
    const [first, ...others] = (pure && this.world.shortcuts && textsIn(tree)) || []
    if (first === undefined) return ask
    // Always the same object for the same group: it knows its buckets.
    if (others.length === 0) {
      const known = this.world.answers(first).remembered((evt) => ask(evt) ?? noGroup)
      return (evt) => {
        const group = known(evt)
        return group === noGroup ? undefined : group
      }
    }
    const last = this.world
      .answers(first)
      .remembered((): Grouped => ({ texts: others.map(() => undefined), group: undefined, known: false }))
    return (event) => {
      const grouped = last(event)
      let same = grouped.known
      for (let i = 0; i < others.length; i++) {
        const text = others[i]!.place.read(event)
        if (text === grouped.texts[i]) continue
        grouped.texts[i] = ownCopy(text)
        same = false
      }
      if (same) return grouped.group
      grouped.group = ask(event)
      grouped.known = true
      return grouped.group
    }
  }

  /** What must be so for a filter to hold. */
  precondition(filter: Expression, environment: Environment): Precondition {
    return preconditionOf(filter.tree, this.world.files, (part) => this.#part(part, environment))
  }

  /** A part of an expression that has been checked as a whole; undefined when it means nothing by itself. */
  #part(tree: Node, environment: Environment): Expression["evaluate"] | undefined {
    try {
      return compileExpression(print(tree), { environment, context: this.world }).evaluate
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
      return undefined
    }
  }

  /** Adds to the patterns that all parsers share. The first definition of a name stands. */
  define(name: string, pattern: Located): void {
    this.#literal(pattern, pattern.text)
    try {
      if (!this.#groks.define(name, pattern.text)) {
        const message = `the pattern ${name} is defined already, and its first definition stands; give this one another name`
        this.warning("TST-RULE-PATTERN-KNOWN", pattern, message)
      }
    } catch (error) {
      this.#pattern(pattern, error)
    }
  }

  grok(at: Located, text: string): Grok | undefined {
    this.#literal(at, text)
    try {
      const grok = this.#groks.compile(text)
      if (grok.reach < longestReach) this.warning("TST-PATTERN-WIDE", at, `${inKey(at)}${shortSighted(grok.reach)}`)
      return grok
    } catch (error) {
      this.#pattern(at, error)
      return undefined
    }
  }

  /** `%{INT:port:int}` of Logstash and `%{MY-NAME:x}` are no references here. */
  #literal(at: Located, pattern: string): void {
    const taken = noReference.exec(pattern)?.[0]
    if (taken === undefined) return
    const message = `${quote(taken)} is looked for letter by letter; a reference is %{NAME} or %{NAME:field}, both names of letters, digits and _ only, without spaces and without a type behind them`
    this.warning("TST-GROK-LITERAL", at, `${inKey(at)}${message}`)
  }

  error(code: string, at: { readonly line: number; readonly key?: string }, message: string): void {
    this.#failed = true
    this.#report("error", code, at, message)
  }

  warning(code: string, at: { readonly line: number; readonly key?: string }, message: string): void {
    this.#report("warning", code, at, message)
  }

  #pattern(at: Located, error: unknown): void {
    if (!(error instanceof PatternError)) throw error
    this.error(error.code, at, `${inKey(at)}${error.message}`)
  }

  #report(
    severity: Problem["severity"],
    code: string,
    at: { readonly line: number; readonly key?: string },
    message: string
  ): void {
    this.problems.push({
      code,
      severity,
      file: this.#file,
      line: at.line,
      ...(at.key === undefined ? {} : { key: at.key }),
      message
    })
  }
}

const nothing = (): undefined => undefined

/** What looks like a reference and is none. `%{2,5}` is a number of percent signs. */
const noReference = /%\{(?!\w+(?::\w+)?\}|\d+,\d*\})(?:[^{}]*\}|\w+:?\w*)/

/** `evt.StrTime != ""` and its like, which cannot fail. */
const comparisonOf = (node: Node): ((scope: EventScope) => boolean) | undefined => {
  if (node.kind !== "binary" || node.right.kind !== "string") return undefined
  const place = namedPlace(node.left)
  const { value } = node.right
  if (place === undefined) return undefined
  switch (node.operator) {
    case "==":
      return ({ evt }) => place.read(evt) === value
    case "!=":
      return ({ evt }) => place.read(evt) !== value
    default:
      return undefined
  }
}

const calls = (node: Node): boolean => node.kind === "call" || node.kind === "builtin" || childrenOf(node).some(calls)

/** The group of an event; undefined when the expression fails on it, or gives no text. */
export type Grouping = (event: PipelineEvent) => Group | undefined

/** The last group of the events with a text, and the texts of the other fields that it follows from. */
interface Grouped {
  readonly texts: Array<string | undefined>
  group: Group | undefined
  known: boolean
}

/** Stands for none. */
const noGroup = new Group("")

/** Whatever carries the event, such as a pass. */
interface EventScope {
  readonly evt: PipelineEvent
}
