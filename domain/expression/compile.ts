import { add, negate, plus } from "./arithmetic.ts"
import { builtins } from "./builtins/catalogue.ts"
import type { Checked } from "./check.ts"
import { compileMember, compileMethod, reachesOver, shortcut } from "./compile/member.ts"
import { compileOperator, conjunction, disjunction } from "./compile/operator.ts"
import { compilePredicate } from "./compile/predicate.ts"
import type { Frame, Run } from "./compile/run.ts"
import { charge, chargeRead, chargeText } from "./compile/run.ts"
import type { Charge, Context, FunctionDeclaration } from "./environment.ts"
import { alternatives } from "./environment.ts"
import { EvaluationError, ExpressionError } from "./error.ts"
import { Float } from "./float.ts"
import { remember, takesAnything, tellsMore } from "./known-type.ts"
import type { BinaryNode, BuiltinNode, CallNode, MapNode, MethodNode, Node, SliceNode, UnaryNode } from "./syntax.ts"
import { childrenOf, operandsOf } from "./syntax.ts"
import type { Type } from "./type.ts"
import { anyType, countType, isAny, isPure } from "./type.ts"
import { boolOperand, conforms, intOf, isNil, kindOf, slice } from "./value.ts"

/** A checked tree to closures: one per node, chosen by the static types of its parts. */
export const compile = (
  tree: Node,
  checked: Checked,
  context: Context,
  text: string
): { readonly run: Run; readonly newFrame: () => Frame } => {
  const run = new Compiler(checked, context, text).compile(tree)
  // One frame serves all evaluations: no expression is evaluated while it is being evaluated.
  const frame: Frame = { slots: new Array(checked.slotCount).fill(undefined), steps: 0, round: 0 }
  const newFrame = () => {
    frame.steps = 0
    frame.round += 1
    return frame
  }
  return { run, newFrame }
}

/** What can be long. */
const isLong = ({ kind }: Type): boolean => kind === "string" || kind === "array" || kind === "map" || kind === "any"

/** What is calculated once where both sides are constants. A range is not: it would take room as long as its rule is loaded. */
const calculating: ReadonlySet<BinaryNode["operator"]> = new Set(["+", "-", "*", "/", "%", "**"])

export class Compiler {
  readonly checked: Checked
  readonly context: Context
  readonly text: string
  readonly #runs = new Map<Node, Run>()
  readonly #constants = new Map<Node, { readonly value: unknown } | undefined>()

  constructor(checked: Checked, context: Context, text: string) {
    this.checked = checked
    this.context = context
    this.text = text
  }

  typeOf(node: Node): Type {
    return this.checked.types.get(node) ?? anyType
  }

  /** Where the value of a name, a pointer, a `let` or a predicate lives. */
  slotOf(node: Node): number {
    return this.checked.slots.get(node)!
  }

  compile(node: Node): Run {
    const known = this.#runs.get(node)
    if (known !== undefined) return known
    const constant = this.constantOf(node)
    const run: Run = constant === undefined ? this.#build(node) : () => constant.value
    this.#runs.set(node, run)
    return run
  }

  /** A node whose value goes where one of type `place` may be: where that may be anything, its own type goes with it. */
  compileFor(node: Node, place: Type): Run {
    const run = this.compile(node)
    const type = this.typeOf(node)
    if (!takesAnything(place) || !tellsMore(type)) return run
    return (scope, frame) => {
      const value = run(scope, frame)
      if (Array.isArray(value)) charge(frame, value.length)
      else if (value instanceof Map) charge(frame, value.size)
      return remember(value, type)
    }
  }

  /** A node whose value is looked through. A predicate may have that repeated for every item of a long list. */
  compileRead(node: Node, run = this.compile(node), charactersPerStep?: number): Run {
    if (this.checked.slotCount === 0 || this.constantOf(node) !== undefined || !isLong(this.typeOf(node))) return run
    return (scope, frame) => chargeRead(frame, run(scope, frame), charactersPerStep)
  }

  /** A node that must give a bool, which the types tell or the evaluation shows. */
  compileBool(node: Node): (scope: object, frame: Frame) => boolean {
    const run = this.compile(node)
    if (!isAny(this.typeOf(node))) return run as (scope: object, frame: Frame) => boolean
    return (scope, frame) => boolOperand(run(scope, frame))
  }

  /** Value of a node that is the same in every evaluation, such as `"x"`, `["", nil]` or `duration("10m")`. */
  constantOf(node: Node): { readonly value: unknown } | undefined {
    if (this.#constants.has(node)) return this.#constants.get(node)
    const constant = this.#settled(node)
    this.#constants.set(node, constant)
    return constant
  }

  #settled(node: Node): { readonly value: unknown } | undefined {
    switch (node.kind) {
      case "nil":
        return { value: undefined }
      case "bool":
      case "int":
      case "string":
        return { value: node.value }
      case "float":
        return { value: new Float(node.value) }
      case "unary":
        if (node.operator === "!" || this.constantOf(node.operand) === undefined) return undefined
        return { value: this.#attempt(node) }
      case "binary":
        if (!calculating.has(node.operator) || !operandsOf(node).every((operand) => this.constantOf(operand))) {
          return undefined
        }
        return { value: this.#attempt(node) }
      case "array": {
        const items = node.items.map((item) => this.constantOf(item))
        return items.every((item) => item !== undefined) ? { value: items.map((item) => item.value) } : undefined
      }
      case "call":
      case "builtin": {
        const declaration = builtins.get(node.name) ?? this.checked.functions.get(node.name)
        if (declaration?.effect !== "pure" || node.arguments.some((each) => this.constantOf(each) === undefined)) {
          return undefined
        }
        return { value: this.#attempt(node) }
      }
      default:
        return undefined
    }
  }

  /** A call or a calculation of constants that fails would fail on every line: that is found when the rule is loaded. */
  #attempt(node: Node): unknown {
    try {
      return this.#build(node)({}, { slots: [], steps: 0, round: 0 })
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error
      throw new ExpressionError("TST-EXPR-TYPE", `this fails always: ${error.message}`, this.text, node.offset)
    }
  }

  #build(node: Node): Run {
    switch (node.kind) {
      case "nil":
      case "bool":
      case "int":
      case "float":
      case "string":
        throw new Error("a literal is a constant")
      case "name":
        return this.#name(node)
      case "pointer":
        return this.#slot(node)
      case "unary":
        return this.#unary(node)
      case "binary":
        return this.#binary(node)
      case "member":
        return compileMember(this, node)
      case "slice":
        return this.#slice(node)
      case "chain": {
        const body = this.compile(node.body)
        if (!reachesOver(node.body)) return body
        return (scope, frame) => {
          const value = body(scope, frame)
          return value === shortcut ? undefined : value
        }
      }
      case "call": {
        const declaration = this.checked.functions.get(node.name)!
        return this.#once(node, this.#call(node, declaration))
      }
      case "method":
        return this.#method(node)
      case "builtin":
        return this.#builtin(node)
      case "predicate":
        return this.compile(node.body)
      case "let": {
        const slot = this.slotOf(node)
        const value = this.compile(node.value)
        const body = this.compile(node.body)
        return (scope, frame) => {
          frame.slots[slot] = value(scope, frame)
          return body(scope, frame)
        }
      }
      case "sequence": {
        const runs = node.items.map((item) => this.compile(item))
        return (scope, frame) => {
          let value: unknown
          for (const run of runs) value = run(scope, frame)
          return value
        }
      }
      case "conditional": {
        const condition = this.compileBool(node.condition)
        const then = this.compileFor(node.then, this.typeOf(node))
        const otherwise = this.compileFor(node.otherwise, this.typeOf(node))
        return (scope, frame) => (condition(scope, frame) ? then(scope, frame) : otherwise(scope, frame))
      }
      case "array": {
        const runs = node.items.map((item) => this.compileFor(item, this.typeOf(node)))
        return (scope, frame) => runs.map((run) => run(scope, frame))
      }
      case "map":
        return this.#map(node)
    }
  }

  #name(node: Extract<Node, { kind: "name" }>): Run {
    if (this.checked.slots.has(node)) return this.#slot(node)
    const { read } = this.checked.variables.get(node.name)!
    return read as (scope: object) => unknown
  }

  #slot(node: Node): Run {
    const slot = this.slotOf(node)
    return (_scope, frame) => frame.slots[slot]
  }

  #unary(node: UnaryNode): Run {
    if (node.operator === "!") {
      const run = this.compileBool(node.operand)
      return (scope, frame) => !run(scope, frame)
    }
    const run = this.compile(node.operand)
    return node.operator === "-"
      ? (scope, frame) => negate(run(scope, frame))
      : (scope, frame) => plus(run(scope, frame))
  }

  #binary(node: BinaryNode): Run {
    const { operator } = node
    if (operator === "&&" || operator === "||") {
      const operands = operandsOf(node).map((operand) => this.compileBool(operand))
      return operator === "&&" ? conjunction(operands) : disjunction(operands)
    }
    if (operator === "+") {
      const [first, ...rest] = operandsOf(node).map((operand) => this.compileRead(operand))
      return (scope, frame) => {
        let sum = first!(scope, frame)
        for (const run of rest) sum = add(sum, run(scope, frame))
        return sum
      }
    }
    return compileOperator(this, node)
  }

  /** A list or map that is nil counts as an empty one, as in Go: functions give such where a line lacks what they ask for. */
  filled(node: Node, run = this.compile(node)): Run {
    const { kind } = this.typeOf(node)
    if (kind === "array") return (scope, frame) => run(scope, frame) ?? []
    return kind === "map" ? (scope, frame) => run(scope, frame) ?? new Map() : run
  }

  #slice(node: SliceNode): Run {
    const object = this.compileRead(node.object)
    const isList = this.typeOf(node.object).kind === "array"
    const from = this.#bound(node.from)
    const to = this.#bound(node.to)
    return (scope, frame) => {
      const value = object(scope, frame)
      return isList && isNil(value) ? undefined : slice(value, from(scope, frame), to(scope, frame))
    }
  }

  #bound(node: Node | undefined): Run {
    if (node === undefined) return () => undefined
    const run = this.compile(node)
    return (scope, frame) => {
      const value = run(scope, frame)
      if (isNil(value)) throw new EvaluationError("the bound of a slice is nil")
      return value
    }
  }

  #method(node: MethodNode): Run {
    const object = this.typeOf(node.object)
    const parameters = object.kind === "struct" ? object.methods.get(node.name)!.parameters : []
    return compileMethod(this, node, this.#arguments(node, { parameters }))
  }

  #builtin(node: BuiltinNode): Run {
    const declaration = builtins.get(node.name)
    if (declaration === undefined) return compilePredicate(this, node)
    return this.#once(node, this.#call(node, declaration))
  }

  /** `any(list, {Upper(evt.Parsed.args) contains #})`: a call that gives the same for all items is made for the first of them. */
  #once(node: CallNode | BuiltinNode, run: Run): Run {
    if (this.checked.slotCount === 0 || !isPure(this.checked.effect) || !this.#isSame(node)) return run
    let round = -1
    let known: unknown
    return (scope, frame) => {
      if (frame.round !== round) {
        known = run(scope, frame)
        round = frame.round
      }
      return known
    }
  }

  /** Whether it gives the same wherever in an evaluation it stands. */
  #isSame(node: Node): boolean {
    return !this.checked.slots.has(node) && childrenOf(node).every((child) => this.#isSame(child))
  }

  /** Arguments, checked at evaluation where the static type does not settle it. */
  #arguments(
    call: CallNode | BuiltinNode | MethodNode,
    { parameters, glances, charactersPerStep }: Pick<FunctionDeclaration, "parameters"> & Partial<FunctionDeclaration>
  ): ReadonlyArray<Run> {
    const { name } = call
    const result = this.typeOf(call)
    const compile = (node: Node, place: Type): Run => {
      const run = this.compileFor(node, place)
      return glances && this.typeOf(node).kind !== "string" ? run : this.compileRead(node, run, charactersPerStep)
    }
    return call.arguments.map((node, at) => {
      const run = compile(node, result)
      const parameter = parameters[Math.min(at, parameters.length - 1)]
      if (parameter === undefined) return run
      const wanted = alternatives(parameter)
      const { kind } = this.typeOf(node)
      if (wanted.some((type) => isAny(type))) return compile(node, anyType)
      if (kind === "array" || kind === "map") return this.filled(node, run)
      if (kind !== "any" && kind !== "nil") return run
      return (scope, frame) => {
        const value = run(scope, frame)
        for (const type of wanted) if (conforms(value, type)) return value
        if (value instanceof Float && wanted.includes(countType)) return intOf(value)
        throw new EvaluationError(`argument ${at + 1} of ${name} must not be ${kindOf(value)}`)
      }
    })
  }

  #call(node: CallNode | BuiltinNode, declaration: FunctionDeclaration): Run {
    const { call, charges } = declaration
    const given = this.#arguments(node, declaration)
    if (charges) return this.#chargingCall(call, given)
    const run = this.#plainCall(call, given)
    // A predicate may repeat the call for every item of a long list.
    return this.checked.slotCount === 0 ? run : (scope, frame) => chargeText(frame, run(scope, frame))
  }

  /** A call that says itself how many steps it takes. */
  #chargingCall(declared: FunctionDeclaration["call"], given: ReadonlyArray<Run>): Run {
    const { context } = this
    const call = declared as (context: Context, charge: Charge, ...given: ReadonlyArray<unknown>) => unknown
    return (scope, frame) => call(context, (steps) => charge(frame, steps), ...given.map((run) => run(scope, frame)))
  }

  #plainCall(declared: FunctionDeclaration["call"], given: ReadonlyArray<Run>): Run {
    const { context } = this
    const call = declared as (context: Context, ...given: ReadonlyArray<unknown>) => unknown
    const [first, second, third] = given
    switch (given.length) {
      case 0:
        return () => call(context)
      case 1:
        return (scope, frame) => call(context, first!(scope, frame))
      case 2:
        return (scope, frame) => call(context, first!(scope, frame), second!(scope, frame))
      case 3:
        return (scope, frame) => call(context, first!(scope, frame), second!(scope, frame), third!(scope, frame))
      default:
        return (scope, frame) => call(context, ...given.map((run) => run(scope, frame)))
    }
  }

  #map(node: MapNode): Run {
    const pairs = node.pairs.map(({ key, value }) => ({
      key: this.compile(key),
      value: this.compileFor(value, anyType)
    }))
    return (scope, frame) => {
      const map = new Map<string, unknown>()
      for (const { key, value } of pairs) {
        const name = key(scope, frame)
        if (typeof name !== "string") throw new EvaluationError(`a key of a map is a string, not ${kindOf(name)}`)
        map.set(name, value(scope, frame))
      }
      return map
    }
  }
}
