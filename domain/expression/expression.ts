import { check } from "./check.ts"
import { compile } from "./compile.ts"
import type { Context, Environment } from "./environment.ts"
import { EvaluationError, ExpressionError } from "./error.ts"
import { parse } from "./parse.ts"
import type { Node } from "./syntax.ts"
import type { Effect, Type } from "./type.ts"
import { isPure, nameOf } from "./type.ts"

export { EvaluationError, ExpressionError }

export interface Expression {
  readonly text: string
  readonly tree: Node
  /** Static type of the result; `any` where only evaluation tells. */
  readonly type: Type
  /** The strongest effect of all calls in it. */
  readonly effect: Effect
  /** Same scope, same result, and nothing changes: it may be skipped, moved and remembered. */
  readonly pure: boolean
  /**
   * `scope` holds the variables of the environment, such as `{ evt }`. Throws `EvaluationError`, and what the context throws.
   * Nil is `undefined` or `null`, ints are numbers, floats are `Float`.
   */
  readonly evaluate: (scope: object) => unknown
}

export type ExpectedKind = "bool" | "string" | "int" | "float" | "array" | "map" | "any"

/**
 * Reads, checks and compiles an expression once, to be evaluated many times.
 * `expect`: the kind that the result must have; a result whose type is known only at evaluation is let through.
 * Throws `ExpressionError` with the offset, line and column of what is wrong.
 */
export const compileExpression = (
  text: string,
  options: { readonly environment: Environment; readonly context?: Context; readonly expect?: ExpectedKind }
): Expression => {
  const { environment, context = emptyContext, expect = "any" } = options
  const tree = parse(text)
  const checked = check(tree, environment, text)
  const { type, effect } = checked
  if (expect !== "any" && type.kind !== "any" && type.kind !== expect) {
    throw new ExpressionError(
      "TST-EXPR-TYPE",
      `the result must be ${expect}, but is ${nameOf(type)}`,
      text,
      tree.offset
    )
  }
  const { run, newFrame } = compile(tree, checked, context, text)
  return {
    text,
    tree,
    type,
    effect,
    pure: isPure(effect),
    evaluate: (scope) => {
      try {
        return run(scope, newFrame())
      } catch (error) {
        throw failureOf(error)
      }
    }
  }
}

/** Values can be nested so deep that comparing or writing them exhausts the stack: that is the expression's failure. */
const failureOf = (error: unknown): unknown =>
  error instanceof RangeError ? new EvaluationError(`too much for one evaluation: ${error.message}`) : error

/** A world without data files, stashes and time. */
export const emptyContext: Context = {
  files: {
    lines: () => undefined,
    matches: () => false,
    patterns: () => undefined,
    lookup: () => "",
    isKnownBot: () => false,
    entries: () => undefined
  },
  stashes: { get: () => "", set: () => undefined },
  now: () => {
    throw new EvaluationError("the time is not known here")
  }
}
