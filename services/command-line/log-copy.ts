/** `testudo log copy`: a log into another store, such as from the embedded one to a server. */
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import { copyLog } from "../event-store/copy-log.ts"
import { EventStore } from "../event-store/event-store.ts"
import { storeNamed } from "./store-flag.ts"

const location = (name: string, description: string) =>
  Argument.String(name).pipe(Argument.withDescription(`${description}, such as embedded:./data/store`))

export const copy = Command.make(
  "copy",
  {
    from: location("from", "The store to copy"),
    to: location("to", "The store to copy into: empty, or an unfinished copy")
  },
  Effect.fnUntraced(function* (input) {
    const from = Context.get(yield* Layer.build(storeNamed(input.from, "reader")), EventStore)
    const to = Context.get(yield* Layer.build(storeNamed(input.to, "writer")), EventStore)
    let copied = 0
    const { events, digest } = yield* copyLog(from, to, (more) => {
      copied += more
      if (process.stderr.isTTY === true) process.stderr.write(`\r${copied} events`)
    })
    if (process.stderr.isTTY === true) process.stderr.write("\r\x1b[K")
    yield* Console.log(`${copied} events copied. Both logs hold ${events} events, the same ones (SHA-256 ${digest}).`)
  }, Effect.scoped)
).pipe(
  Command.withDescription("Copy a log into another store and compare both; stopped, it goes on where it was"),
  Command.withExamples([
    { command: "testudo log copy embedded:./data/store embedded:/mnt/copy", description: "While no node writes to it" }
  ])
)
