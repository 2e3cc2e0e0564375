/** `testudo log`: the event log itself. */
import * as Command from "effect/cli/Command"
import { acceptTheLoss } from "./log-accept-loss.ts"
import { printCatalogue } from "./log-catalogue.ts"
import { copy } from "./log-copy.ts"
import { stats } from "./log-stats.ts"
import { tail } from "./log-tail.ts"
import { verify } from "./log-verify.ts"

export const log = Command.make("log").pipe(
  Command.withDescription("The event log itself: check it, look into it, copy it"),
  Command.withSubcommands([verify, stats, tail, copy, acceptTheLoss, printCatalogue])
)
