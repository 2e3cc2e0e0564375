import type { Compiler } from "../compile.ts"
import { EvaluationError } from "../error.ts"
import { remember } from "../known-type.ts"
import type { MemberNode, MethodNode, Node } from "../syntax.ts"
import type { Type } from "../type.ts"
import { anyType, zeroOf } from "../type.ts"
import { conforms, isNil, itemAt, keyIn, kindOf, member, readField, structOf } from "../value.ts"
import type { Run } from "./run.ts"

/** What a member gives whose `?.` met nil: passed up to the end of the chain, which makes it nil. */
export const shortcut: unique symbol = Symbol("shortcut")

/** Whether a `?.` stands in this member or left of it, so that its object may be the shortcut. */
export const reachesOver = (node: Node): boolean =>
  (node.kind === "member" || node.kind === "method") && (node.optional || reachesOver(node.object))

/** Gives `use` a value that is not nil: nil is an error, or the shortcut where the member is optional, or `otherwise`. */
const onValue = (
  compiler: Compiler,
  node: MemberNode | MethodNode,
  use: (object: unknown, ...rest: Parameters<Run>) => unknown,
  otherwise?: { readonly value: unknown }
): Run => {
  const object = compiler.compile(node.object)
  const { optional } = node
  const label = node.kind === "method" ? node.name : node.property.kind === "string" ? node.property.value : "[…]"
  const message = `nil has no member ${label}`
  const chained = reachesOver(node.object)
  return (scope, frame) => {
    const value = object(scope, frame)
    if (value === undefined || value === null) {
      if (optional) return shortcut
      if (otherwise !== undefined) return otherwise.value
      throw new EvaluationError(message)
    }
    return chained && value === shortcut ? shortcut : use(value, scope, frame)
  }
}

export const compileMember = (compiler: Compiler, node: MemberNode): Run => {
  const type = compiler.typeOf(node.object)
  const property = compiler.compile(node.property)
  const name = node.property.kind === "string" ? node.property.value : undefined
  switch (type.kind) {
    case "struct": {
      const field = type.fields.get(name!)
      // `$env?.name`: nothing else may be asked for what it does not have.
      if (field === undefined) return () => undefined
      const { read } = field
      if (node.object.kind === "name" && !node.optional && field.type.kind === "map") {
        return fieldOfName(compiler, node.object, read, `nil has no member ${name}`)
      }
      return onValue(compiler, node, (object) => readField(field, object))
    }
    case "map": {
      const zero = zeroOf(type.value)
      if (name !== undefined && !node.optional && !reachesOver(node.object)) {
        return entryOfField(compiler, node.object, name, zero) ?? entryOf(compiler.compile(node.object), name, zero)
      }
      const use = (object: unknown, ...at: Parameters<Run>): unknown => {
        const map = object as ReadonlyMap<unknown, unknown>
        return map.get(keyIn(map, property(...at))) ?? zero
      }
      return onValue(compiler, node, use, { value: zero })
    }
    case "array":
      return onValue(compiler, node, (object, scope, frame) =>
        itemAt(object as ReadonlyArray<unknown>, property(scope, frame))
      )
    default:
      return onValue(compiler, node, (object, scope, frame) => member(object, property(scope, frame)))
  }
}

/** `evt.Meta` and its like: the one access that every filter makes. */
const fieldOfName = (compiler: Compiler, node: Node, read: (object: never) => unknown, message: string): Run => {
  const object = compiler.compile(node)
  return (scope, frame) => {
    const value = object(scope, frame)
    if (value === undefined || value === null) throw new EvaluationError(message)
    return read(value as never)
  }
}

/** `evt.Meta.service`, `#.Meta.service` and their like: what nearly every filter asks, in one go. */
const entryOfField = (compiler: Compiler, node: Node, key: string, zero: unknown): Run | undefined => {
  if (node.kind !== "member" || node.optional || node.property.kind !== "string") return undefined
  const type = compiler.typeOf(node.object)
  const entry = type.kind === "struct" ? type.fields.get(node.property.value)!.entry?.(key) : undefined
  if (entry === undefined) return undefined
  const owner = compiler.compile(node.object)
  const message = `nil has no member ${node.property.value}`
  return (scope, frame) => {
    const object = owner(scope, frame)
    if (object === undefined || object === null) throw new EvaluationError(message)
    const value = entry(object as never)
    return value === undefined ? zero : value
  }
}

/** An entry of any other map; one that is nil has none, as in Go. */
const entryOf =
  (map: Run, key: string, zero: unknown): Run =>
  (scope, frame) => {
    const entries = map(scope, frame) as Map<string, unknown> | undefined | null
    const value = entries?.get(key)
    return value === undefined ? zero : value
  }

export const compileMethod = (compiler: Compiler, node: MethodNode, given: ReadonlyArray<Run>): Run => {
  const type: Type = compiler.typeOf(node.object)
  const { name } = node
  if (type.kind === "struct") {
    const call = type.methods.get(name)!.call as (object: unknown, ...given: ReadonlyArray<unknown>) => unknown
    const [first] = given
    if (given.length === 0) return onValue(compiler, node, (object) => call(object))
    if (given.length === 1) return onValue(compiler, node, (object, ...at) => call(object, first!(...at)))
    return onValue(compiler, node, (object, ...at) => call(object, ...given.map((run) => run(...at))))
  }
  return onValue(compiler, node, (object, ...at) => {
    const method = structOf(object)?.methods.get(name)
    if (method === undefined) throw new EvaluationError(`${kindOf(object)} has no method ${name}`)
    if (method.parameters.length !== given.length) {
      throw new EvaluationError(`${name} takes ${method.parameters.length} arguments, but got ${given.length}`)
    }
    const values = given.map((run, index) => {
      const value = run(...at)
      const wanted = method.parameters[index] ?? anyType
      if (conforms(value, wanted) && !(isNil(value) && wanted.kind !== "any")) return value
      throw new EvaluationError(`argument ${index + 1} of ${name} must not be ${kindOf(value)}`)
    })
    const result = (method.call as (object: unknown, ...given: ReadonlyArray<unknown>) => unknown)(object, ...values)
    return remember(result, method.result)
  })
}
