import type { FunctionDeclaration } from "../environment.ts"
import { declare } from "../environment.ts"
import { EvaluationError } from "../error.ts"
import { parseJson, writeJson } from "../json.ts"
import type { JsonKind } from "../json-path.ts"
import { findJson, jsonPath, unescapeJson } from "../json-path.ts"
import { limit } from "../limit.ts"
import { anyType, arrayOf, mapOf, nilType, stringType, writtenMap } from "../type.ts"

const text = stringType

const extracted = (json: string, path: string, kind: JsonKind): unknown => {
  const piece = findJson(json, jsonPath(path))
  if (piece?.kind !== kind) return undefined
  try {
    return parseJson(piece.raw)
  } catch (error) {
    if (error instanceof EvaluationError) return undefined
    throw error
  }
}

const parses = { charactersPerStep: limit.charactersParsedPerStep }

export const jsonFunctions: ReadonlyArray<FunctionDeclaration> = [
  declare(
    "JsonExtract",
    [text, text],
    text,
    (_, json: string, path: string) => findJson(json, jsonPath(path))?.raw ?? "",
    parses
  ),
  declare(
    "JsonExtractLib",
    [text, text],
    text,
    (_, json: string, ...keys: Array<never>) => findJson(json, keys)?.raw ?? "",
    { required: 1, rest: true, ...parses }
  ),
  declare(
    "JsonExtractUnescape",
    [text, text],
    text,
    (_, json: string, ...keys: Array<never>) => {
      const piece = findJson(json, keys)
      return piece?.kind === "string" ? (unescapeJson(piece.raw) ?? "") : ""
    },
    { required: 1, rest: true, ...parses }
  ),
  declare(
    "JsonExtractSlice",
    [text, text],
    arrayOf(anyType),
    (_, json: string, path: string) => extracted(json, path, "array"),
    parses
  ),
  declare(
    "JsonExtractObject",
    [text, text],
    mapOf(anyType),
    (_, json: string, path: string) => extracted(json, path, "object"),
    parses
  ),
  declare("ToJsonString", [anyType], text, (_, value: unknown) => {
    try {
      return writeJson(value)
    } catch (error) {
      if (error instanceof EvaluationError) return ""
      throw error
    }
  }),
  declare(
    "UnmarshalJSON",
    [text, writtenMap, text],
    nilType,
    (context, json: string, target: Map<string, unknown>, key: string) => {
      context.unmarshals?.(json)
      target.set(key, parseJson(json))
    },
    { effect: "writes", ...parses }
  )
]
