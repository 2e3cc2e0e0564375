import { builtins } from "./builtins/catalogue.ts"
import type { Fail } from "./check/fail.ts"
import { checkGet, memberResult, sliceResult } from "./check/member.ts"
import { meantBetween } from "./check/mixture.ts"
import { isNumber, resultOf } from "./check/operation.ts"
import { predicateResult } from "./check/predicate.ts"
import { durationType } from "./duration.ts"
import { alternatives, declare, variablesOf } from "./environment.ts"
import type { Environment, FunctionDeclaration } from "./environment.ts"
import { ExpressionError } from "./error.ts"
import { absentFunctions } from "./functions/absent.ts"
import type {
  BinaryNode,
  BuiltinNode,
  ConditionalNode,
  LetNode,
  MethodNode,
  Node,
  PointerNode,
  UnaryNode
} from "./syntax.ts"
import { operandsOf } from "./syntax.ts"
import { didYouMean } from "../text/suggestion.ts"
import type { Effect, Type } from "./type.ts"
import {
  anyType,
  arrayOf,
  boolType,
  floatType,
  intType,
  isAny,
  isAssignable,
  isNilable,
  mapOf,
  nameOf,
  nilType,
  sameType,
  stringType,
  strongest,
  union
} from "./type.ts"

/** What the checker found out, for the compiler. */
export interface Checked {
  readonly type: Type
  readonly effect: Effect
  readonly types: ReadonlyMap<Node, Type>
  /** Where values live that an evaluation keeps: of `let` and its names, of predicates and their pointers. */
  readonly slots: ReadonlyMap<Node, number>
  readonly slotCount: number
  readonly variables: Environment["variables"]
  readonly functions: Environment["functions"]
}

/** Slots that a predicate takes: its item, its index, its accumulator. */
export const pointerSlots = { item: 0, index: 1, accumulator: 2 } as const

/** Settles every name and type, or throws `ExpressionError` at the place that cannot be right. */
export const check = (tree: Node, environment: Environment, text: string): Checked => {
  const checker = new Checker(environment, text)
  const type = checker.visit(tree)
  return {
    type,
    effect: checker.effect,
    types: checker.types,
    slots: checker.slots,
    slotCount: checker.slotCount,
    variables: variablesOf(environment),
    functions: environment.functions
  }
}

interface Predicate {
  readonly item: Type
  readonly slot: number
  readonly reduces: boolean
}

class Checker {
  readonly types = new Map<Node, Type>()
  readonly slots = new Map<Node, number>()
  slotCount = 0
  effect: Effect = "pure"
  readonly #environment: Environment
  readonly #text: string
  readonly #locals = new Map<string, { readonly type: Type; readonly slot: number }>()
  readonly #predicates: Array<Predicate> = []

  constructor(environment: Environment, text: string) {
    this.#environment = environment
    this.#text = text
  }

  visit(node: Node): Type {
    const known = this.types.get(node)
    if (known !== undefined) return known
    const type = this.#typeOf(node)
    this.types.set(node, type)
    return type
  }

  readonly #fail: Fail = (node, message, code = "TST-EXPR-TYPE") => {
    throw new ExpressionError(code, message, this.#text, node.offset)
  }

  #typeOf(node: Node): Type {
    switch (node.kind) {
      case "nil":
        return nilType
      case "bool":
        return boolType
      case "int":
        return intType
      case "float":
        return floatType
      case "string":
        return stringType
      case "name":
        return this.#name(node, node.name)
      case "pointer":
        return this.#pointer(node)
      case "unary":
        return this.#unary(node)
      case "binary":
        return this.#binary(node)
      case "member":
        return memberResult(node, this.visit(node.object), this.visit(node.property), this.#fail)
      case "slice": {
        const object = this.visit(node.object)
        return sliceResult(node, object, (bound) => this.visit(bound), this.#fail)
      }
      case "chain": {
        const type = this.visit(node.body)
        return isNilable(type) ? type : anyType
      }
      case "call":
        return this.#call(node, this.#functionNamed(node, node.name), node.arguments)
      case "method":
        return this.#method(node)
      case "builtin":
        return this.#builtin(node)
      case "predicate":
        return this.visit(node.body)
      case "let":
        return this.#declaration(node)
      case "sequence":
        return node.items.map((item) => this.visit(item)).at(-1)!
      case "conditional":
        return this.#conditional(node)
      case "array":
        return arrayOf(this.#common(node.items.map((item) => this.visit(item))))
      case "map":
        for (const { key, value } of node.pairs) {
          const type = this.visit(key)
          if (!isAny(type) && type.kind !== "string") this.#fail(key, `a key of a map is a string, not ${nameOf(type)}`)
          this.visit(value)
        }
        return mapOf(anyType)
    }
  }

  #common(types: ReadonlyArray<Type>): Type {
    const [first, ...rest] = types
    return first !== undefined && rest.every((type) => sameType(first, type)) ? first : anyType
  }

  #name(node: Node, name: string): Type {
    const local = this.#locals.get(name)
    if (local !== undefined) {
      this.slots.set(node, local.slot)
      return local.type
    }
    const variable = variablesOf(this.#environment).get(name)
    if (variable !== undefined) return variable.type
    const known = [...this.#environment.variables.keys(), ...this.#locals.keys()].join(", ")
    return this.#fail(
      node,
      this.#environment.functions.has(name) || builtins.has(name)
        ? `${name} is a function: call it with parentheses`
        : `${name} is not known here; ${/^(?:null|none|undefined)$/i.test(name) ? "did you mean nil?" : `there is ${known}`}`,
      "TST-EXPR-NAME"
    )
  }

  #pointer(node: PointerNode): Type {
    const predicate = this.#predicates.at(-1)!
    if (node.name === "") {
      this.slots.set(node, predicate.slot + pointerSlots.item)
      return predicate.item
    }
    if (node.name === "index") {
      this.slots.set(node, predicate.slot + pointerSlots.index)
      return intType
    }
    if (node.name === "acc" && predicate.reduces) {
      this.slots.set(node, predicate.slot + pointerSlots.accumulator)
      return anyType
    }
    return this.#fail(node, `#${node.name} is not known here`, "TST-EXPR-NAME")
  }

  #unary(node: UnaryNode): Type {
    const type = this.visit(node.operand)
    if (node.operator === "!") {
      if (isAny(type) || type.kind === "bool") return boolType
      return this.#fail(node, `not needs a bool, but got ${nameOf(type)}`)
    }
    if (isAny(type) || isNumber(type) || (type === durationType && node.operator === "-")) return type
    return this.#fail(node, `${node.operator} needs a number, but got ${nameOf(type)}`)
  }

  #binary(node: BinaryNode): Type {
    const { operator } = node
    if (operator === "||" || operator === "&&") {
      for (const operand of operandsOf(node)) {
        const type = this.visit(operand)
        if (!isAny(type) && type.kind !== "bool") {
          this.#fail(operand, `${operator} needs bools, but got ${nameOf(type)}`)
        }
      }
      return boolType
    }
    if (operator === "+") {
      const [first, ...rest] = operandsOf(node)
      return rest.reduce<Type>((left, operand) => this.#operation(node, left, this.visit(operand)), this.visit(first!))
    }
    return this.#operation(node, this.visit(node.left), this.visit(node.right))
  }

  #operation(node: BinaryNode, left: Type, right: Type): Type {
    const { operator } = node
    const result = resultOf(operator, left, right)
    if (result !== undefined) return result
    const meant = meantBetween(node, left, right)
    return this.#fail(node, `${operator} has no meaning between ${nameOf(left)} and ${nameOf(right)}${meant}`)
  }

  #functionNamed(node: Node, name: string): FunctionDeclaration {
    const declaration = this.#environment.functions.get(name)
    if (declaration !== undefined) return declaration
    const reason = absentFunctions.get(name)
    return this.#fail(
      node,
      reason !== undefined
        ? `${name} is not available: ${reason}`
        : `there is no function ${name}${didYouMean(name, [...this.#environment.functions.keys(), ...builtins.keys()])}`,
      "TST-EXPR-NAME"
    )
  }

  #call(node: Node, declaration: FunctionDeclaration, given: ReadonlyArray<Node>): Type {
    const { name, parameters, required, rest, result } = declaration
    this.#count(node, name, given.length, required, rest ? Number.POSITIVE_INFINITY : parameters.length)
    const types = given.map((argument, at) => {
      const type = this.visit(argument)
      const parameter = parameters[Math.min(at, parameters.length - 1)]!
      if (!alternatives(parameter).some((wanted) => isAssignable(type, wanted))) {
        const wanted = alternatives(parameter).map(nameOf).join(" or ")
        this.#fail(argument, `argument ${at + 1} of ${name} must be ${wanted}, but is ${nameOf(type)}`)
      }
      if (declaration.literal !== undefined) this.#literal(argument, name, declaration.literal)
      return type
    })
    this.effect = strongest(this.effect, declaration.effect)
    return typeof result === "function" ? result(types) : result
  }

  #literal(argument: Node, name: string, wrong: NonNullable<FunctionDeclaration["literal"]>): void {
    if (argument.kind !== "string") {
      this.#fail(argument, `${name} takes a text that is written out, such as ${name}("host.example.org")`)
    }
    const what = wrong(argument.value)
    if (what !== undefined) this.#fail(argument, `${JSON.stringify(argument.value.slice(0, 64))} ${what}`)
  }

  #count(node: Node, name: string, given: number, least: number, most: number): void {
    if (given >= least && given <= most) return
    const wanted =
      most === Number.POSITIVE_INFINITY ? `at least ${least}` : least === most ? least : `${least} to ${most}`
    this.#fail(node, `${name} takes ${wanted} argument${wanted === 1 ? "" : "s"}, but got ${given}`)
  }

  #method(node: MethodNode): Type {
    const object = this.visit(node.object)
    if (isAny(object)) {
      for (const argument of node.arguments) this.visit(argument)
      // Which method it is shows only at evaluation: the strongest effect is assumed.
      this.effect = "writes"
      return anyType
    }
    const method = object.kind === "struct" ? object.methods.get(node.name) : undefined
    if (method === undefined) {
      return this.#fail(node, `${nameOf(object)} has no method ${node.name}`, "TST-EXPR-NAME")
    }
    const { parameters, result, effect } = method
    return this.#call(
      node,
      declare(node.name, parameters, result, () => undefined, { effect }),
      node.arguments
    )
  }

  #builtin(node: BuiltinNode): Type {
    const declaration = builtins.get(node.name)
    if (declaration !== undefined) {
      const result = this.#call(node, declaration, node.arguments)
      const [object, key] = node.arguments
      if (node.name === "get") checkGet(node, this.visit(object!), this.visit(key!), this.#fail)
      return result
    }
    const [list, predicate, extra] = node.arguments
    const collection = this.visit(list!)
    if (!isAny(collection) && collection.kind !== "array") {
      this.#fail(list!, `${node.name} works on an array, not on ${nameOf(collection)}`)
    }
    const item = collection.kind === "array" ? collection.element : anyType
    const extraType = extra === undefined ? undefined : this.visit(extra)
    const slot = this.slotCount
    this.slotCount += 3
    this.slots.set(node, slot)
    this.#predicates.push({ item, slot, reduces: node.name === "reduce" })
    const body = predicate === undefined ? undefined : this.visit(predicate)
    this.#predicates.pop()
    return predicateResult(node, { item, body, extra: extraType }, this.#fail)
  }

  #declaration(node: LetNode): Type {
    const { name } = node
    const { functions } = this.#environment
    const variables = variablesOf(this.#environment)
    if (this.#locals.has(name) || variables.has(name) || functions.has(name) || builtins.has(name)) {
      this.#fail(node, `${name} has a meaning already; give the variable another name`, "TST-EXPR-NAME")
    }
    const type = this.visit(node.value)
    const slot = this.slotCount
    this.slotCount += 1
    this.slots.set(node, slot)
    this.#locals.set(name, { type, slot })
    const result = this.visit(node.body)
    this.#locals.delete(name)
    return result
  }

  #conditional(node: ConditionalNode): Type {
    const condition = this.visit(node.condition)
    if (!isAny(condition) && condition.kind !== "bool") {
      this.#fail(node.condition, `a condition must be a bool, but is ${nameOf(condition)}`)
    }
    return union(this.visit(node.then), this.visit(node.otherwise))
  }
}
