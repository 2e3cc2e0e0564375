import { byteOrder } from "../../text/byte-order.ts"
import type { FunctionDeclaration } from "../environment.ts"
import { declare } from "../environment.ts"
import { unique } from "../equality.ts"
import { EvaluationError } from "../error.ts"
import { limit } from "../limit.ts"
import type { Type } from "../type.ts"
import { anyType, arrayOf, intType, isNilable, mapOf, mapOfKeys, stringType } from "../type.ts"
import { AnyKeyMap, compare, descending, flattened, lengthOf, memberOrNil, tooMany } from "../value.ts"

const array = arrayOf(anyType)
const map = mapOf(anyType)

const elementOf = ([given]: ReadonlyArray<Type>): Type => (given?.kind === "array" ? given.element : anyType)
const arrayOfElement = (given: ReadonlyArray<Type>): Type => arrayOf(elementOf(given))

/** The element type, or any where there may be none. */
const oneElement = (given: ReadonlyArray<Type>): Type => (isNilable(elementOf(given)) ? elementOf(given) : anyType)

/** Nil where there is no such item or entry, also in a map of texts. */
const typeGot = ([given]: ReadonlyArray<Type>): Type => {
  if (given?.kind === "array") return oneElement([given])
  return given?.kind === "map" && isNilable(given.value) ? given.value : anyType
}

const keysOf = ([given]: ReadonlyArray<Type>): Type =>
  arrayOf(given?.kind === "map" ? (given.key ?? stringType) : anyType)

type AnyMap = ReadonlyMap<unknown, unknown>

/** In Go the order is another each time. Here it must not depend on how the map came to be: names are in byte order. */
const inOrder = (map: AnyMap): ReadonlyArray<readonly [key: unknown, value: unknown]> =>
  [...map].sort(([left], [right]) =>
    typeof left === "string" && typeof right === "string" ? byteOrder(left, right) : 0
  )

export const collectionBuiltins: ReadonlyArray<FunctionDeclaration> = [
  declare("len", [[stringType, array, map]], intType, (_, value: unknown) => lengthOf(value), { glances: true }),
  declare("get", [anyType, anyType], typeGot, (_, object: unknown, key: unknown) => memberOrNil(object, key), {
    glances: true
  }),
  declare("first", [array], oneElement, (_, items: ReadonlyArray<unknown>) => items[0], { glances: true }),
  declare("last", [array], oneElement, (_, items: ReadonlyArray<unknown>) => items.at(-1), { glances: true }),
  declare(
    "take",
    [array, intType],
    arrayOfElement,
    (_, items: ReadonlyArray<unknown>, count: number) => {
      if (count < 0) throw new EvaluationError("take cannot take less than zero items")
      return items.slice(0, count)
    },
    { glances: true }
  ),
  declare("reverse", [array], arrayOfElement, (_, items: ReadonlyArray<unknown>) => items.toReversed()),
  declare("uniq", [array], arrayOfElement, (_, items: ReadonlyArray<unknown>) => unique(items)),
  declare("flatten", [array], array, (_, items: ReadonlyArray<unknown>) => flattened(items)),
  declare(
    "concat",
    [array],
    (given) => (given.length === 1 ? arrayOfElement(given) : array),
    (_, ...given: Array<never>) => flattenOnce(given),
    { rest: true }
  ),
  declare(
    "sort",
    [array, stringType],
    arrayOfElement,
    (_, items: ReadonlyArray<unknown>, order?: string) => {
      const direction = descending(order) ? -1 : 1
      return items.toSorted((left, right) => direction * compare(left, right, "sort"))
    },
    { required: 1 }
  ),
  declare("keys", [map], keysOf, (_, entries: AnyMap) => inOrder(entries).map(([key]) => key)),
  declare("values", [map], array, (_, entries: AnyMap) => inOrder(entries).map(([, value]) => value)),
  declare("toPairs", [map], arrayOf(array), (_, entries: AnyMap) => inOrder(entries).map((pair) => [...pair])),
  declare("fromPairs", [array], mapOfKeys(anyType, anyType), (_, pairs: ReadonlyArray<unknown>) => fromPairs(pairs))
]

const fromPairs = (pairs: ReadonlyArray<unknown>): AnyKeyMap => {
  const map = new AnyKeyMap()
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new EvaluationError("fromPairs needs pairs of a key and a value")
    }
    map.set(pair[0], pair[1])
  }
  return map
}

const flattenOnce = (given: ReadonlyArray<ReadonlyArray<unknown>>): ReadonlyArray<unknown> => {
  if (given.reduce((sum, items) => sum + items.length, 0) > limit.resultItems) throw tooMany()
  return given.flat()
}
