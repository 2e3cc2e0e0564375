import type { BuiltinNode, MemberNode, Node, SliceNode } from "../syntax.ts"
import type { ArrayType, MapType, Type } from "../type.ts"
import { anyType, isAny, nameOf } from "../type.ts"
import { didYouMean } from "../../text/suggestion.ts"
import type { Fail } from "./fail.ts"

/** Type of `object.name` or `object[property]`. */
export const memberResult = (node: MemberNode, object: Type, property: Type, fail: Fail): Type => {
  switch (object.kind) {
    case "any":
      return anyType
    case "map":
      checkKey(object, property, node.property, fail)
      return object.value
    case "array":
      checkKey(object, property, node.property, fail)
      return object.element
    case "struct": {
      if (node.property.kind !== "string")
        return fail(node.property, `a field of ${object.name} is named, not computed`)
      const name = node.property.value
      const field = object.fields.get(name)
      if (field !== undefined) return field.type
      if (node.optional && isEnvironment(node.object)) return anyType
      return fail(
        node,
        object.methods.has(name)
          ? `${name} of ${object.name} is a method: call it with parentheses`
          : `${object.name} has no field ${name}${didYouMean(name, [...object.fields.keys(), ...object.methods.keys()])}`,
        "TST-EXPR-NAME"
      )
    }
    default:
      return fail(node, `${nameOf(object)} has no members${object.kind === "string" ? inText : ""}`)
  }
}

const checkKey = (object: ArrayType | MapType, key: Type, at: Node, fail: Fail): void => {
  if (isAny(key)) return
  if (object.kind === "array") {
    if (key.kind !== "int") fail(at, `an index of an array is an int, not ${nameOf(key)}`)
  } else if (object.key === undefined && key.kind !== "string") {
    fail(at, `a key of this map is a string, not ${nameOf(key)}`)
  }
}

/** `$env`, which may be asked for a name that it does not have. */
const isEnvironment = (node: Node): boolean => node.kind === "name" && node.name === "$env"

/** `get(object, key)`: what has neither items nor entries, or not by such a key, is refused. */
export const checkGet = (node: BuiltinNode, object: Type, key: Type, fail: Fail): void => {
  const [from, by] = node.arguments as readonly [Node, Node]
  if (object.kind === "array" || object.kind === "map") checkKey(object, key, by, fail)
  else if (!isAny(object) && !isEnvironment(from)) {
    fail(from, `get looks into an array or a map, not into ${nameOf(object)}`)
  }
}

const inText = "; what stands in a JSON text is read with JsonExtract or UnmarshalJSON"

/** Type of `object[from:to]`; `typeOf` tells that of a bound. */
export const sliceResult = (node: SliceNode, object: Type, typeOf: (bound: Node) => Type, fail: Fail): Type => {
  if (!isAny(object) && object.kind !== "string" && object.kind !== "array") {
    fail(node, `${nameOf(object)} cannot be sliced`)
  }
  for (const bound of [node.from, node.to]) {
    if (bound === undefined) continue
    const type = typeOf(bound)
    if (!isAny(type) && type.kind !== "int") fail(bound, `the bound of a slice is an int, not ${nameOf(type)}`)
  }
  return object
}
