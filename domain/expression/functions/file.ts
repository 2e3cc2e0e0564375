import type { FunctionDeclaration } from "../environment.ts"
import { declare } from "../environment.ts"
import { arrayOf, boolType, mapOf, stringType } from "../type.ts"

const text = stringType
const noLines: ReadonlyArray<string> = []

export const fileFunctions: ReadonlyArray<FunctionDeclaration> = [
  declare("File", [text], arrayOf(text), ({ files }, name: string) => files.lines(name) ?? noLines, { effect: "data" }),
  declare(
    "RegexpInFile",
    [text, text],
    boolType,
    ({ files }, value: string, name: string) => files.matches(name, value),
    {
      effect: "data"
    }
  ),
  declare("LookupFile", [text, text], text, ({ files }, value: string, name: string) => files.lookup(name, value), {
    effect: "data"
  }),
  declare(
    "MatchKnownBot",
    [text, text, text, text],
    boolType,
    ({ files }, address: string, agent: string, path: string, ...names: Array<never>) =>
      files.isKnownBot(names, address, agent, path),
    { required: 3, rest: true, effect: "data" }
  ),
  declare("FileMap", [text], arrayOf(mapOf(stringType)), ({ files }, name: string) => files.entries(name) ?? [], {
    effect: "data"
  })
]
