/** What the node says: one line each, warnings and errors marked, no JSON and no stack traces for expected things. */
import * as Cause from "effect/Cause"
import * as Logger from "effect/Logger"
import { printableLines } from "../../domain/text/printable.ts"

const marks: Readonly<Record<string, string>> = { Warn: "warning: ", Error: "error: ", Fatal: "error: " }

/** Log messages on standard error, for people. */
export const consoleLogger = Logger.make<unknown, void>(({ message, logLevel, cause }) => {
  const text = (Array.isArray(message) ? message : [message]).map(String).join(" ")
  const why = cause.reasons.length === 0 ? "" : `\n${Cause.pretty(cause)}`
  console.error(`${marks[logLevel] ?? ""}${printableLines(text)}${why}`)
})
