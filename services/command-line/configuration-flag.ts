/** `--config FILE`: which configuration a command goes by. */
import { access, readFile } from "node:fs/promises"
import { dirname, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Flag from "effect/cli/Flag"
import { formatProblem } from "../../domain/document/problem.ts"
import type { Configuration } from "../configuration/configuration.ts"
import { type ReadConfiguration, readConfiguration } from "../configuration/configuration-file.ts"
import { reason } from "../file-failure.ts"
import { Failure } from "./failure.ts"

/** The rules that ship with Testudo. */
export const starterHub = resolve(dirname(fileURLToPath(import.meta.url)), "../../hub")

/** Where a configuration is looked for when none is named. */
const usual = ["testudo.yaml", "/etc/testudo/testudo.yaml"]

export const configFlag = Flag.optional(
  Flag.String("config").pipe(
    Flag.withAlias("c"),
    Flag.withMetavar("FILE"),
    Flag.withDescription(`The configuration; without it ${usual.join(" or ")}, whichever is there first`)
  )
)

const exists = (file: string) =>
  Effect.promise(() =>
    access(file).then(
      () => true,
      () => false
    )
  )

const findFile = (flag: Option.Option<string>) =>
  Effect.gen(function* () {
    if (Option.isSome(flag)) return flag.value
    for (const file of usual) if (yield* exists(file)) return file
    return yield* new Failure({
      code: "TST-CONFIG-MISSING",
      message: `No configuration found: looked for ${usual.join(" and ")}. Name one with --config FILE.`
    })
  })

/** Reads a file again, as when it was edited. */
export const reread = (file: string): Effect.Effect<ReadConfiguration, Failure> =>
  Effect.tryPromise({
    try: () => readFile(file),
    catch: (cause) =>
      new Failure({
        code: "TST-CONFIG-UNREADABLE",
        message: `The configuration ${file} cannot be read: ${reason(cause)}.`
      })
  }).pipe(Effect.map((content) => readConfiguration(file, content, starterHub)))

/** The configuration to go by; what is wrong with it is said line by line. */
export const configurationOf = (flag: Option.Option<string>): Effect.Effect<Configuration, Failure> =>
  Effect.gen(function* () {
    const file = yield* findFile(flag)
    const { configuration, problems } = yield* reread(file)
    for (const problem of problems) yield* Console.error(formatProblem(problem))
    if (configuration === undefined) {
      return yield* new Failure({
        code: "TST-CONFIG-WRONG",
        message: `The configuration ${file} has errors; see above.`
      })
    }
    return configuration
  })
