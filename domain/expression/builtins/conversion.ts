import type { FunctionDeclaration } from "../environment.ts"
import { declare } from "../environment.ts"
import { decodeBase64, encodeBase64 } from "../base64.ts"
import { limit } from "../limit.ts"
import { parseJson, writeJson } from "../json.ts"
import { anyType, stringType } from "../type.ts"

export const conversionBuiltins: ReadonlyArray<FunctionDeclaration> = [
  declare("toJSON", [anyType], stringType, (_, value: unknown) => writeJson(value, "  ")),
  declare("fromJSON", [stringType], anyType, (_, text: string) => parseJson(text), {
    charactersPerStep: limit.charactersParsedPerStep
  }),
  declare("toBase64", [stringType], stringType, (_, text: string) => encodeBase64(text)),
  declare("fromBase64", [stringType], stringType, (_, text: string) => decodeBase64(text))
]
