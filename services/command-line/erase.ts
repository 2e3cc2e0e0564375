/** `testudo erase VALUE`: the log forgets one offender. */
import { rmSync } from "node:fs"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import { eraseOffender } from "../erasure/erase-embedded.ts"
import { eraseOnServer } from "../erasure/erase-server.ts"
import { serverAt } from "../event-store/located-store.ts"
import { counted } from "./counted.ts"
import { operator } from "./operator.ts"
import { awaitsRole } from "./other-node.ts"
import { storeFlags, storeOf } from "./store-flag.ts"

export const erase = Command.make(
  "erase",
  {
    value: Argument.String("value").pipe(Argument.withDescription("An address, a range, or another offender's value")),
    ...storeFlags
  },
  Effect.fnUntraced(function* (input) {
    const { location, snapshots } = yield* storeOf(input)
    const isServer = location.kind === "eventstoredb"
    const { lines, batches, events } = isServer
      ? yield* eraseOnServer(serverAt(location, "fail"), input.value, operator(), awaitsRole)
      : yield* eraseOffender(location.directory, input.value, operator())
    // What was folded from the log before is folded anew, without him.
    if (isServer && snapshots !== undefined) rmSync(snapshots, { recursive: true, force: true })
    if (lines + events === 0) return yield* Console.log("The log says nothing of this value.")
    yield* Console.log(
      `Erased: ${counted(lines, "line")} in ${counted(batches, "batch", "batches")}. Rewritten: ${counted(events, "other event")}. The stream audit says when and by whom.`
    )
    if (isServer)
      yield* Console.log("The old text is on the server's disks until the next scavenge of each of its nodes.")
  })
).pipe(
  Command.withDescription("Erase what the log says of one offender; order and digests still verify"),
  Command.withExamples([{ command: "testudo erase 203.0.113.9", description: "While no node runs" }])
)
