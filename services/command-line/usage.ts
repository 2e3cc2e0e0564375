/**
 * A call that is not understood: the help of the command and the reason go to standard error, so that standard output
 * holds what was asked for and nothing else. The exit status tells it from a command that failed.
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"

/** Of a call that is not understood; a command that fails has 1. */
export const usageStatus = 2

export const isUsageError = (error: unknown): boolean => CliError.isCliError(error)

export const layerUsage = CliOutput.layerPresenter({
  present: (event) => {
    if (event._tag === "Version" || (event._tag === "Help" && event.reason === "Requested"))
      return CliOutput.defaultPresenter.present(event)
    const command = event.commandPath.join(" ")
    const reasons =
      event._tag === "InvalidInvocation"
        ? event.errors.map(({ message }) => message)
        : [`${command} needs a subcommand`]
    return Effect.gen(function* () {
      yield* Console.error(CliOutput.defaultFormatter({ colors: false }).formatHelpDoc(event.helpDoc))
      for (const reason of reasons) yield* Console.error(`testudo: ${inOneLine(reason)} (TST-CLI-USAGE)`)
    })
  }
})

/** What was meant stands in lines of its own. */
const inOneLine = (reason: string): string =>
  reason
    .split(/\n\s*\n/)
    .map((sentence) =>
      sentence
        .trim()
        .replaceAll(/\s*\n\s*/g, " ")
        .replace(/(?<![.?])$/, ".")
    )
    .join(" ")
