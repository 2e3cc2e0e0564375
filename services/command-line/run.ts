/** `testudo run`: the node. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import { formatProblem } from "../../domain/rules/problem.ts"
import { runNode } from "../node/node.ts"
import { configFlag, configurationOf, reread } from "./configuration-flag.ts"
import { describe } from "./failure.ts"

export const run = Command.make(
  "run",
  { config: configFlag },
  Effect.fnUntraced(function* ({ config }) {
    const configuration = yield* configurationOf(config)
    const again = reread(configuration.file).pipe(
      Effect.tap(({ problems }) =>
        Effect.forEach(problems, (problem) => Console.error(formatProblem(problem)), { discard: true })
      ),
      Effect.map((read) => read.configuration),
      Effect.catch((error) => Effect.as(Console.error(describe(error)), undefined))
    )
    yield* runNode(configuration, { reread: again })
  })
).pipe(
  Command.withDescription("Watch the logs that the configuration names, ban attackers, serve bouncers"),
  Command.withExamples([
    { command: "testudo run", description: "With ./testudo.yaml or /etc/testudo/testudo.yaml" },
    { command: "testudo run --config /srv/testudo.yaml", description: "With a configuration of your own" }
  ])
)
