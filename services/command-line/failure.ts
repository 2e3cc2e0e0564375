/** How a command fails: one line for people on standard error, a stable code, exit status 1, never a stack trace. */
import * as Data from "effect/Data"
import { printableLines } from "../../domain/text/printable.ts"

/** What went wrong in words, and what to do. */
export class Failure extends Data.TaggedError("Failure")<{ readonly code: string; readonly message: string }> {}

/** Messages repeat what files and people say. In characters of a line. */
const longestLine = 8_000

/** The line for any expected error: those of the ports and services carry `code` and `message`. */
export const describe = (error: unknown): string => {
  if (typeof error === "object" && error !== null && "message" in error) {
    const code = "code" in error && typeof error.code === "string" ? ` (${error.code})` : ""
    return `testudo: ${printableLines(String(error.message), longestLine)}${code}`
  }
  return `testudo: ${printableLines(String(error), longestLine)}`
}
