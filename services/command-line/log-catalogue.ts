/** `testudo log catalogue`: every event there is. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import { eventCatalogue } from "./event-catalogue.ts"

export const printCatalogue = Command.make("catalogue", {}, () =>
  Effect.suspend(() => Console.log(eventCatalogue().trimEnd()))
).pipe(Command.withDescription("Every event there is, with its schema and an example: the page docs/events.md"))
