import type { FunctionDeclaration } from "../environment.ts"
import { declare } from "../environment.ts"
import { EvaluationError } from "../error.ts"
import { keyValues, laxKeyValues } from "../key-value.ts"
import { anyType, arrayOf, boolType, intType, mapOf, nilType, stringType, writtenMap } from "../type.ts"
import { TextMap } from "../value.ts"

/** Adds the pairs to the map of texts under the key, which is made when there is none. */
const merge = (
  name: string,
  pairs: ReadonlyArray<readonly [string, string]>,
  target: Map<string, unknown>,
  key: string
): void => {
  if (pairs.length === 0) throw new EvaluationError(`${name} found no key=value in the text`)
  const map = target.get(key) ?? new TextMap()
  if (!(map instanceof TextMap)) throw new EvaluationError(`${name} cannot add to ${key}: it is no map of texts`)
  for (const [name, value] of pairs) map.set(name, value)
  target.set(key, map)
}

const parser = (name: string, pairsOf: (text: string) => ReadonlyArray<readonly [string, string]>) =>
  declare(
    name,
    [stringType, writtenMap, stringType],
    nilType,
    (context, text: string, target: Map<string, unknown>, key: string) => {
      context.unmarshals?.(text)
      merge(name, pairsOf(text), target, key)
    },
    { effect: "writes" }
  )

export const keyValueFunctions: ReadonlyArray<FunctionDeclaration> = [
  parser("ParseKV", keyValues),
  parser("ParseKVLax", laxKeyValues),
  declare(
    "KeyExists",
    [stringType, mapOf(anyType)],
    boolType,
    (_, key: string, map: ReadonlyMap<string, unknown>) => map.has(key),
    { glances: true }
  ),
  declare(
    "Get",
    [arrayOf(stringType), intType],
    stringType,
    (_, items: ReadonlyArray<unknown>, index: number) => {
      if (index < 0) throw new EvaluationError(`there is no item ${index}`)
      const item = items[index] ?? ""
      if (typeof item !== "string") throw new EvaluationError("Get works on an array of texts")
      return item
    },
    { glances: true }
  )
]
