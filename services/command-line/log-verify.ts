/** `testudo log verify`: is the log still what was written? */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { parseEnd } from "../event-store/chain.ts"
import type { Finding } from "../event-store/verification.ts"
import { storeAt } from "../event-store/located-store.ts"
import { verifyLog } from "../event-store/verify-log.ts"
import { verifyEmbedded } from "../event-store/verify-embedded.ts"
import { printable } from "../../domain/text/printable.ts"
import { counted } from "./counted.ts"
import { Failure } from "./failure.ts"
import { jsonFlag } from "./json-flag.ts"
import { jsonText } from "./json-text.ts"
import { storeFlags, storeOf } from "./store-flag.ts"

const head = Flag.optional(
  Flag.String("head").pipe(
    Flag.withMetavar("POSITION-HEX"),
    Flag.withDescription("The head that an earlier check printed and somebody kept: the log has to go on from there")
  )
)

const headOf = (flag: Option.Option<string>) =>
  Effect.gen(function* () {
    if (Option.isNone(flag)) return undefined
    const end = parseEnd(flag.value)
    if (end !== undefined) return end
    return yield* new Failure({
      code: "TST-LOG-HEAD",
      message: `--head ${flag.value}: not a head as \`testudo log verify\` prints it, such as 1742-9f86d0… with 64 digits behind the hyphen.`
    })
  })

const lineOf = ({ position, stream, revision, message }: Finding): string => {
  const event = stream === undefined ? "" : ` (revision ${revision} of ${JSON.stringify(stream)})`
  return printable(`${position === null ? "the log" : `position ${position}${event}`}: ${message}`)
}

export const verify = Command.make(
  "verify",
  { ...storeFlags, head, json: jsonFlag },
  Effect.fnUntraced(function* (input) {
    const { location } = yield* storeOf(input)
    const given = yield* headOf(input.head)
    const verification =
      location.kind === "embedded"
        ? yield* verifyEmbedded(location.directory, given)
        : yield* Effect.provide(verifyLog, storeAt(location, { mode: "reader", whenAway: "fail" }))
    const { events, streams, dropped, findings } = verification
    if (input.json) yield* Console.log(jsonText({ ok: findings.length === 0, ...verification }))
    else {
      for (const finding of findings) yield* Console.log(lineOf(finding))
      const gone = dropped === 0 ? "" : `, ${dropped.toLocaleString("en")} dropped by retention`
      const head = verification.head === null ? "" : `; head ${verification.head}`
      yield* Console.log(`${counted(events, "event")} in ${counted(streams, "stream")}${gone}${head}`)
      if (findings.length === 0) {
        yield* Console.log(verification.head === null ? "Nothing is wrong." : "The log is what was written.")
      }
    }
    if (findings.length === 0) return
    return yield* new Failure({
      code: "TST-LOG-WRONG",
      message: `The log is not what was written, first at ${lineOf(findings[0]!)}.`
    })
  })
).pipe(
  Command.withDescription("Check the log: order, ids, revisions, the hash chain, digests and the head record"),
  Command.withExamples([
    {
      command: "testudo log verify",
      description: "Also while a node runs; exit status 1 and the place when something is wrong"
    },
    { command: "testudo log verify --head 1742-9f86d0…", description: "Against a head that was kept elsewhere" }
  ])
)
