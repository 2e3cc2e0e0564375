/** An expression that cannot be loaded: it does not parse, names something unknown, or mixes types. */
export class ExpressionError extends Error {
  /** Stable code: `TST-EXPR-SYNTAX`, `TST-EXPR-NAME`, `TST-EXPR-TYPE`, `TST-EXPR-PATTERN` or `TST-EXPR-LIMIT`. */
  readonly code: ExpressionErrorCode
  /** UTF-16 offset into the text of the expression. */
  readonly offset: number
  /** From 1, within the text of the expression. */
  readonly line: number
  /** From 1. */
  readonly column: number

  constructor(code: ExpressionErrorCode, message: string, text: string, offset: number) {
    super(message)
    this.name = "ExpressionError"
    this.code = code
    this.offset = offset
    const before = text.slice(0, offset)
    this.line = before.split("\n").length
    this.column = offset - before.lastIndexOf("\n")
  }
}

export type ExpressionErrorCode =
  | "TST-EXPR-SYNTAX"
  | "TST-EXPR-NAME"
  | "TST-EXPR-TYPE"
  | "TST-EXPR-PATTERN"
  | "TST-EXPR-LIMIT"

/**
 * An expression that failed on the values it met, such as a member of nil. Whoever writes log lines can provoke it, so
 * it must cost little: it has no stack, though it is an `Error` for whoever asks with `instanceof`.
 */
export class EvaluationError {
  readonly name = "EvaluationError"
  /** Stable code of the error catalogue. */
  readonly code = "TST-EXPR-EVALUATION"
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}
Object.setPrototypeOf(EvaluationError.prototype, Error.prototype)
