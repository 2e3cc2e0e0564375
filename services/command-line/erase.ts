/** `testudo erase VALUE`: the log forgets one offender. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import { eraseOffender } from "../erasure/erase.ts"
import { Failure } from "./failure.ts"
import { operator } from "./log-verify.ts"
import { storeFlags, storeOf } from "./store-flag.ts"

export const erase = Command.make(
  "erase",
  {
    value: Argument.String("value").pipe(Argument.withDescription("An address, a range, or another offender's value")),
    ...storeFlags
  },
  Effect.fnUntraced(function* (input) {
    const { location } = yield* storeOf(input)
    if (location.kind !== "embedded") {
      return yield* new Failure({
        code: "TST-ERASE-EMBEDDED",
        message:
          "Only the embedded store can rewrite its events. Copy the log into one with `testudo log copy`, erase there, " +
          "and copy it into an empty database."
      })
    }
    const { lines, batches, events } = yield* eraseOffender(location.directory, input.value, operator())
    yield* Console.log(
      lines + events === 0
        ? "The log says nothing of this value."
        : `${lines} lines in ${batches} batches were erased, and ${events} other events rewritten. The stream audit says when and by whom.`
    )
  })
).pipe(
  Command.withDescription("Erase what the log says of one offender; order and digests still verify"),
  Command.withExamples([{ command: "testudo erase 203.0.113.9", description: "While no node runs" }])
)
