/** `testudo run`: the node. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { formatProblem } from "../../domain/document/problem.ts"
import type { Configuration } from "../configuration/configuration.ts"
import { runNode } from "../node/node.ts"
import { configFlag, configurationOf, reread } from "./configuration-flag.ts"
import { describe } from "./failure.ts"
import { outlivesItsReader } from "./output.ts"

const roleFlag = Flag.optional(
  Flag.Literals("role", ["all", "agent", "api"]).pipe(
    Flag.withDescription("What this node does among others on one event store, instead of what the configuration says")
  )
)

export const run = Command.make(
  "run",
  { config: configFlag, role: roleFlag },
  Effect.fnUntraced(function* ({ config, role }) {
    const withRole = (read: Configuration): Configuration => ({
      ...read,
      role: Option.getOrElse(role, () => read.role)
    })
    const configuration = withRole(yield* configurationOf(config))
    const again = reread(configuration.file).pipe(
      Effect.tap(({ problems }) =>
        Effect.forEach(problems, (problem) => Console.error(formatProblem(problem)), { discard: true })
      ),
      Effect.map((read) => (read.configuration === undefined ? undefined : withRole(read.configuration))),
      Effect.catch((error) => Effect.as(Console.error(describe(error)), undefined))
    )
    outlivesItsReader()
    yield* runNode(configuration, { reread: again })
  })
).pipe(
  Command.withDescription("Watch the logs that the configuration names, ban attackers, serve bouncers"),
  Command.withExamples([
    { command: "testudo run", description: "With ./testudo.yaml or /etc/testudo/testudo.yaml" },
    { command: "testudo run --config /srv/testudo.yaml", description: "With a configuration of your own" },
    { command: "testudo run --role agent", description: "Watch this machine's logs for an api node elsewhere" }
  ])
)
