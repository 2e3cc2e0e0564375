/** `testudo decisions`: who is banned, and a person's own decisions. */
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { formatWireDuration } from "../../domain/time/duration.ts"
import { activeAt } from "../../projections/active-bans.ts"
import { Administration } from "../api/administration.ts"
import { Projections } from "../projections/projections.ts"
import { counted } from "./counted.ts"
import { Failure } from "./failure.ts"
import { jsonFlag } from "./json-flag.ts"
import { jsonText } from "./json-text.ts"
import { reading, storeFlags, writing } from "./store-flag.ts"
import { table } from "./table.ts"
import { toggleFlag } from "./toggle-flag.ts"

const list = Command.make(
  "list",
  { ...storeFlags, json: jsonFlag },
  Effect.fnUntraced(function* (input) {
    const projections = yield* Projections
    yield* projections.ready("activeBans")
    const now = yield* Clock.currentTimeMillis
    const active = activeAt(projections.states().activeBans, now)
    if (input.json) {
      const iso = (milliseconds: number) => new Date(milliseconds).toISOString()
      const shown = active.map(({ number, scope, value, type, from, until, origin, scenario, simulated, reason }) => ({
        id: number,
        scope,
        value,
        type,
        from: iso(from),
        until: iso(until),
        origin,
        scenario,
        simulated,
        reason
      }))
      return yield* Console.log(jsonText(shown))
    }
    if (active.length === 0) return yield* Console.log("Nobody is banned.")
    const rows = active.map(({ number, scope, value, type, until, origin, scenario, simulated, reason }) => [
      String(number),
      `${scope}:${value}`,
      simulated ? `${type} (simulated)` : type,
      formatWireDuration(Math.max(1, Math.ceil((until - now) / 1000))),
      origin,
      scenario,
      reason
    ])
    yield* Console.log(table(["ID", "WHO", "WHAT", "FOR ANOTHER", "ORIGIN", "SCENARIO", "REASON"], rows))
  })
).pipe(
  Command.provide((input) => reading(input)),
  Command.withDescription("Who is banned now, until when and why"),
  Command.withExamples([{ command: "testudo decisions list --json", description: "For a program" }])
)

const add = Command.make(
  "add",
  {
    value: Argument.String("value").pipe(
      Argument.withDescription("An address, a range such as 203.0.113.0/24, or what --scope says")
    ),
    scope: Flag.optional(
      Flag.String("scope").pipe(
        Flag.withAlias("s"),
        Flag.withDescription("What the value is, if no address or range: Country, AS, Username, or another word")
      )
    ),
    type: Flag.String("type").pipe(
      Flag.withAlias("t"),
      Flag.withDescription("ban (without it), captcha, throttle, or another word that your bouncer knows"),
      Flag.withDefault("ban")
    ),
    duration: Flag.String("duration").pipe(
      Flag.withAlias("d"),
      Flag.withDescription("How long, such as 30m, 4h (without it) or 7d"),
      Flag.withDefault("4h")
    ),
    reason: Flag.String("reason").pipe(Flag.withDescription("Why, for whoever reads it later"), Flag.withDefault("")),
    ...storeFlags
  },
  Effect.fnUntraced(function* ({ value, scope: given, type, duration, reason }) {
    const administration = yield* Administration
    const scope = Option.isSome(given) ? { scope: given.value } : {}
    const decision = yield* administration.addDecision({ value, ...scope, type, duration, reason })
    yield* Console.log(
      `${decision.type} ${decision.scope}:${decision.value} for ${decision.duration}, decision ${decision.number}`
    )
  })
).pipe(
  Command.provide((input) => writing(input)),
  Command.withDescription("Ban an address, a range or anything else yourself"),
  Command.withExamples([
    { command: "testudo decisions add 203.0.113.9", description: "Ban for four hours" },
    { command: "testudo decisions add --scope Country FR", description: "For bouncers that know countries" },
    {
      command: 'testudo decisions add 198.51.100.0/24 -t captcha -d 7d --reason "scrapers"',
      description: "A milder remediation for a range, for a week"
    }
  ])
)

const remove = Command.make(
  "delete",
  {
    value: Argument.String("value").pipe(
      Argument.withDescription("The address, range or other value whose decisions end, or #ID for one decision"),
      Argument.optional
    ),
    all: toggleFlag("all", "End all active decisions"),
    ...storeFlags
  },
  Effect.fnUntraced(function* ({ value, all }) {
    const administration = yield* Administration
    // An empty value is a variable that a script did not set.
    if (Option.isSome(value) === all || Option.exists(value, (text) => text.trim() === "")) {
      return yield* new Failure({
        code: "TST-CLI-DELETE",
        message: "Say which decisions to delete: a VALUE, #ID, or --all. See: testudo decisions list"
      })
    }
    const id = Option.isSome(value) ? /^#(\d{1,10})$/.exec(value.value)?.[1] : undefined
    const which = all
      ? { all: true as const }
      : id === undefined
        ? { value: Option.getOrThrow(value) }
        : { id: Number(id) }
    const { deleted, stillCoveredBy } = yield* administration.deleteDecisions(which)
    yield* Console.log(`${counted(deleted, "decision")} ended`)
    if (stillCoveredBy.length > 0) {
      yield* Console.log(`Still covered by ${stillCoveredBy.join(", ")}: delete that as well if you mean it.`)
    }
  })
).pipe(
  Command.provide((input) => writing(input)),
  Command.withDescription("End decisions before their time; what was decided stays in the log"),
  Command.withExamples([
    { command: "testudo decisions delete 203.0.113.9", description: "Everything about one address" },
    { command: "testudo decisions delete '#17'", description: "One decision, by its id" }
  ])
)

export const decisions = Command.make("decisions").pipe(
  Command.withDescription("Who is banned: list, add, delete"),
  Command.withSubcommands([list, add, remove])
)
