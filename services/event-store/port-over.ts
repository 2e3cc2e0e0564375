/** What the port asks of its callers, whatever store is behind it. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { EventStore } from "./event-store.ts"

/** Nonsense is a fault of the program, so it dies of it. */
const wholeNumber = (value: number | undefined, least: number, name: string): Effect.Effect<void> =>
  value === undefined || (Number.isSafeInteger(value) && value >= least)
    ? Effect.void
    : Effect.die(new RangeError(`${name} has to be a whole number from ${least} on, not ${value}`))

const limit = (value: number | undefined) => wholeNumber(value, 1, "limit")
const after = (value: number | undefined) => wholeNumber(value, -1, "after")

/** The port over what a store does: numbers are looked at before it sees them, and one append is a group of one. */
export const portOver = (store: Omit<typeof EventStore.Service, "append">): typeof EventStore.Service =>
  EventStore.of({
    ...store,
    append: (stream, events, expected) =>
      Effect.map(store.appendGroup([{ stream, events, expected }]), ([appended]) => appended!),
    readStream: (stream, options = {}) =>
      limit(options.limit).pipe(
        Effect.andThen(wholeNumber(options.from, 0, "from")),
        Effect.andThen(store.readStream(stream, options))
      ),
    readAll: (options = {}) =>
      limit(options.limit).pipe(Effect.andThen(after(options.after)), Effect.andThen(store.readAll(options))),
    subscribe: (options = {}) => Stream.unwrap(Effect.as(after(options.after), store.subscribe(options))),
    readLast: (count, options = {}) => Effect.andThen(limit(count), store.readLast(count, options)),
    readStored: (position, count) =>
      limit(count).pipe(Effect.andThen(after(position)), Effect.andThen(store.readStored(position, count))),
    truncate: (stream, before) => Effect.andThen(wholeNumber(before, 0, "before"), store.truncate(stream, before))
  })
