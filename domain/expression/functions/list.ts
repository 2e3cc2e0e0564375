import { unique } from "../builtins/collection.ts"
import type { FunctionDeclaration } from "../environment.ts"
import { declare } from "../environment.ts"
import { limit } from "../limit.ts"
import { anyType, arrayOf } from "../type.ts"

const items = arrayOf(anyType)

export const listFunctions: ReadonlyArray<FunctionDeclaration> = [
  declare("Distinct", [items], items, (_, given: ReadonlyArray<unknown>) => unique(given)),
  declare("Flatten", [anyType], items, (_, ...given: Array<never>) => given.flat(limit.depth), { rest: true }),
  declare("FlattenDistinct", [anyType], items, (_, ...given: Array<never>) => unique(given.flat(limit.depth)), {
    rest: true
  })
]
