import { durationType } from "../duration.ts"
import type { BinaryNode } from "../syntax.ts"
import { timeType } from "../time.ts"
import type { Type } from "../type.ts"
import { anyType, arrayOf, boolType, floatType, intType, isAny, sameType, stringType } from "../type.ts"

export const isNumber = ({ kind }: Type): boolean => kind === "int" || kind === "float"

const isComparable = (left: Type, right: Type): boolean =>
  isAny(left) ||
  isAny(right) ||
  left.kind === "nil" ||
  right.kind === "nil" ||
  (isNumber(left) && isNumber(right)) ||
  (left.kind === right.kind && (left.kind !== "struct" || left === right))

/** Both of the same of these groups of types, where `any` may be of every group. */
const bothOf = (left: Type, right: Type, ...groups: ReadonlyArray<(type: Type) => boolean>): boolean =>
  groups.some((group) => (isAny(left) || group(left)) && (isAny(right) || group(right)))

const isText = ({ kind }: Type): boolean => kind === "string"
const isInt = ({ kind }: Type): boolean => kind === "int"
const isTime = (type: Type): boolean => type === timeType
const isDuration = (type: Type): boolean => type === durationType

const numeric = (left: Type, right: Type): Type =>
  isAny(left) || isAny(right) ? anyType : left.kind === "float" || right.kind === "float" ? floatType : intType

/** Type of `left operator right`, undefined when it has no meaning. */
export const resultOf = (operator: BinaryNode["operator"], left: Type, right: Type): Type | undefined => {
  switch (operator) {
    case "==":
    case "!=":
      return isComparable(left, right) ? boolType : undefined
    case "<":
    case ">":
    case "<=":
    case ">=":
      return bothOf(left, right, isNumber, isText, isTime, isDuration) ? boolType : undefined
    case "in":
      return isSearchable(left, right) ? boolType : undefined
    case "matches":
    case "contains":
    case "startsWith":
    case "endsWith":
      return bothOf(left, right, isText) ? boolType : undefined
    case "..":
      return bothOf(left, right, isInt) ? arrayOf(intType) : undefined
    case "+":
      if (isText(left) && isText(right)) return stringType
      if ((isTime(left) && isDuration(right)) || (isDuration(left) && isTime(right))) return timeType
      if (isDuration(left) && isDuration(right)) return durationType
      if (isAny(left) || isAny(right)) return isSummand(left) && isSummand(right) ? anyType : undefined
      return isNumber(left) && isNumber(right) ? numeric(left, right) : undefined
    case "-":
      if ((isTime(left) && isTime(right)) || (isDuration(left) && isDuration(right))) return durationType
      if (isTime(left) && isDuration(right)) return timeType
      if (isAny(left) || isAny(right)) {
        return isSummand(left) && isSummand(right) && !isText(left) && !isText(right) ? anyType : undefined
      }
      return isNumber(left) && isNumber(right) ? numeric(left, right) : undefined
    case "*":
      if (isDuration(left) && isDuration(right)) return durationType
      if ((isDuration(left) && isNumber(right)) || (isNumber(left) && isDuration(right))) {
        return isInt(left) || isInt(right) ? durationType : floatType
      }
      if (isAny(left) || isAny(right)) return bothOf(left, right, isNumber, isDuration) ? anyType : undefined
      return isNumber(left) && isNumber(right) ? numeric(left, right) : undefined
    case "/":
    case "**":
      return bothOf(left, right, isNumber) ? floatType : undefined
    case "%":
      return bothOf(left, right, isInt) ? intType : undefined
    case "??":
      if (left.kind === "nil") return right
      return right.kind === "nil" || sameType(left, right) ? left : anyType
    default:
      return undefined
  }
}

const isSummand = (type: Type): boolean =>
  isAny(type) || isText(type) || isNumber(type) || isTime(type) || isDuration(type)

const isSearchable = (needle: Type, hay: Type): boolean => {
  switch (hay.kind) {
    case "any":
    case "nil":
      return true
    case "array":
      return isComparable(needle, hay.element)
    case "map":
      return isAny(needle) || needle.kind === "nil" || hay.key !== undefined || isText(needle)
    case "struct":
      return isAny(needle) || isText(needle)
    default:
      return false
  }
}
