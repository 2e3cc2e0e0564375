import type { FunctionDeclaration } from "../environment.ts"
import { functionsOf } from "../environment.ts"
import { collectionBuiltins } from "./collection.ts"
import { conversionBuiltins } from "./conversion.ts"
import { dateBuiltins } from "./date.ts"
import { numberBuiltins } from "./number.ts"
import { textBuiltins } from "./text.ts"

/** Functions of the language itself, besides those with a predicate. */
export const builtins: ReadonlyMap<string, FunctionDeclaration> = functionsOf(
  collectionBuiltins,
  conversionBuiltins,
  dateBuiltins,
  numberBuiltins,
  textBuiltins
)
