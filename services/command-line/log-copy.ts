/** `testudo log copy`: a log into another store, such as from the embedded one to a server. */
import { realpathSync } from "node:fs"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import { copyLog } from "../event-store/copy-log.ts"
import { EventStore } from "../event-store/event-store.ts"
import { counted } from "./counted.ts"
import { Failure } from "./failure.ts"
import { type NamedStore, namedStore, storeNamed } from "./store-flag.ts"

const location = (name: string, description: string) =>
  Argument.String(name).pipe(Argument.withDescription(`${description}, such as embedded:./data/store`))

/** A store beside itself is no backup, and would be told to be one. */
const refuseItself = Effect.fnUntraced(function* (input: { readonly from: string; readonly to: string }) {
  const [from, to] = yield* Effect.all([namedStore(input.from), namedStore(input.to)])
  if (placeOf(from) !== placeOf(to)) return
  return yield* new Failure({
    code: "TST-LOG-COPY-ITSELF",
    message: `${input.from} and ${input.to} are the same store. Name another place for the copy.`
  })
})

const placeOf = ({ location }: NamedStore): string => {
  if (location.kind === "eventstoredb") return location.hosts.join(",")
  try {
    return realpathSync(location.directory)
  } catch {
    return location.directory
  }
}

export const copy = Command.make(
  "copy",
  {
    from: location("from", "The store to copy"),
    to: location("to", "The store to copy into: empty, or an unfinished copy")
  },
  Effect.fnUntraced(function* (input) {
    yield* refuseItself(input)
    const from = Context.get(yield* Layer.build(storeNamed(input.from, "reader")), EventStore)
    const to = Context.get(yield* Layer.build(storeNamed(input.to, "writer")), EventStore)
    let copied = 0
    const { events, digest } = yield* copyLog(from, to, (more) => {
      copied += more
      if (process.stderr.isTTY === true) process.stderr.write(`\r${counted(copied, "event")}`)
    })
    if (process.stderr.isTTY === true) process.stderr.write("\r\x1b[K")
    yield* Console.log(
      `${counted(copied, "event")} copied. Both logs hold ${counted(events, "event")}, the same (SHA-256 ${digest}).`
    )
  }, Effect.scoped)
).pipe(
  Command.withDescription("Copy a log into another store and compare both; stopped, it goes on where it was"),
  Command.withExamples([
    { command: "testudo log copy embedded:./data/store embedded:/mnt/copy", description: "While no node writes to it" }
  ])
)
