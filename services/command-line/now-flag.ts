/** `--now TIME`: what a command that looks at the past takes as now. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Flag from "effect/cli/Flag"
import { parseTimestamp } from "../../domain/time/instant.ts"
import { Failure } from "./failure.ts"

export const nowFlag = Flag.optional(
  Flag.String("now").pipe(
    Flag.withMetavar("TIME"),
    Flag.withDescription("The time to take as now (RFC 3339): fixes the year of time stamps without one")
  )
)

/** In milliseconds since 1970; without the flag it is the clock's. */
export const nowOf = (flag: Option.Option<string>): Effect.Effect<number, Failure> =>
  Option.match(flag, {
    onNone: () => Clock.currentTimeMillis,
    onSome: (text) => {
      const now = parseTimestamp(text)
      return now === undefined
        ? Effect.fail(
            new Failure({
              code: "TST-CLI-TIME",
              message: `--now ${text}: not a time; write one such as 2026-01-31T00:00:00Z.`
            })
          )
        : Effect.succeed(now)
    }
  })
