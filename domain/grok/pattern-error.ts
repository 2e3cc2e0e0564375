/**
 * A pattern that cannot be used, said so that the person who wrote it can mend it.
 *
 * Codes: `TST-PATTERN-SYNTAX` (not valid RE2 syntax), `TST-PATTERN-UNSUPPORTED` (look-around, back-references and the
 * like: RE2 has none of them, because they cannot be matched in linear time), `TST-PATTERN-TOO-LARGE`,
 * `TST-GROK-UNKNOWN-NAME` (a reference to a pattern that nobody defined), `TST-GROK-RECURSION` (a pattern that contains
 * itself).
 */
export type PatternErrorCode =
  | "TST-PATTERN-SYNTAX"
  | "TST-PATTERN-UNSUPPORTED"
  | "TST-PATTERN-TOO-LARGE"
  | "TST-GROK-UNKNOWN-NAME"
  | "TST-GROK-RECURSION"

export class PatternError extends Error {
  override readonly name = "PatternError"
  readonly code: PatternErrorCode
  /** Index into the pattern text (for a grok: into the text after expansion) at which the trouble begins. */
  readonly offset: number

  constructor(code: PatternErrorCode, message: string, offset = 0) {
    super(message)
    this.code = code
    this.offset = offset
  }
}
