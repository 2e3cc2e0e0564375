import { durationType } from "../duration.ts"
import type { BuiltinNode } from "../syntax.ts"
import { monthType, timeType, weekdayType } from "../time.ts"
import type { Type } from "../type.ts"
import { anyType, arrayOf, boolType, intType, isAny, isNilable, mapOfKeys, nameOf } from "../type.ts"
import type { Fail } from "./fail.ts"
import { isNumber } from "./operation.ts"

/** Types of the parts of `any(…)`, `sortBy(…)`…; undefined where the part is left out. */
interface PredicateTypes {
  readonly item: Type
  readonly body: Type | undefined
  readonly extra: Type | undefined
}

/** Whether what is of this type may be the key of a map. */
const isKey = (type: Type): boolean =>
  type.kind === "struct"
    ? [timeType, durationType, weekdayType, monthType].includes(type)
    : type.kind !== "array" && type.kind !== "map"

/** Type of a built-in function that takes a predicate; `fail` is told of the part that does not fit. */
export const predicateResult = (node: BuiltinNode, { item, body, extra }: PredicateTypes, fail: Fail): Type => {
  const [, predicate, order] = node.arguments
  const wantBool = () => {
    if (body !== undefined && !isAny(body) && body.kind !== "bool") {
      fail(predicate!, `the predicate of ${node.name} must give a bool, but gives ${nameOf(body)}`)
    }
  }
  switch (node.name) {
    case "all":
    case "any":
    case "none":
    case "one":
      wantBool()
      return boolType
    case "filter":
      wantBool()
      return arrayOf(item)
    case "count":
      wantBool()
      return intType
    case "find":
    case "findLast":
      wantBool()
      return isNilable(item) ? item : anyType
    case "findIndex":
    case "findLastIndex":
      wantBool()
      return anyType
    case "map":
      return arrayOf(body!)
    case "sum": {
      const type = body ?? item
      if (!isAny(type) && !isNumber(type)) fail(node, `sum adds numbers, not ${nameOf(type)}`)
      // Of nothing it is the int 0, also where floats would be added.
      return type.kind === "int" ? type : anyType
    }
    case "groupBy":
      if (!isKey(body!)) {
        fail(predicate!, `groupBy groups by a string, number, bool, time or duration, not by ${nameOf(body!)}`)
      }
      return mapOfKeys(body!, arrayOf(item))
    case "sortBy": {
      if (extra !== undefined && !isAny(extra) && extra.kind !== "string") fail(order!, `the order is "asc" or "desc"`)
      return arrayOf(item)
    }
    default:
      return anyType
  }
}
