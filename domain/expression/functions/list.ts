import type { FunctionDeclaration } from "../environment.ts"
import { declare } from "../environment.ts"
import { unique } from "../equality.ts"
import { anyType, arrayOf } from "../type.ts"
import { flattened, isNil } from "../value.ts"

const items = arrayOf(anyType)

/** A list that is nil has no items. */
const flatten = (given: ReadonlyArray<unknown>): ReadonlyArray<unknown> =>
  flattened(given.filter((list) => !isNil(list)))

export const listFunctions: ReadonlyArray<FunctionDeclaration> = [
  declare("Distinct", [items], items, (_, given: ReadonlyArray<unknown>) => unique(given)),
  declare("Flatten", [anyType], items, (_, ...given: Array<never>) => flatten(given), { rest: true }),
  declare("FlattenDistinct", [anyType], items, (_, ...given: Array<never>) => unique(flatten(given)), { rest: true })
]
