import type { FunctionDeclaration } from "../environment.ts"
import { declare } from "../environment.ts"
import { limit } from "../limit.ts"
import { arrayOf, mapOf, stringType } from "../type.ts"
import { queryOf } from "../uri.ts"
import { escapePath, escapeQuery, parseAnyQuery, parseQuery, unescapePath, unescapeQuery } from "../url.ts"

const text = stringType
const query = mapOf(arrayOf(stringType))

/** All behind the first `?`, whatever stands before it. */
const behindPath = (uri: string): string => (uri.includes("?") ? uri.slice(uri.indexOf("?") + 1) : "")

const rewrites = { charactersPerStep: limit.charactersRewrittenPerStep }

export const urlFunctions: ReadonlyArray<FunctionDeclaration> = [
  declare("QueryUnescape", [text], text, (_, value: string) => unescapeQuery(value) ?? value),
  declare("PathUnescape", [text], text, (_, value: string) => unescapePath(value) ?? value),
  declare("QueryEscape", [text], text, (_, value: string) => escapeQuery(value)),
  declare("PathEscape", [text], text, (_, value: string) => escapePath(value)),
  declare("ParseUri", [text], query, (_, uri: string) => parseQuery(queryOf(uri) ?? "") ?? new Map(), rewrites),
  declare("ParseQuery", [text], query, (_, value: string) => parseAnyQuery(value), rewrites),
  declare(
    "ExtractQueryParam",
    [text, text],
    arrayOf(text),
    (_, uri: string, name: string) => parseAnyQuery(behindPath(uri)).get(name) ?? [],
    rewrites
  )
]
