/** `--timezone`: the zone of time stamps that name none. */
import * as Effect from "effect/Effect"
import * as Flag from "effect/cli/Flag"
import { isZone } from "../../domain/time/zone.ts"
import { Failure } from "./failure.ts"

export const timezoneFlag = Flag.String("timezone").pipe(
  Flag.withMetavar("ZONE"),
  Flag.withDescription("Zone of time stamps that name none, such as Europe/Berlin; UTC without it"),
  Flag.withDefault("UTC")
)

export const checkZone = (zone: string): Effect.Effect<void, Failure> =>
  isZone(zone)
    ? Effect.void
    : Effect.fail(
        new Failure({
          code: "TST-CLI-ZONE",
          message: `--timezone ${zone}: not a time zone; write one such as Europe/Berlin or UTC.`
        })
      )
