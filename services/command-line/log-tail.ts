/** `testudo log tail`: the events themselves, in readable lines or as JSON. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { catalogue, type TestudoEvent } from "../../domain/events/catalogue.ts"
import { LeaseRenewed } from "../../domain/events/lease.ts"
import { EventStore, type EventFilter } from "../event-store/event-store.ts"
import { eventLine } from "./event-line.ts"
import { Failure } from "./failure.ts"
import { jsonText } from "./json-text.ts"
import { readingLog, storeFlags } from "./store-flag.ts"
import { toggleFlag } from "./toggle-flag.ts"

const jsonLine = (event: TestudoEvent): string =>
  jsonText(event, (_, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value))

/** What only says that a process lives still: there is far more of it than of anything else. */
const noise = new Set<string>([LeaseRenewed.type])

const filterOf = (input: {
  readonly type: Option.Option<string>
  readonly stream: Option.Option<string>
  readonly all: boolean
}) =>
  Effect.gen(function* () {
    const { type, stream, all } = input
    if (Option.isSome(type) && !Object.hasOwn(catalogue, type.value)) {
      return yield* new Failure({
        code: "TST-LOG-TYPE",
        message: `--type ${type.value}: there is no such event. There are ${Object.keys(catalogue).join(", ")}.`
      })
    }
    const types = Option.isSome(type) ? [type.value] : Object.keys(catalogue).filter((each) => !noise.has(each))
    return {
      ...(all && Option.isNone(type) ? {} : { types }),
      ...(Option.isSome(stream) ? { streamPrefixes: [stream.value] } : {})
    } satisfies EventFilter
  })

export const tail = Command.make(
  "tail",
  {
    ...storeFlags,
    lines: Flag.Int("lines").pipe(
      Flag.withAlias("n"),
      Flag.withDescription("How many of the last events; without it 20"),
      Flag.withDefault(20)
    ),
    follow: toggleFlag("follow", "Go on with what is appended, until Ctrl-C").pipe(Flag.withAlias("f")),
    type: Flag.optional(
      Flag.String("type").pipe(Flag.withDescription("Only events of this type, such as DecisionMade"))
    ),
    stream: Flag.optional(
      Flag.String("stream").pipe(
        Flag.withDescription("Only streams whose name begins so, such as offender-Ip:203.0.113.")
      )
    ),
    all: toggleFlag("all", "Also that processes still hold their roles (LeaseRenewed), many a minute"),
    json: toggleFlag("json", "Print JSON, one event a line")
  },
  Effect.fnUntraced(function* (input) {
    if (input.lines < 0) {
      return yield* new Failure({
        code: "TST-LOG-LINES",
        message: `--lines ${input.lines}: so many lines there are not; 0 shows none.`
      })
    }
    const store = yield* EventStore
    const filter = yield* filterOf(input)
    const show = (event: TestudoEvent) => Console.log(input.json ? jsonLine(event) : eventLine(event))
    const head = yield* store.head
    const last = input.lines === 0 ? [] : yield* store.readLast(input.lines, { filter })
    // What is appended while this reads is not the last any more: whoever follows gets all of it from there.
    for (const event of last) if (!input.follow || event.position <= head) yield* show(event)
    if (!input.follow) return
    yield* store
      .subscribe({ after: head, filter })
      .pipe(Stream.runForEach((item) => (item._tag === "Event" ? show(item.event) : Effect.void)))
  })
).pipe(
  // Whoever follows wants to see what comes after a restart of the server as well.
  Command.provide((input) => readingLog(input, input.follow ? "wait" : "fail")),
  Command.withDescription("The last events of the log, one a line"),
  Command.withExamples([
    { command: "testudo log tail -f", description: "Watch the log grow, also beside a running node" },
    {
      command: "testudo log tail --stream offender-Ip:203.0.113.9 -n 100 --json",
      description: "All about one offender"
    }
  ])
)
