/** The executable: `testudo COMMAND`. */
import "../engine/garbage-collection.ts"
import "../engine/linear-regex.ts"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import * as Command from "effect/cli/Command"
import { consoleLogger } from "../node/console.ts"
import { version } from "../version.ts"
import { bouncers } from "./bouncers.ts"
import { decisions } from "./decisions.ts"
import { erase } from "./erase.ts"
import { explain } from "./explain.ts"
import { describe, Failure } from "./failure.ts"
import { hubtest } from "./hubtest.ts"
import { log } from "./log.ts"
import { endWithReader, outputFailure } from "./output.ts"
import { replay } from "./replay.ts"
import { run } from "./run.ts"
import { isUsageError, layerUsage, usageStatus } from "./usage.ts"

const testudo = Command.make("testudo").pipe(
  Command.withDescription(
    "A firewall that remembers: reads logs, recognises attackers by what they do, bans them, and can tell why."
  ),
  Command.withSubcommands([run, replay, decisions, bouncers, explain, hubtest, log, erase]),
  Command.withExamples([
    { command: "testudo run", description: "Watch the logs that testudo.yaml names and ban attackers" },
    {
      command: "testudo replay /var/log/auth.log* --type syslog",
      description: "Who would have been banned? Ask the logs of the past"
    },
    { command: "testudo decisions list", description: "Who is banned now" },
    { command: "testudo bouncers add nginx", description: "A key for a bouncer" }
  ])
)

/** What is named relative to a folder that somebody deleted cannot be found; Node would only say `uv_cwd`. */
const standsSomewhere = Effect.try({
  try: () => process.cwd(),
  catch: () =>
    new Failure({
      code: "TST-CLI-FOLDER",
      message: "The current folder is not there any more, or not readable. Change to another one."
    })
})

/** `-4h` would be the options -4 and -h, and whoever asks for help is told that all went well. */
const namesNoNumber = Effect.suspend(() => {
  const ends = process.argv.indexOf("--", 2)
  const number = process.argv.slice(2, ends < 0 ? undefined : ends).find((argument) => /^-\d/.test(argument))
  if (number === undefined) return Effect.void
  const message = `${number} is no option, and no value is negative here. Text that begins like that goes behind \`--\`.`
  return Effect.fail(new Failure({ code: "TST-CLI-NEGATIVE", message }))
})

const program = Effect.andThen(Effect.andThen(standsSomewhere, namesNoNumber), Command.run(testudo, { version })).pipe(
  // A defect is a fault of Testudo's own: shown whole. Everything else is said in one line.
  Effect.tapError((error) => (isUsageError(error) ? Effect.void : Console.error(describe(error)))),
  // Standard output belongs to what a command prints.
  Effect.provide([NodeServices.layer, layerUsage, Logger.layer([consoleLogger])])
)

endWithReader()
NodeRuntime.runMain(program, {
  disableErrorReporting: true,
  teardown: (exit, onExit) => {
    if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) {
      const failure = outputFailure()
      if (failure !== undefined) console.error(failure)
      return onExit(failure === undefined ? 0 : 1)
    }
    if (Cause.hasDies(exit.cause)) console.error(Cause.pretty(exit.cause))
    return onExit(
      exit.cause.reasons.some((reason) => Cause.isFailReason(reason) && isUsageError(reason.error)) ? usageStatus : 1
    )
  }
})
