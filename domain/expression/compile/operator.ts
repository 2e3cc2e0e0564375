import { holds } from "../../text/text-search.ts"
import { compilePattern, type Pattern } from "../../grok/pattern.ts"
import { PatternError } from "../../grok/pattern-error.ts"
import { longestReach } from "../../grok/reach.ts"
import { divide, multiply, power, remainder, subtract } from "../arithmetic.ts"
import type { Compiler } from "../compile.ts"
import { EvaluationError, ExpressionError } from "../error.ts"
import { limit, stepsOfPattern } from "../limit.ts"
import type { BinaryNode, Node, StringNode } from "../syntax.ts"
import { equals, isIn } from "../equality.ts"
import { compare, isNil, mismatch, range, textOperand } from "../value.ts"
import type { Frame, Run } from "./run.ts"
import { charge } from "./run.ts"

type BoolRun = (scope: object, frame: Frame) => boolean

export const conjunction = (operands: ReadonlyArray<BoolRun>): Run => {
  const [first, second, third] = operands
  if (operands.length === 2) return (scope, frame) => first!(scope, frame) && second!(scope, frame)
  if (operands.length === 3) {
    return (scope, frame) => first!(scope, frame) && second!(scope, frame) && third!(scope, frame)
  }
  return (scope, frame) => {
    for (const operand of operands) if (!operand(scope, frame)) return false
    return true
  }
}

export const disjunction = (operands: ReadonlyArray<BoolRun>): Run => {
  const [first, second, third] = operands
  if (operands.length === 2) return (scope, frame) => first!(scope, frame) || second!(scope, frame)
  if (operands.length === 3) {
    return (scope, frame) => first!(scope, frame) || second!(scope, frame) || third!(scope, frame)
  }
  return (scope, frame) => {
    for (const operand of operands) if (operand(scope, frame)) return true
    return false
  }
}

export const compileOperator = (compiler: Compiler, node: BinaryNode): Run => {
  const left = compiler.compile(node.left)
  const right = compiler.compile(node.right)
  switch (node.operator) {
    case "==":
      return equality(compiler, node)
    case "!=": {
      const equal = equality(compiler, node)
      return (scope, frame) => !equal(scope, frame)
    }
    case "<":
    case ">":
    case "<=":
    case ">=":
      return comparison(compiler, node)
    case "in":
      return membership(compiler, node)
    case "contains":
      return search(compiler, node, holds)
    case "startsWith":
      return search(compiler, node, (text, part) => text.startsWith(part))
    case "endsWith":
      return search(compiler, node, (text, part) => text.endsWith(part))
    case "matches":
      return matching(compiler, node)
    case "..":
      return (scope, frame) => {
        const items = range(left(scope, frame), right(scope, frame))
        charge(frame, items.length)
        return items
      }
    case "-":
      return (scope, frame) => subtract(left(scope, frame), right(scope, frame))
    case "*":
      return (scope, frame) => multiply(left(scope, frame), right(scope, frame))
    case "/":
      return (scope, frame) => divide(left(scope, frame), right(scope, frame))
    case "%":
      return (scope, frame) => remainder(left(scope, frame), right(scope, frame))
    case "**":
      return (scope, frame) => power(left(scope, frame), right(scope, frame))
    case "??":
      return coalescence(compiler, node)
    default:
      throw new Error(`${node.operator} is compiled elsewhere`)
  }
}

const coalescence = (compiler: Compiler, node: BinaryNode): Run => {
  const left = compiler.compileFor(node.left, compiler.typeOf(node))
  const right = compiler.compileFor(node.right, compiler.typeOf(node))
  return (scope, frame) => left(scope, frame) ?? right(scope, frame)
}

const equality = (compiler: Compiler, node: BinaryNode): Run => {
  const left = compiler.compile(node.left)
  const right = compiler.compile(node.right)
  const constant = compiler.constantOf(node.right)
  if (constant !== undefined) {
    const { value } = constant
    if (typeof value === "string" || typeof value === "boolean") return (scope, frame) => left(scope, frame) === value
    if (isNil(value)) return (scope, frame) => isNil(left(scope, frame))
  }
  const kinds = [compiler.typeOf(node.left).kind, compiler.typeOf(node.right).kind]
  if (kinds.includes("string") || kinds.includes("bool") || kinds.every((kind) => kind === "int")) {
    return (scope, frame) => left(scope, frame) === right(scope, frame)
  }
  const [first, second] = [compiler.compileRead(node.left, left), compiler.compileRead(node.right, right)]
  return (scope, frame) => equals(first(scope, frame), second(scope, frame))
}

const comparison = (compiler: Compiler, node: BinaryNode): Run => {
  const { operator } = node
  const left = compiler.compile(node.left)
  const right = compiler.compile(node.right)
  const bothInts = compiler.typeOf(node.left).kind === "int" && compiler.typeOf(node.right).kind === "int"
  const order: (first: unknown, second: unknown) => number = bothInts
    ? (first, second) => (first as number) - (second as number)
    : (first, second) => compare(first, second, operator)
  switch (operator) {
    case "<":
      return (scope, frame) => order(left(scope, frame), right(scope, frame)) < 0
    case ">":
      return (scope, frame) => order(left(scope, frame), right(scope, frame)) > 0
    case "<=":
      return (scope, frame) => order(left(scope, frame), right(scope, frame)) <= 0
    default:
      return (scope, frame) => order(left(scope, frame), right(scope, frame)) >= 0
  }
}

/** Texts of data files as sets: a file's lines are always the same array. */
const sets = new WeakMap<ReadonlyArray<unknown>, ReadonlySet<unknown>>()

const setOf = (items: ReadonlyArray<unknown>): ReadonlySet<unknown> => {
  const known = sets.get(items)
  if (known !== undefined) return known
  const set = new Set(items)
  sets.set(items, set)
  return set
}

const membership = (compiler: Compiler, node: BinaryNode): Run => {
  const left = compiler.compile(node.left)
  const right = compiler.compile(node.right)
  const constant = compiler.constantOf(node.right)?.value
  const type = compiler.typeOf(node.right)
  if (type.kind === "struct") {
    return (scope, frame) => {
      const name = left(scope, frame)
      return !isNil(right(scope, frame)) && typeof name === "string" && type.fields.has(name)
    }
  }
  if (node.right.kind === "array" && node.right.items.length > 0 && node.right.items.every(isText)) {
    // The language makes a map of a list of literal texts: nothing but text is looked up in it, and nil counts as "".
    const texts = new Set(node.right.items.map(({ value }) => value))
    return (scope, frame) => {
      const needle = left(scope, frame) ?? ""
      if (typeof needle === "string") return texts.has(needle)
      throw mismatch("in", needle, constant)
    }
  }
  if (Array.isArray(constant) && constant.every((item) => typeof item === "string" || isNil(item))) {
    const set = new Set(constant)
    return (scope, frame) => set.has((left(scope, frame) ?? undefined) as string | undefined)
  }
  const givesText = compiler.typeOf(node.left).kind === "string"
  if (givesText && node.right.kind === "call" && compiler.checked.functions.get(node.right.name)?.effect === "data") {
    return (scope, frame) => {
      const hay = right(scope, frame)
      const needle = left(scope, frame)
      return Array.isArray(hay) ? setOf(hay).has(needle) : isIn(needle, hay)
    }
  }
  const hay = compiler.compileRead(node.right, right)
  return (scope, frame) => isIn(left(scope, frame), hay(scope, frame))
}

const isText = (node: Node): node is StringNode => node.kind === "string"

const search = (compiler: Compiler, node: BinaryNode, found: (text: string, part: string) => boolean): Run => {
  const { operator } = node
  // Only where a text begins or ends is no more looked at of a long one.
  const left = operator === "contains" ? compiler.compileRead(node.left) : compiler.compile(node.left)
  const right = compiler.compile(node.right)
  const part = compiler.constantOf(node.right)?.value
  if (compiler.typeOf(node.left).kind === "string" && typeof part === "string") {
    return (scope, frame) => found(left(scope, frame) as string, part)
  }
  return (scope, frame) => {
    const first = textOperand(left(scope, frame), operator)
    const second = textOperand(right(scope, frame), operator)
    return first !== undefined && second !== undefined && found(first, second)
  }
}

/** Patterns see the beginning of a text only: even a linear match takes its time. */
const seen = (text: string): string => (text.length > limit.patternText ? text.slice(0, limit.patternText) : text)

const matching = (compiler: Compiler, node: BinaryNode): Run => {
  const left = compiler.compileRead(node.left)
  const right = compiler.compile(node.right)
  const repeats = compiler.checked.slotCount > 0
  const test = (pattern: Pattern, text: string, frame: Frame): boolean => {
    const visible = seen(text)
    if (repeats) chargeMatch(frame, pattern, visible)
    return pattern.test(visible)
  }
  if (node.right.kind === "string") {
    const pattern = constantPattern(compiler, node.right)
    return (scope, frame) => {
      const text = textOperand(left(scope, frame), "matches")
      return text !== undefined && test(pattern, text, frame)
    }
  }
  const patternOf = rememberedPatterns()
  const constant = compiler.constantOf(node.right)?.value
  if (typeof constant === "string") {
    return (scope, frame) => {
      const text = textOperand(left(scope, frame), "matches")
      return text !== undefined && test(patternOf(constant), text, frame)
    }
  }
  return (scope, frame) => {
    const text = textOperand(left(scope, frame), "matches")
    const source = textOperand(right(scope, frame), "matches")
    if (text === undefined || source === undefined) return false
    if (source.length > limit.computedPattern) {
      throw new EvaluationError(`a computed pattern has more than ${limit.computedPattern} characters`)
    }
    const pattern = patternOf(source)
    // Also of one that is remembered: what an evaluation gives must not depend on those before it.
    if (repeats) chargePattern(frame, pattern)
    return test(pattern, text, frame)
  }
}

/** What compiling it may take: more where it is so wide that it sees less of a text, or is no pattern for V8. */
const chargePattern = (frame: Frame, { source, linear, reach }: Pattern): void => {
  const steps = stepsOfPattern(source)
  charge(frame, linear && reach === longestReach ? steps : steps * limit.widePattern)
}

/** What a match may take, where a predicate repeats it; without repetitions in the pattern hardly more than reading. */
const chargeMatch = (frame: Frame, { reach, repeats }: Pattern, text: string): void => {
  if (repeats) charge(frame, (text.length * limit.stepsPerMatchedCharacter * longestReach) / reach)
}

const constantPattern = ({ text, context }: Compiler, { value, offset }: StringNode) => {
  try {
    return compilePattern(value, context.shortcuts)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    throw new ExpressionError("TST-EXPR-PATTERN", error.message, text, offset)
  }
}

/** Computed patterns are compiled when they are met; the last few are kept, failures too. */
const rememberedPatterns = () => {
  const known = new Map<string, Pattern | EvaluationError>()
  const compiled = (source: string) => {
    try {
      return compilePattern(source)
    } catch (error) {
      if (!(error instanceof PatternError)) throw error
      return new EvaluationError(error.message)
    }
  }
  return (source: string) => {
    let pattern = known.get(source)
    if (pattern === undefined) {
      if (known.size >= limit.patternCache) known.delete(known.keys().next().value!)
      pattern = compiled(source)
      known.set(source, pattern)
    }
    if (pattern instanceof EvaluationError) throw pattern
    return pattern
  }
}
