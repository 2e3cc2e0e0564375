import type { MemberNode, Node, SliceNode } from "../syntax.ts"
import type { Type } from "../type.ts"
import { anyType, isAny, nameOf } from "../type.ts"
import { didYouMean } from "../../text/suggestion.ts"
import type { Fail } from "./fail.ts"

/** Type of `object.name` or `object[property]`. */
export const memberResult = (node: MemberNode, object: Type, property: Type, fail: Fail): Type => {
  switch (object.kind) {
    case "any":
      return anyType
    case "map": {
      // Groups may be asked for by anything: a key that none of them has gives nil.
      if (isAny(property) || object.key !== undefined || property.kind === "string") return object.value
      return fail(node.property, `a key of this map is a string, not ${nameOf(property)}`)
    }
    case "array":
      if (isAny(property) || property.kind === "int") return object.element
      return fail(node.property, `an index of an array is an int, not ${nameOf(property)}`)
    case "struct": {
      if (node.property.kind !== "string")
        return fail(node.property, `a field of ${object.name} is named, not computed`)
      const name = node.property.value
      const field = object.fields.get(name)
      if (field !== undefined) return field.type
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
