/** The assertions of a hub test, one expression a line, and how CrowdSec counts those that fail. */
import type { Environment } from "../../domain/expression/environment.ts"
import {
  parserAssertionEnvironment,
  scenarioAssertionEnvironment
} from "../../domain/expression/environment/assertion.ts"
import {
  compileExpression,
  EvaluationError,
  type Expression,
  ExpressionError
} from "../../domain/expression/expression.ts"
import { print } from "../../domain/expression/print.ts"
import type { Node } from "../../domain/expression/syntax.ts"
import { shownValue } from "./shown-value.ts"

export type AssertionKind = "parser" | "scenario"

export interface FailedAssertion {
  /** In its file, from 1. */
  readonly line: number
  /** As written. */
  readonly assertion: string
  readonly expected: string
  readonly got: string
}

export interface Evaluation {
  /** Assertions that were evaluated. */
  readonly count: number
  readonly failed: ReadonlyArray<FailedAssertion>
  /** They are false, but CrowdSec lets tests with them pass. */
  readonly tolerated: ReadonlyArray<FailedAssertion>
}

const environments: Readonly<Record<AssertionKind, Environment>> = {
  parser: parserAssertionEnvironment,
  scenario: scenarioAssertionEnvironment
}

/**
 * Evaluates the lines of a file; one that cannot be evaluated fails, and ends it. `results`: those of {@link Results}.
 * `strict`: nothing is tolerated.
 */
export const evaluateAssertions = (kind: AssertionKind, text: string, results: unknown, strict = false): Evaluation => {
  const scope = { results }
  const environment = environments[kind]
  const failed: Array<FailedAssertion> = []
  const tolerated: Array<FailedAssertion> = []
  let count = 0
  for (const [index, raw] of text.split("\n").entries()) {
    const assertion = raw.trim()
    if (assertion === "") continue
    count += 1
    const at = { line: index + 1, assertion }
    try {
      const expression = compileExpression(withBaseName(assertion), { environment, expect: "bool" })
      if (expression.evaluate(scope) === true) continue
      const failure = { ...at, ...difference(expression, environment, scope) }
      if (strict || isCounted(kind, assertion, environment, scope)) failed.push(failure)
      else tolerated.push(failure)
    } catch (error) {
      failed.push({ ...at, expected: "an assertion that can be evaluated", got: messageOf(error) })
      break
    }
  }
  return { count, failed, tolerated }
}

/** Whether a line is true as it is read. */
export const holds = (kind: AssertionKind, assertion: string, results: unknown): boolean =>
  evaluateAssertions(kind, assertion, results, true).failed.length === 0

const messageOf = (error: unknown): string => {
  if (error instanceof ExpressionError) return `${error.message} (column ${error.column})`
  if (error instanceof EvaluationError) return error.message
  throw error
}

/** Tests say where a log lies by its name alone, whatever folder they were run in. */
const withBaseName = (assertion: string): string => {
  if (!assertion.includes("datasource_path") || assertion.includes("basename(")) return assertion
  const found = /^(.*) == (.*)$/.exec(assertion)
  return found === null ? assertion : `basename(${found[1]}) == ${found[2]}`
}

/**
 * CrowdSec counts a failure only when it can show the value on the left of ` == `: what it cannot cut out of a scenario's
 * assertion, or cannot evaluate by itself, fails no test. Hub tests rely on it.
 */
const isCounted = (kind: AssertionKind, assertion: string, environment: Environment, scope: object): boolean => {
  const left = /([^ =]+) == .*/.exec(assertion)?.[1]
  if (left === undefined) return kind === "parser"
  return attempt(left, environment, scope) !== unknown
}

const unknown: unique symbol = Symbol("unknown")

const attempt = (text: string, environment: Environment, scope: object): unknown => {
  try {
    return compileExpression(text, { environment }).evaluate(scope)
  } catch (error) {
    if (error instanceof ExpressionError || error instanceof EvaluationError) return unknown
    throw error
  }
}

/** What a false assertion asked for, and what there is instead. */
const difference = (
  { tree }: Expression,
  environment: Environment,
  scope: object
): { readonly expected: string; readonly got: string } => {
  const shown = (node: Node): string => {
    const value = attempt(print(node), environment, scope)
    return value === unknown ? print(node) : shownValue(value)
  }
  if (tree.kind === "binary") {
    if (tree.operator === "==") return { expected: shown(tree.right), got: shown(tree.left) }
    if (tree.operator === "in") return { expected: `${shown(tree.left)} among them`, got: shown(tree.right) }
    if (tree.operator !== "&&" && tree.operator !== "||")
      return { expected: `${tree.operator} ${shown(tree.right)}`, got: shown(tree.left) }
  }
  if (tree.kind === "call" && tree.name === "FloatApproxEqual" && tree.arguments.length === 2)
    return { expected: `about ${shown(tree.arguments[1]!)}`, got: shown(tree.arguments[0]!) }
  return { expected: "true", got: "false" }
}
