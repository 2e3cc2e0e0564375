/** `testudo bouncers`: the keys with which bouncers ask for decisions. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { Administration } from "../api/administration.ts"
import { Projections } from "../projections/projections.ts"
import { jsonFlag } from "./json-flag.ts"
import { jsonText } from "./json-text.ts"
import { reading, storeFlags, writing } from "./store-flag.ts"
import { table } from "./table.ts"

const name = Argument.String("name").pipe(Argument.withDescription("Its name, such as nginx or firewall@web1"))

const add = Command.make(
  "add",
  {
    name,
    key: Flag.optional(
      Flag.String("key").pipe(
        Flag.withAlias("k"),
        Flag.withDescription("A key of your own; without it a random one is made")
      )
    ),
    json: jsonFlag,
    ...storeFlags
  },
  Effect.fnUntraced(function* (input) {
    const administration = yield* Administration
    const added = yield* administration.addBouncer({
      name: input.name,
      ...(Option.isSome(input.key) ? { key: input.key.value } : {})
    })
    if (input.json) return yield* Console.log(jsonText(added))
    yield* Console.log(
      `Key of bouncer ${added.name}; it is shown this once, only its hash is kept:\n\n  ${added.key}\n`
    )
  })
).pipe(
  Command.provide((input) => writing(input)),
  Command.withDescription("Register a bouncer and make its key"),
  Command.withExamples([
    { command: "testudo bouncers add nginx", description: "Prints the key, once" },
    { command: "testudo bouncers add nginx --json | jq -r .key", description: "For a script" }
  ])
)

const list = Command.make(
  "list",
  { json: jsonFlag, ...storeFlags },
  Effect.fnUntraced(function* (input) {
    const projections = yield* Projections
    yield* projections.ready("bouncers")
    const registered = [...projections.states().bouncers.byName.values()].map((bouncer) => ({
      name: bouncer.name,
      since: new Date(bouncer.registeredAt).toISOString()
    }))
    if (input.json) return yield* Console.log(jsonText(registered))
    if (registered.length === 0)
      return yield* Console.log("No bouncer is registered. Add one: testudo bouncers add NAME")
    yield* Console.log(
      table(
        ["NAME", "SINCE"],
        registered.map((bouncer) => [bouncer.name, bouncer.since])
      )
    )
  })
).pipe(
  Command.provide((input) => reading(input)),
  Command.withDescription("Which bouncers are registered")
)

const remove = Command.make(
  "delete",
  { name, ...storeFlags },
  Effect.fnUntraced(function* (input) {
    const administration = yield* Administration
    yield* administration.deleteBouncer(input.name)
    yield* Console.log(`Bouncer ${input.name} is deleted; its key no longer opens anything.`)
  })
).pipe(
  Command.provide((input) => writing(input)),
  Command.withDescription("Take a bouncer's key away")
)

export const bouncers = Command.make("bouncers").pipe(
  Command.withDescription("Who may ask for decisions: add, list, delete"),
  Command.withSubcommands([add, list, remove])
)
