/** Numbers that the port takes: nonsense is a fault of the program, so it dies of it. */
import * as Effect from "effect/Effect"

export const wholeNumber = (value: number | undefined, least: number, name: string): Effect.Effect<void> =>
  value === undefined || (Number.isSafeInteger(value) && value >= least)
    ? Effect.void
    : Effect.die(new RangeError(`${name} has to be a whole number from ${least} on, not ${value}`))
