import { indexIn } from "../../text/text-search.ts"
import { decodeBase64 } from "../base64.ts"
import type { Charge, FunctionDeclaration } from "../environment.ts"
import { declare } from "../environment.ts"
import { sprintf } from "../format.ts"
import { glob } from "../glob.ts"
import { limit } from "../limit.ts"
import {
  byteIndex,
  fields,
  join,
  lower,
  replace,
  split,
  splitAfter,
  trimLeft,
  trimPrefix,
  trimRight,
  trimSpace,
  trimSuffix,
  upper
} from "../text.ts"
import { anyType, arrayOf, boolType, intType, stringType } from "../type.ts"

const text = stringType
const texts = arrayOf(stringType)

const firstOfAny = (value: string, characters: string): number => {
  const set = new Set(characters)
  let at = 0
  for (const character of value) {
    if (set.has(character)) return at
    at += character.length
  }
  return -1
}

export const textFunctions: ReadonlyArray<FunctionDeclaration> = [
  declare("Upper", [text], text, (_, value: string) => upper(value)),
  declare("Lower", [text], text, (_, value: string) => lower(value)),
  declare("TrimSpace", [text], text, (_, value: string) => trimSpace(value)),
  declare("Trim", [text, text], text, (_, value: string, set: string) => trimRight(trimLeft(value, set), set)),
  declare("TrimLeft", [text, text], text, (_, value: string, set: string) => trimLeft(value, set)),
  declare("TrimRight", [text, text], text, (_, value: string, set: string) => trimRight(value, set)),
  declare("TrimPrefix", [text, text], text, (_, value: string, prefix: string) => trimPrefix(value, prefix)),
  declare("TrimSuffix", [text, text], text, (_, value: string, suffix: string) => trimSuffix(value, suffix)),
  declare("Split", [text, text], texts, (_, value: string, by: string) => split(value, by)),
  declare("SplitN", [text, text, intType], texts, (_, value: string, by: string, most: number) =>
    split(value, by, most)
  ),
  declare("SplitAfter", [text, text], texts, (_, value: string, by: string) => splitAfter(value, by)),
  declare("SplitAfterN", [text, text, intType], texts, (_, value: string, by: string, most: number) =>
    splitAfter(value, by, most)
  ),
  declare("Fields", [text], texts, (_, value: string) => fields(value)),
  declare("Join", [texts, text], text, (_, parts: ReadonlyArray<unknown>, glue: string) => join(parts, glue)),
  declare("Index", [text, text], intType, (_, value: string, part: string) => byteIndex(value, indexIn(value, part))),
  declare(
    "IndexAny",
    [text, text],
    intType,
    (_, value: string, characters: string) => byteIndex(value, firstOfAny(value, characters)),
    { charactersPerStep: limit.charactersRewrittenPerStep }
  ),
  declare("Replace", [text, text, text, intType], text, (_, value: string, from: string, to: string, most: number) =>
    replace(value, from, to, most)
  ),
  declare("ReplaceAll", [text, text, text], text, (_, value: string, from: string, to: string) =>
    replace(value, from, to)
  ),
  declare(
    "Sprintf",
    [text, anyType],
    text,
    (_, charge: Charge, format: string, ...given: Array<never>) => sprintf(format, given, charge),
    { required: 1, rest: true, charges: true }
  ),
  declare("ToString", [anyType], text, (_, value: unknown) => (typeof value === "string" ? value : "")),
  declare("Match", [text, text], boolType, (_, pattern: string, value: string) => glob(pattern, value)),
  declare("B64Decode", [text], text, (_, value: string) => decodeBase64(value)),
  // Without a log to write to: rules that call it while being written go on working.
  declare("LogInfo", [text, anyType], boolType, () => true, { required: 1, rest: true })
]
