import type { FunctionDeclaration } from "../environment.ts"
import { declare } from "../environment.ts"
import { arrayOf, mapOf, stringType } from "../type.ts"
import { queryOf } from "../uri.ts"
import { escapePath, escapeQuery, parseQuery, unescapePath, unescapeQuery } from "../url.ts"

const text = stringType
const query = mapOf(arrayOf(stringType))

/** None when the text is no URL, or its query cannot be read. */
const parametersOf = (uri: string): ReadonlyMap<string, ReadonlyArray<string>> =>
  parseQuery(queryOf(uri) ?? "") ?? new Map()

export const urlFunctions: ReadonlyArray<FunctionDeclaration> = [
  declare("QueryUnescape", [text], text, (_, value: string) => unescapeQuery(value) ?? value),
  declare("PathUnescape", [text], text, (_, value: string) => unescapePath(value) ?? value),
  declare("QueryEscape", [text], text, (_, value: string) => escapeQuery(value)),
  declare("PathEscape", [text], text, (_, value: string) => escapePath(value)),
  declare("ParseUri", [text], query, (_, uri: string) => parametersOf(uri)),
  declare("ParseQuery", [text], query, (_, value: string) => parseQuery(value) ?? new Map()),
  declare(
    "ExtractQueryParam",
    [text, text],
    arrayOf(text),
    (_, uri: string, name: string) => parametersOf(uri).get(name) ?? []
  )
]
