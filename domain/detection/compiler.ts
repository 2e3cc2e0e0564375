/** Turns the texts in rules into closures; what is wrong with one becomes a problem that names its place. */
import type { GrokHost } from "../grok/host.ts"
import type { Grok } from "../grok/grok.ts"
import { PatternError } from "../grok/pattern-error.ts"
import type { Environment } from "../expression/environment.ts"
import { compileExpression, type ExpectedKind, type Expression, ExpressionError } from "../expression/expression.ts"
import { print } from "../expression/print.ts"
import type { Node } from "../expression/syntax.ts"
import type { Problem } from "../rules/problem.ts"
import type { Located } from "../rules/rule.ts"
import { type Precondition, preconditionOf } from "./precondition.ts"
import type { World } from "./world.ts"

export class Compiler {
  readonly problems: Array<Problem> = []
  readonly world: World
  readonly #groks: GrokHost
  readonly #cache = new Map<string, Expression>()
  /** File of the rule at hand, as the person knows it. */
  #file = ""
  #failed = false

  constructor(world: World, groks: GrokHost) {
    this.world = world
    this.#groks = groks
  }

  /** Compiles one rule; undefined when anything in it is broken, which the problems then name. */
  rule<A>(file: string, compile: () => A): A | undefined {
    this.#file = file
    this.#failed = false
    const result = compile()
    return this.#failed ? undefined : result
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
      return expression
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
      this.error(error.code, { ...at, line: at.line + error.line - 1 }, error.message)
      return undefined
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
    try {
      return this.#groks.compile(text)
    } catch (error) {
      this.#pattern(at, error)
      return undefined
    }
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
    this.error(error.code, at, error.message)
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
