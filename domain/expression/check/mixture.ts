import type { BinaryNode } from "../syntax.ts"
import type { Type } from "../type.ts"
import { isNumber } from "./operation.ts"

/** What is probably meant where an operator stands between types that it cannot join: "; …", or nothing. */
export const meantBetween = ({ operator, right: list }: BinaryNode, left: Type, right: Type): string => {
  switch (operator) {
    case "==":
    case "!=":
      return isTextAndNumber(left, right) ? `; ${texts}: write the number in quotes` : ""
    case "<":
    case ">":
    case "<=":
    case ">=":
      return isTextAndNumber(left, right) ? `; ${texts}: ${converted}` : ""
    case "in":
      if (right.kind === "string") return "; did you mean contains? It asks the other way round: WHOLE contains PART"
      if (right.kind !== "array" || !isTextAndNumber(left, right.element)) return ""
      return list.kind === "binary" ? `; ${texts}: ${converted}` : `; ${texts}: write the numbers in quotes`
    case "contains":
    case "startsWith":
    case "endsWith":
    case "matches":
      if (left.kind === "array") return "; did you mean in?"
      return right.kind === "array" ? `; ask each of them: any([…], {FIELD ${operator} #})` : ""
    default:
      return ""
  }
}

const texts = "what comes from a line are texts"
const converted = "int(…) makes a number of one"

const isTextAndNumber = (left: Type, right: Type): boolean =>
  (left.kind === "string" && isNumber(right)) || (isNumber(left) && right.kind === "string")
