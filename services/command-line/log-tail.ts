/** `testudo log tail`: the events themselves, in readable lines or as JSON. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { catalogue, type TestudoEvent } from "../../domain/events/catalogue.ts"
import { EventStore, type EventFilter } from "../event-store/event-store.ts"
import { eventLine } from "./event-line.ts"
import { Failure } from "./failure.ts"
import { readingLog, storeFlags } from "./store-flag.ts"

const jsonLine = (event: TestudoEvent): string =>
  JSON.stringify(event, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value
  )

const filterOf = (type: Option.Option<string>, stream: Option.Option<string>) =>
  Effect.gen(function* () {
    if (Option.isSome(type) && !Object.hasOwn(catalogue, type.value)) {
      return yield* new Failure({
        code: "TST-LOG-TYPE",
        message: `--type ${type.value}: there is no such event. There are ${Object.keys(catalogue).join(", ")}.`
      })
    }
    return {
      ...(Option.isSome(type) ? { types: [type.value] } : {}),
      ...(Option.isSome(stream) ? { streamPrefixes: [stream.value] } : {})
    } satisfies EventFilter
  })

/** The last so many events after a position that pass the filter. */
const lastAfter = Effect.fnUntraced(function* (after: number, filter: EventFilter, count: number) {
  const store = yield* EventStore
  const last: Array<TestudoEvent> = []
  yield* store.subscribe({ after, filter }).pipe(
    Stream.takeUntil((item) => item._tag === "CaughtUp"),
    Stream.runForEach((item) =>
      Effect.sync(() => {
        if (item._tag === "Event" && last.push(item.event) > count) last.shift()
      })
    )
  )
  return last
})

/** Looked for from the end, in ever longer steps. A store that knows no positions between events is read whole. */
const lastEvents = Effect.fnUntraced(function* (filter: EventFilter, count: number) {
  const store = yield* EventStore
  const head = yield* store.head
  for (let reach = count; ; reach *= 4) {
    const after = Math.max(-1, head - reach)
    const last = yield* lastAfter(after, filter, count).pipe(
      Effect.catchIf(
        ({ code }) => code === "TST-STORE-POSITION",
        () => lastAfter(-1, filter, count)
      )
    )
    if (last.length >= count || after < 0) return { last, position: Math.max(head, last.at(-1)?.position ?? -1) }
  }
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
    follow: Flag.Boolean("follow").pipe(
      Flag.withAlias("f"),
      Flag.withDescription("Go on with what is appended, until Ctrl-C"),
      Flag.withDefault(false)
    ),
    type: Flag.optional(
      Flag.String("type").pipe(Flag.withDescription("Only events of this type, such as DecisionMade"))
    ),
    stream: Flag.optional(
      Flag.String("stream").pipe(
        Flag.withDescription("Only streams whose name begins so, such as offender-Ip:203.0.113.")
      )
    ),
    json: Flag.Boolean("json").pipe(Flag.withDescription("Print JSON, one event a line"), Flag.withDefault(false))
  },
  Effect.fnUntraced(function* (input) {
    const store = yield* EventStore
    const filter = yield* filterOf(input.type, input.stream)
    const show = (event: TestudoEvent) => Console.log(input.json ? jsonLine(event) : eventLine(event))
    const { last, position } = yield* lastEvents(filter, Math.max(1, input.lines))
    for (const event of last) yield* show(event)
    if (!input.follow) return
    yield* store
      .subscribe({ after: position, filter })
      .pipe(Stream.runForEach((item) => (item._tag === "Event" ? show(item.event) : Effect.void)))
  })
).pipe(
  Command.provide((input) => readingLog(input)),
  Command.withDescription("The last events of the log, one a line"),
  Command.withExamples([
    { command: "testudo log tail -f", description: "Watch the log grow, also beside a running node" },
    {
      command: "testudo log tail --stream offender-Ip:203.0.113.9 -n 100 --json",
      description: "All about one offender"
    }
  ])
)
