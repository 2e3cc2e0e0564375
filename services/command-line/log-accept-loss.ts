/** `testudo log accept-loss`: going on with a log that lost acknowledged events. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Command from "effect/cli/Command"
import { acceptLoss } from "../event-store/accept-loss.ts"
import { formatEnd } from "../event-store/chain.ts"
import { Failure } from "./failure.ts"
import { operator } from "./operator.ts"
import { storeFlags, storeOf } from "./store-flag.ts"

export const acceptTheLoss = Command.make(
  "accept-loss",
  storeFlags,
  Effect.fnUntraced(function* (input) {
    const { location } = yield* storeOf(input)
    if (location.kind !== "embedded") {
      return yield* new Failure({
        code: "TST-LOG-EMBEDDED",
        message: "Only the embedded store keeps a head record; a server answers for its own losses."
      })
    }
    const { acknowledged, found } = yield* acceptLoss(location.directory, operator())
    const before = acknowledged === undefined ? "an unknown position" : formatEnd(acknowledged)
    yield* Console.log(
      `The log goes on behind ${formatEnd(found)}; it had come to ${before}. The stream audit says so.`
    )
  })
).pipe(
  Command.withDescription(
    "Go on with a log that lost acknowledged events, as after restoring a backup; the log records it"
  )
)
