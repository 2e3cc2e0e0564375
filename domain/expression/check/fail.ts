import type { ExpressionErrorCode } from "../error.ts"
import type { Node } from "../syntax.ts"

/** Refuses the expression at a node: throws `ExpressionError`, with the code `TST-EXPR-TYPE` unless told another. */
export type Fail = (node: Node, message: string, code?: ExpressionErrorCode) => never
