import * as Flag from "effect/cli/Flag"

/** A flag that is given or not. */
export const toggleFlag = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false))
